"""What has been read of a file so far, entry by entry, and all that is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from alerts.core.commitments import Party, Person, Source
from alerts.core.errors import did_you_mean
from alerts.documents import Section, Steps, wrongs_of
from alerts.interchange.entries import Entry
from alerts.interchange.files import MOST_FAULTS, MOST_LINES, Ended, Fault, File, Known, Placed, in_line

PROGRESS_EVERY = 1000
DECLARED = {"parties": ("party", "it"), "sources": ("source", "it"), "people": ("person", "them")}

S = TypeVar("S", bound=Section)
T = TypeVar("T")
Lines = Callable[[Steps], int]  # the line of a part


@dataclass(slots=True)
class Reading:
    """A file that is being read. `name` says how a part of an entry is called there, if not as its field."""

    path: str
    known: Known
    progress: Callable[[int], None]
    name: Callable[[Steps], str] | None = None
    parties: dict[str, tuple[Party, int]] = field(default_factory=dict)
    sources: dict[str, tuple[Source, int]] = field(default_factory=dict)
    people: dict[str, tuple[Person, int]] = field(default_factory=dict)
    entries: dict[str, Placed] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    besides: set[str] = field(default_factory=set)
    ended: list[Ended] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wrong_keys: dict[str, set[str]] = field(default_factory=dict)  # of parties, sources and people that are wrong
    cited: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)  # (where, key) → lines
    shared: dict[Any, Any] = field(default_factory=dict)  # values that many entries have; each is kept once

    @property
    def full(self) -> bool:
        """Whether so much is wrong that reading on is of no use."""
        return len(self.faults) >= MOST_FAULTS

    def fault(self, line: int, wrong: str) -> None:
        self.faults.append(Fault(line, f"{self.path}:{line}: {wrong}"))

    def broken_off(self, said: str) -> None:
        """Note that it cannot be read further; what was wrong before is said too."""
        self.faults.append(Fault(sys.maxsize, said))

    def validated(self, model: type[S], value: Any, line_of: Lines, under: Steps = ()) -> S | None:
        """A value in the shape of its model, or None where it is wrong, which is noted."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for steps, wrong in wrongs_of(error, model, self.name):
                self.fault(line_of((*under, *steps)), wrong)
            return None

    def keep(self, known: dict[str, tuple[T, int]], key: str, value: T, line: int) -> None:
        """Add a party, a source or a person."""
        if key in known:
            self.fault(line, f'the key "{key}" is there twice, first on line {known[key][1]}')
        else:
            known[key] = (value, line)

    def take(self, value: Any, line_of: Lines, sequence: int | None = None) -> None:
        """Add a commitment as it is written."""
        entry = self.validated(Entry, value, line_of)
        if entry is None:
            if isinstance(value, dict) and isinstance(value.get("key"), str):
                self.besides.add(value["key"])
            return
        if first := self.entries.get(entry.key):
            self.fault(line_of(("key",)), f'the key "{entry.key}" is there twice, first on line {first.line}')
            return
        for word, keys in (("by", entry.by), ("to", entry.to)):
            for number, key in enumerate(keys):
                self._cite("parties", key, (word,), line_of((word, number)))
        if entry.source:
            self._cite("sources", entry.source.key, ("source",), line_of(("source", "key")))
        for number, cited in enumerate(entry.sources):
            self._cite("sources", cited.key, ("sources",), line_of(("sources", number, "key")))
        if entry.owner:
            self._cite("people", entry.owner, ("owner",), line_of(("owner",)))
        self.entries[entry.key] = Placed(entry.commitment(self.shared), self.path, line_of(()), sequence)
        if len(self.entries) % PROGRESS_EVERY == 0:
            self.progress(len(self.entries))

    def _cite(self, where: str, key: str, steps: Steps, line: int) -> None:
        """Remember a party, source or person that is not declared so far."""
        if key in getattr(self, where):
            return
        found = self.cited.setdefault((where, key), [])
        if len(found) < MOST_LINES:
            found.append((line, self.name(steps) if self.name else str(steps[0])))

    def _check_declared(self) -> None:
        """Find wrong each mention of a party, source or person that is declared nowhere."""
        known = {
            where: {*getattr(self, where), *getattr(self.known, where), *self.wrong_keys.get(where, ())}
            for where in DECLARED
        }
        for (where, key), places in self.cited.items():
            if key not in known[where] and not self.full:
                what, it = DECLARED[where]
                near = did_you_mean(key, known[where])
                for line, word in places:
                    self.fault(line, f'{word}: no {what} has the key "{key}": declare {it} under `{where}:`{near}')

    def file(self, *, whole: bool = True) -> File:
        """What was read; `whole` says whether all of it was."""
        if whole:
            self._check_declared()
        self.progress(len(self.entries))
        return File(
            path=self.path,
            parties=tuple(party for party, _ in self.parties.values()),
            sources=tuple(source for source, _ in self.sources.values()),
            people=tuple(person for person, _ in self.people.values()),
            entries=tuple(self.entries.values()),
            faults=in_line(self.faults),
            unread=not whole,
            besides=frozenset(self.besides),
            ended=tuple(self.ended),
            notes=tuple(self.notes),
        )
