"""The content of a commitments file, and its problems."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from alerts.core.commitments import Party, Person, Source
from alerts.deadlines.errors import InputError
from alerts.entry_spool import Entries, EntrySpool

MAX_ERROR_LINES = 50
MAX_PROBLEMS = 500  # then reading stops: the suggestions for wrong names take time


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The keys that a file may use without declaring them. No file may declare `people_in_settings`.

    A table may name those in `people_by_name` and `parties_by_name` in other ways, too. Entries are added
    to `spool`, as those of the file that is stored under the name `stored_as`. Messages call it `shown_as`, if that is
    given, and its path otherwise.
    """

    parties: Collection[str] = ()
    sources: Collection[str] = ()
    people: Collection[str] = ()
    people_in_settings: Collection[str] = ()
    people_by_name: Sequence[Person] = ()
    parties_by_name: Sequence[Party] = ()
    spool: EntrySpool = field(default_factory=EntrySpool)
    stored_as: str | None = None
    shown_as: str | None = None


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A problem on a line; `message` is the whole error line, with its place.

    `marked` has the cells of a table that it is about (`B17`, `Sheet!B17`, or `17` for a row), each with its own text.
    `key` is that of the entry of a calendar.
    """

    line: int
    message: str
    marked: tuple[tuple[str, str], ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class EndedEntry:
    """A commitment that is over according to the file: it is not tracked again.

    `withdrawn`: the file cancels it, with its `sequence`; of what recurs, perhaps only the occurrence that was
    `original` at that time (RFC 5546, section 3.2.5).
    """

    key: str
    place: str
    withdrawn: bool = False
    sequence: int = 0
    original: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What a file holds, in its order.

    `unread_keys` are keys in the file that have no entry because they are wrong or over. `left_out` are the entries of
    a calendar that cannot be loaded; the others can. `occurrences` are the keys of those that are one occurrence of a
    series, `depending` of those that depend on other commitments. `notes` list what else was left out.
    """

    path: str
    parties: tuple[Party, ...] = ()
    sources: tuple[Source, ...] = ()
    people: tuple[Person, ...] = ()
    entries: Entries = field(default_factory=lambda: Entries.of(()))
    problems: tuple[FileProblem, ...] = ()
    unread: bool = False
    unread_keys: frozenset[str] = frozenset()
    left_out: tuple[FileProblem, ...] = ()
    occurrences: frozenset[str] = frozenset()
    depending: frozenset[str] = frozenset()
    ended: tuple[EndedEntry, ...] = ()
    notes: tuple[str, ...] = ()


def refuse(problems: Iterable[FileProblem], *, unread: bool = False) -> None:
    """Raise InputError with the first problems and a count of the rest, if there are any."""
    lines = [problem.message for problem in problems]
    if not lines:
        return
    more = len(lines) - MAX_ERROR_LINES
    rest = "; the rest was not read" if unread else ""
    raise InputError("\n".join([*lines[:MAX_ERROR_LINES], *([f"and {more:,} more{rest}"] if more > 0 else [])]))


def in_line(problems: Iterable[FileProblem]) -> tuple[FileProblem, ...]:
    """Return the problems of one file, sorted by line."""
    return tuple(sorted(problems, key=lambda problem: problem.line))
