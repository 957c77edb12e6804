"""What the columns of a table mean. Without a file of `--columns`, the headings are the names of the fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from alerts.deadlines.errors import did_you_mean
from alerts.interchange.cells import READ

DEADLINE_TIME = "deadline_time"  # a column that has the time of day of the deadline, and is no field
OwnerBy = Literal["key", "name", "email"]
Midnight = Literal["day", "instant"]


@dataclass(frozen=True, slots=True)
class KeyColumns:
    """The columns that a key is made from: their values joined by `-`, or a hash of them."""

    headings: tuple[str, ...]
    prefix: str = ""
    hashed: bool = False


@dataclass(frozen=True, slots=True)
class DateColumn:
    """One of several date columns: each cell in it becomes a commitment of its own.

    `suffix` ends its key; in `title`, `{title}` stands for the title of the row.
    """

    heading: str
    suffix: str
    title: str
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """How one sheet is read. `headings` are by field; all fields have their own names if there are none.

    `header_row` and `skip_rows` count from 1, as a spreadsheet shows them. Without headings (`header_row` is 0)
    columns are named by their letters. Rows whose status is in `done` are over.
    Cells in `blank` are empty. `midnight` decides what a cell means that shows a day at 00:00.
    """

    headings: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    header_row: int | None = None
    skip_rows: tuple[range, ...] = ()
    date_formats: tuple[str, ...] = ()
    midnight: Midnight | None = None
    status: str | None = None
    done: frozenset[str] = frozenset()
    owner_by: OwnerBy = "key"
    owners: Mapping[str, str] = field(default_factory=dict)  # the key of a person, by the comparable text of a cell
    blank: frozenset[str] = frozenset()
    defaults: Mapping[str, str | list[str]] = field(default_factory=dict)
    key_from: KeyColumns | None = None
    dates: tuple[DateColumn, ...] = ()

    @property
    def are_mapped(self) -> bool:
        """Return whether other columns than those that are named are left out."""
        return bool(self.headings)

    def fields_of(self, heading: str) -> tuple[str, ...]:
        """Return the fields that a column gives."""
        named = self.headings or {name: name for name in READ}
        return tuple(name for name, one in named.items() if plain(one) == plain(heading))

    def wanted(self) -> list[str]:
        """Return all headings that are needed, each once."""
        more = [*(self.key_from.headings if self.key_from else ()), *(one.heading for one in self.dates)]
        return _each_once([*(self.headings.values() or READ), *more, *([self.status] if self.status else [])])

    def is_skipped(self, number: int) -> bool:
        """Return whether a row is left out."""
        return any(number in some for some in self.skip_rows) or number < (self.header_row or 1)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a file is read: each sheet, and the encoding of a CSV file (found out if it is not stated)."""

    sheets: tuple[Columns, ...] = (Columns(),)
    encoding: str | None = None
    file: str = ""  # that states it


def plain(heading: str) -> str:
    """Return a heading without case, spaces and underscores, which do not matter."""
    return re.sub(r"[\s_]+", "", heading).casefold()


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the end of an error line: the nearest known heading, as it is written."""
    near = did_you_mean(plain(name), [plain(one) for one in known])
    for one in known:
        near = near.replace(f"'{plain(one)}'", f"'{one}'")
    return near


def _each_once(headings: Iterable[str]) -> list[str]:
    return list({plain(one): one for one in headings}.values())
