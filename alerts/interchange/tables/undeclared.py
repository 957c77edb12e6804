"""People, parties and sources that a table names and nobody has declared: one problem for all, with what to write."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.core.commitments import Party, Person
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.tables.cell_problems import FEW, CellProblem
from alerts.interchange.tables.columns import OwnerBy
from alerts.interchange.tables.yaml_parts import slug, yaml_value
from alerts.interchange.uid_keys import key_of

ALIASES = "say who is meant in the file of --columns (`owners: {TEXT: KEY}`), "
MOST_DECLARED = 40
NOUNS = {
    "people": ("person", "people", "them"),
    "parties": ("party", "parties", "it"),
    "sources": ("source", "sources", "it"),
}


@dataclass(slots=True)
class Names:
    """The people and parties that a table can name by their names or addresses."""

    people: Sequence[Person]
    parties: Sequence[Party]
    _people: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    _parties: dict[str, list[str]] = field(default_factory=dict)

    def owner(self, text: str, by: OwnerBy) -> str | None:
        """Return the key of the person that a cell names; None if nobody is. Raises InputError if two are."""
        if by == "key":
            return text
        if by not in self._people:
            named: dict[str, list[str]] = {}
            for one in self.people:
                named.setdefault(comparable(one.name if by == "name" else one.email), []).append(one.key)
            self._people[by] = named
        return _only(self._people[by].get(comparable(text), ()), text, "people")

    def party(self, text: str) -> str | None:
        """Return the key of the party that has this name; None if none has. Raises InputError if two have."""
        if not self._parties:
            for one in self.parties:
                self._parties.setdefault(comparable(one.name), []).append(one.key)
        return _only(self._parties.get(comparable(text), ()), text, "parties")


def _only(keys: Collection[str], text: str, what: str) -> str | None:
    if len(keys) > 1:
        raise InputError(f"`{text}` names two {what}, {' and '.join(sorted(keys))}: write the key")
    return next(iter(keys), None)


def comparable(text: str) -> str:
    """Return a text as it is compared: without case, and with single spaces."""
    return " ".join(text.split()).casefold()


def key_for(name: str) -> str:
    """Return a key for somebody's name: `Zoë Müller-Lüdenscheidt` becomes `zoe-muller-ludenscheidt`."""
    return key_of(slug(name.partition("@")[0]) or name)


def describe_undeclared(
    where: str, named: Mapping[str, Sequence[CellProblem]], known: Collection[str], by: OwnerBy
) -> str | None:
    """Return one text for all cells that name somebody unknown; None if they are few, and better listed.

    `named` has the cells for each text; `where` is "people", "parties" or "sources".
    """
    cells = sum(map(len, named.values()))
    if cells <= FEW:
        return None
    one, several, it = NOUNS[where]
    ordered = sorted(named.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:MOST_DECLARED]
    listed = "; ".join(f"{text} ({_count(some)}{_near(text, known) if by == 'key' else ''})" for text, some in ordered)
    more = f"; and {len(named) - MOST_DECLARED} more" if len(named) > MOST_DECLARED else ""
    declarations = "\n".join(f"    {_declaration(where, text, by)}" for text, _ in ordered)
    several, it = (several, "them") if len(named) > 1 else (one, it)
    aliases = ALIASES if where == "people" and by != "key" else ""
    return (
        f"{cells} cells name {len(named)} {several} not declared: {listed}{more}. Correct "
        f"the cells, {aliases}or declare {it} in a YAML file that is loaded before or with this one:\n"
        f"    {where}:\n{declarations}"
    )


def _count(some: Sequence[CellProblem]) -> str:
    return some[0].cell if len(some) == 1 else f"{len(some)} cells, first {some[0].cell}"


def _near(text: str, known: Collection[str]) -> str:
    near = did_you_mean(text, known)
    return near if "did you mean" in near else ""


def _declaration(where: str, text: str, by: OwnerBy) -> str:
    key, name = (text, text) if by == "key" or where != "people" else (key_for(text), text)
    if where == "parties":
        return f"- {{key: {yaml_value(key_for(text))}, name: {yaml_value(text)}}}"
    if where == "sources":
        return f"- {{key: {yaml_value(key)}, title: …}}"
    if by == "email":
        name = key.replace("-", " ").title()
        return f"- {{key: {yaml_value(key)}, name: {yaml_value(name)}, email: {text}}}"
    return f"- {{key: {yaml_value(key)}, name: {yaml_value(name)}, email: …}}"
