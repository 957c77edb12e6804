"""Parties and sources as people type them: those that are known, by key or name, and those that are new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerts.core.commitments import Party, Source
from alerts.deadlines.errors import did_you_mean
from alerts.interchange.tables.undeclared import comparable, key_for
from alerts.interchange.tables.yaml_parts import slug
from alerts.interchange.uid_keys import key_of

MOST_TRIED = 1000  # keys that another name may have taken
ADDRESS = ("https://", "http://")


@dataclass(slots=True)
class NamedParties:
    """Finds the keys of parties that a form names, and collects those that nobody has declared yet."""

    known: Mapping[str, Party]
    new: dict[str, Party] = field(default_factory=dict)

    def keys(self, text: str) -> list[str]:
        """Return the keys of parties that are named with `;` between them."""
        return [self._key(" ".join(one.split())) for one in text.split(";") if one.strip()]

    def _key(self, name: str) -> str:
        everybody = {**self.known, **self.new}
        if name in everybody:
            return name
        for party in everybody.values():
            if comparable(party.name) == comparable(name):
                return party.key
        key = free_key(key_for(name), everybody)
        self.new[key] = Party(key=key, name=name)
        return key

    @property
    def notes(self) -> list[str]:
        """Return a line for each party that is new, with the nearest that is known."""
        names = [party.name for party in self.known.values()]
        return [_new("party", party.name, names) for party in self.new.values()]


def named_source(text: str, known: Mapping[str, Source]) -> tuple[str, Source | None]:
    """Return the key of the source that a form names, and the source where nobody has declared it yet."""
    name = " ".join(text.split())
    if name in known:
        return name, None
    for source in known.values():
        if comparable(name) in (comparable(source.title), comparable(source.url or "")):
            return source.key, None
    is_address = name.lower().startswith(ADDRESS)
    stem = slug(name.partition("://")[2] if is_address else name)
    key = free_key(key_of(stem or name), known)
    return key, Source(key=key, title=name, url=name if is_address else None)


def new_source_note(source: Source, known: Mapping[str, Source]) -> str:
    """Return a line about a source that is new."""
    return _new("source", source.title, [one.title for one in known.values()])


def free_key(key: str, taken: Iterable[str]) -> str:
    """Return a key that nothing has: the wanted one, or that with a number."""
    taken = set(taken)
    return next(one for one in (key, *(f"{key}-{number}" for number in range(2, MOST_TRIED))) if one not in taken)


def _new(what: str, name: str, known: list[str]) -> str:
    near = did_you_mean(name, known)
    return f"New {what}: {name}" + (near if "did you mean" in near else "")
