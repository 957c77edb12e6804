"""Commitments from a YAML or JSON file, read from front to back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from alerts.core.commitments import Commitment, Party, Source
from alerts.core.errors import InputError, did_you_mean
from alerts.documents import Places, Section, lines_of, stream
from alerts.interchange.entries import Entry, PartyEntry, SourceEntry

TOP = ("parties", "sources", "commitments")
MOST_LINES = 50
MOST_ERRORS = 500  # then the rest is not read: finding what is near to each wrong name takes its time
PROGRESS_EVERY = 1000

S = TypeVar("S", bound=Section)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed:
    """A commitment and the line of the file on which its entry begins."""

    commitment: Commitment
    path: str
    line: int

    @property
    def place(self) -> str:
        """`seeds/truce.yaml:12`."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class File:
    """What a commitments file holds, in its order."""

    parties: tuple[Party, ...]
    sources: tuple[Source, ...]
    entries: tuple[Placed, ...]


def read(
    path: Path,
    *,
    parties: Collection[str] = (),
    sources: Collection[str] = (),
    progress: Callable[[int], None] | None = None,
) -> File:
    """Read a file. Parties and sources may be declared after their use; see `alerts.interchange.read`."""
    reading = _Reading(str(path), progress or (lambda _: None))
    rest = ""
    try:
        for steps, value, places in stream(path, items="commitments"):
            reading.take(steps, value, places)
            if reading.wrong.more >= MOST_ERRORS - MOST_LINES:
                rest = "; the rest was not read"
                break
        else:
            reading.check_declared(parties, sources)
    except InputError as error:  # it cannot be read further; what was wrong before is said too
        reading.wrong.lines.append(str(error))
    reading.wrong.refuse(rest)
    reading.progress(len(reading.entries))
    return File(
        tuple(party for party, _ in reading.parties.values()),
        tuple(source for source, _ in reading.sources.values()),
        tuple(reading.entries.values()),
    )


@dataclass(slots=True)
class _Wrong:
    """Lines of errors: the first ones, and how many more there are."""

    lines: list[str] = field(default_factory=list)
    more: int = 0

    @property
    def full(self) -> bool:
        return len(self.lines) >= MOST_LINES

    def add(self, lines: Iterable[str]) -> None:
        for line in lines:
            if self.full:
                self.more += 1
            else:
                self.lines.append(line)

    def refuse(self, rest: str) -> None:
        """Raise InputError if anything is wrong; `rest` says what is not even known."""
        if self.lines:
            more = [f"and {self.more:,} more{rest}"] if self.more else []
            raise InputError("\n".join([*self.lines, *more]))


@dataclass(slots=True)
class _Reading:
    """What has been read of a file so far, and what is wrong with it."""

    path: str
    progress: Callable[[int], None]
    parties: dict[str, tuple[Party, int]] = field(default_factory=dict)
    sources: dict[str, tuple[Source, int]] = field(default_factory=dict)
    entries: dict[str, Placed] = field(default_factory=dict)
    wrong: _Wrong = field(default_factory=_Wrong)
    cited: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # (by, to or source; key) → places
    shared: dict[Any, Any] = field(default_factory=dict)  # values that many entries have; each is kept once

    def take(self, steps: tuple[str | int, ...], value: Any, places: Places) -> None:
        """Add a top-level value of the file, or one of its commitments."""
        match steps:
            case ("commitments", int()):
                self.add_commitment(value, places)
            case ("parties", *_):
                for entry, at in self.valid("parties", PartyEntry, value, places):
                    self.keep(self.parties, entry.key, (entry.party(), at), places.name)
            case ("sources", *_):
                for source, at in self.valid("sources", SourceEntry, value, places):
                    self.keep(self.sources, source.key, (source.source(), at), places.name)
            case ("commitments",):
                self.wrong.add([f"{places.at()}commitments: expected a list of `- key: …` entries"])
            case _:
                self.wrong.add([f'{places.at()}unknown key "{steps[0]}"{did_you_mean(str(steps[0]), TOP)}'])
        if self.entries and len(self.entries) % PROGRESS_EVERY == 0:
            self.progress(len(self.entries))

    def valid(self, name: str, model: type[S], value: Any, places: Places) -> list[tuple[S, int]]:
        """The elements of a list that are right, with their lines."""
        if not isinstance(value, list):
            self.wrong.add([f"{places.at()}{name}: expected a list of `- key: …` entries"])
            return []
        found = []
        for number, element in enumerate(value):
            entry = self.validated(model, element, places, (number,))
            if entry:
                found.append((entry, places.line((number,))))
        return found

    def validated(self, model: type[S], value: Any, places: Places, under: tuple[int, ...] = ()) -> S | None:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            if self.wrong.full:  # finding the words is slow where everything is wrong
                self.wrong.more += error.error_count()
            else:
                self.wrong.add(lines_of(error, model, places.at, under))
            return None

    def keep(self, known: dict[str, tuple[T, int]], key: str, value: tuple[T, int], name: str) -> None:
        if key in known:
            self.wrong.add([f'{name}:{value[1]}: the key "{key}" is there twice, first on line {known[key][1]}'])
        else:
            known[key] = value

    def add_commitment(self, value: Any, places: Places) -> None:
        entry = self.validated(Entry, value, places)
        if entry is None:
            return
        if first := self.entries.get(entry.key):
            line = places.at(("key",))
            self.wrong.add([f'{line}the key "{entry.key}" is there twice, first on line {first.line}'])
            return
        for word, keys in (("by", entry.by), ("to", entry.to)):
            for number, key in enumerate(keys):
                self.cite(word, key, places, (word, number))
        if entry.source:
            self.cite("source", entry.source.key, places, ("source", "key"))
        self.entries[entry.key] = Placed(entry.commitment(self.shared), self.path, places.line())

    def cite(self, word: str, key: str, places: Places, steps: tuple[str | int, ...]) -> None:
        """Remember a party or source that is not declared so far."""
        if key in (self.sources if word == "source" else self.parties):
            return
        found = self.cited.setdefault((word, key), [])
        if len(found) < MOST_LINES:
            found.append(places.at(steps))

    def check_declared(self, known_parties: Collection[str], known_sources: Collection[str]) -> None:
        """Find wrong each mention of a party or source that is declared nowhere."""
        parties = {*self.parties, *known_parties}
        sources = {*self.sources, *known_sources}
        for (word, key), places in self.cited.items():
            known, what, where = (sources, "source", "sources") if word == "source" else (parties, "party", "parties")
            if key not in known:
                missing = f'no {what} has the key "{key}": declare it under `{where}:`{did_you_mean(key, known)}'
                self.wrong.add(f"{place}{word}: {missing}" for place in places)
