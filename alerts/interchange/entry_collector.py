"""The entries read from a file so far, and all its problems."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from alerts.core.changes import StatedCommitment
from alerts.core.commitments import Party, Person, Source
from alerts.deadlines.errors import did_you_mean
from alerts.entry_spool import Entries
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.interchange.file_contents import (
    MAX_ERROR_LINES,
    MAX_PROBLEMS,
    EndedEntry,
    File,
    FileProblem,
    Known,
    in_line,
)
from alerts.interchange.renewal_entries import RenewalError, expanded
from alerts.strict_yaml.validation import Section, problems_of
from alerts.strict_yaml.yaml_events import Steps

PROGRESS_EVERY = 1000
DECLARED_IN = {"parties": ("party", "it"), "sources": ("source", "it"), "people": ("person", "them")}

S = TypeVar("S", bound=Section)
T = TypeVar("T")
Lines = Callable[[Steps], int]  # returns the line of a part


@dataclass(slots=True)
class Reading:
    """A file that is being read. `name` returns the name of a part in that file if it is not the field name.

    `keeps_rest`: an entry that is wrong is left out, and the others are read all the same.
    """

    path: str
    known: Known
    progress: Callable[[int], None]
    name: Callable[[Steps], str] | None = None
    keeps_rest: bool = False
    parties: dict[str, tuple[Party, int]] = field(default_factory=dict)
    sources: dict[str, tuple[Source, int]] = field(default_factory=dict)
    people: dict[str, tuple[Person, int]] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)  # key → place in the spool
    problems: list[FileProblem] = field(default_factory=list)
    unread_keys: set[str] = field(default_factory=set)
    left_out: list[FileProblem] = field(default_factory=list)
    occurrences: set[str] = field(default_factory=set)
    depending: set[str] = field(default_factory=set)
    ended: list[EndedEntry] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    invalid_keys: dict[str, set[str]] = field(default_factory=dict)  # parties, sources and people with an error
    cited: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)  # (where, key) → lines
    shared: dict[Any, Any] = field(default_factory=dict)  # equal values of many entries; each is kept once

    @property
    def shown_as(self) -> str:
        """Return the name of the file in messages."""
        return self.known.shown_as or self.path

    @property
    def full(self) -> bool:
        """Return whether there are too many problems to read on."""
        return len(self.problems) >= MAX_PROBLEMS

    @property
    def has_anything(self) -> bool:
        """Return whether there was any entry, readable or not."""
        return bool(self.entries or self.problems or self.left_out or self.ended or self.notes)

    def leave_out(self, line: int, problem: str, key: str = "") -> None:
        """Record an entry that is left out."""
        self.left_out.append(FileProblem(line, f"{self.path}:{line}: {problem}", key=key))
        if key:
            self.unread_keys.add(key)

    def add_problem(self, line: int, problem: str, steps: Steps = ()) -> None:  # noqa: ARG002  # a table names the cell
        """Record a problem; `steps` lead to the part of the entry that has it."""
        self.problems.append(FileProblem(line, f"{self.path}:{line}: {problem}"))

    def stopped_reading(self, why: str) -> None:
        """Record that reading stopped; earlier problems are still reported."""
        self.problems.append(FileProblem(sys.maxsize, why))

    def validated(self, model: type[S], value: Any, line_of: Lines, under: Steps = ()) -> S | None:
        """Return a validated value, or None if it is wrong; its problems are recorded."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for steps, problem in problems_of(error, model, self.name):
                self.add_problem(line_of((*under, *steps)), problem, steps)
            return None

    def keep(self, known: dict[str, tuple[T, int]], key: str, value: T, line: int) -> None:
        """Add a party, a source or a person."""
        if key in known:
            self.add_problem(line, f'the key "{key}" is used twice, first on line {known[key][1]}')
        else:
            known[key] = (value, line)

    def take(self, value: Any, line_of: Lines, sequence: int | None = None) -> None:
        """Add a commitment entry, or what is wrong with it."""
        before = len(self.problems)
        self._take_all(value, line_of, sequence)
        if self.keeps_rest:
            key = str(value.get("key", ""))
            self.left_out += [replace(one, key=key) for one in self.problems[before:]]
            del self.problems[before:]

    def _take_all(self, value: Any, line_of: Lines, sequence: int | None) -> None:
        try:
            entries = expanded(value)
        except RenewalError as error:
            self.add_problem(line_of((error.field,)), str(error), (error.field,))
            if isinstance(value.get("key"), str):
                self.unread_keys |= {value["key"], f"{value['key']}-notice"}
            return
        for one in entries:
            self._take(one.value, lambda steps, one=one: line_of(one.steps(steps)), sequence)  # type: ignore[misc]

    def _take(self, value: Any, line_of: Lines, sequence: int | None) -> None:
        entry = self.validated(CommitmentEntry, value, line_of)
        if entry is None:
            if isinstance(value, dict) and isinstance(value.get("key"), str):
                self.unread_keys.add(value["key"])
            return
        if (place := self.entries.get(entry.key)) is not None:
            first = self.known.spool[place]
            if self.repeats(first, entry):
                return
            used = f'the key "{entry.key}" is used twice, first {self.describe_line(first)}'
            self.add_problem(line_of(("key",)), used, ("key",))
            return
        for noun, keys in (("by", entry.by), ("to", entry.to)):
            for number, key in enumerate(keys):
                self._cite("parties", key, (noun,), line_of((noun, number)))
        if entry.source:
            self._cite("sources", entry.source.key, ("source",), line_of(("source", "key")))
        for number, cited in enumerate(entry.sources):
            self._cite("sources", cited.key, ("sources",), line_of(("sources", number, "key")))
        if entry.owner:
            self._cite("people", entry.owner, ("owner",), line_of(("owner",)))
        line = line_of(())
        commitment = entry.commitment(self.shared)
        self.entries[commitment.key] = self.known.spool.add(
            StatedCommitment(
                commitment, self.place_of(line), line, file=self.known.stored_as, sequence=sequence, is_of_file=True
            )
        )
        if len(self.entries) % PROGRESS_EVERY == 0:
            self.progress(len(self.entries))

    def repeats(self, first: StatedCommitment, entry: CommitmentEntry) -> bool:  # noqa: ARG002  # a table may
        """Return whether an entry states the same again, and may be left out."""
        return False

    def place_of(self, line: int) -> str:
        """Return where an entry stands, for messages."""
        return f"{self.shown_as}:{line}"

    def describe_line(self, stated: StatedCommitment) -> str:
        """Return where an entry of this file stands, as part of a sentence."""
        return f"on line {stated.line}"

    def _cite(self, where: str, key: str, steps: Steps, line: int) -> None:
        """Record a use of a party, source or person that is not declared yet."""
        if key in getattr(self, where):
            return
        found = self.cited.setdefault((where, key), [])
        if len(found) < MAX_ERROR_LINES:
            found.append((line, self.name(steps) if self.name else str(steps[0])))

    def _check_declared(self) -> None:
        """Record a problem for each use of a party, source or person that is never declared."""
        known = {
            where: {*getattr(self, where), *getattr(self.known, where), *self.invalid_keys.get(where, ())}
            for where in DECLARED_IN
        }
        for (where, key), places in self.cited.items():
            if key not in known[where] and not self.full:
                what, it = DECLARED_IN[where]
                near = did_you_mean(key, known[where])
                for line, noun in places:
                    self.add_problem(
                        line, f'{noun}: no {what} has the key "{key}": declare {it} under `{where}:`{near}'
                    )

    def file(self, *, whole: bool = True) -> File:
        """Return what was read; `whole` is false if reading stopped early."""
        if whole:
            self._check_declared()
        self.progress(len(self.entries))
        return File(
            path=self.path,
            parties=tuple(party for party, _ in self.parties.values()),
            sources=tuple(source for source, _ in self.sources.values()),
            people=tuple(person for person, _ in self.people.values()),
            entries=Entries(self.known.spool, array("L", self.entries.values())),
            problems=in_line(self.problems),
            unread=not whole,
            unread_keys=frozenset(self.unread_keys),
            left_out=in_line(self.left_out),
            occurrences=frozenset(self.occurrences & self.entries.keys()),
            depending=frozenset(self.depending & self.entries.keys()),
            ended=tuple(self.ended),
            notes=tuple(self.notes),
        )
