"""Commitments from the rows of a table: its headings, its cells, and its problems by row and heading."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.cells import CASELESS, CITED, LISTS, REQUIRED, entry_of, split, undo_defuse
from alerts.interchange.columns import Columns, plain
from alerts.interchange.date_formats import translate
from alerts.interchange.entry_collector import Reading
from alerts.interchange.file_contents import File, Known
from alerts.strict_yaml.yaml_events import Steps

Cell = str | int | float | bool | date | datetime | time | None
Row = tuple[int, Sequence[Cell]]  # the row number in a spreadsheet (1-based), and its cells
LAST_LETTERED = 18_278  # columns: ZZZ
SERIAL = 10_000  # a larger number is a date that has lost its format, not a year


@dataclass(slots=True)
class Table:
    """A table that is being read."""

    path: str
    columns: Columns
    known: Known
    progress: Callable[[int], None]
    fields: dict[int, str] = field(default_factory=dict)  # by the index of the column, from 0
    headings: dict[str, str] = field(default_factory=dict)  # by field
    named: dict[int, str] = field(default_factory=dict)  # all headings, by the index of the column
    reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self.reading = Reading(self.path, self.known, self.progress, self.name)

    def name(self, steps: Steps) -> str:
        """Return the heading of a part of an entry."""
        first = str(steps[0]) if steps else ""
        if first == "source" and len(steps) > 1:
            first = next(column for column, part in CITED.items() if part == steps[1])
        return self.headings.get(first, first)

    def read(self, rows: Iterable[Row]) -> File:
        """Read all rows; the first that is not empty has the headings."""
        try:
            for number, row in rows:
                if all(cell is None or cell == "" or (isinstance(cell, str) and not cell.strip()) for cell in row):
                    continue
                if not self.named:
                    self._take_headings(number, row)
                else:
                    self._take(number, row)
                if self.reading.full:
                    return self.reading.file(whole=False)
        except InputError as error:
            self.reading.stopped_reading(str(error))
            return self.reading.file(whole=False)
        if not self.named:
            self.reading.stopped_reading(f"{self.path}: is empty, expected a row of headings")
        elif not self.reading.entries and not self.reading.problems:
            self.reading.stopped_reading(f"{self.path}: has headings and no rows")
        return self.reading.file()

    def _take_headings(self, number: int, row: Sequence[Cell]) -> None:
        """Match the headings to fields. Raises InputError with all problems in the headings."""
        errors = []
        for place, cell in enumerate(row):
            heading = " ".join(str(cell).split()) if cell is not None else ""
            if not heading:
                continue
            self.named[place] = heading
            name = self.columns.field_of(heading)
            if name in self.headings:
                errors.append(f'the heading "{heading}" is used twice')
            elif name:
                self.fields[place], self.headings[name] = name, heading
            elif not self.columns.headings:
                errors.append(self.columns.unknown(heading))
        for name in self.columns.headings or REQUIRED:
            if name in self.headings:
                continue
            heading = self.columns.heading(name)
            if self.columns.headings:
                near = did_you_mean(plain(heading), [plain(one) for one in self.named.values()])
                errors.append(f'no column has the heading "{heading}", which --columns names for {name}{near}')
            elif name == "key":
                errors.append("no column `key`: keys come from a column, never from the number of a row; "
                             "--columns FILE says which holds them (columns: {key: Ref no, …})")  # fmt: skip
            else:
                errors.append(f"no column `{name}`, and --columns does not say which holds it")
        if errors:
            raise InputError("\n".join(f"{self.path}:{number}: {one}" for one in errors))

    def _take(self, number: int, row: Sequence[Cell]) -> None:
        cells: dict[str, str | list[str]] = {}
        fine = True
        for place, cell in enumerate(row):
            if cell is None or (isinstance(cell, str) and not cell.strip()):
                continue
            if place not in self.fields:
                if place not in self.named:
                    self.reading.add_problem(
                        number, f"column {_column_name(place)} has a value and no heading: {_short(cell)}"
                    )
                    fine = False
                continue
            name = self.fields[place]
            try:
                cells[name] = self._value(name, cell)
            except InputError as error:
                self.reading.add_problem(number, f"{self.headings[name]}: {error}")
                fine = False
        for name in REQUIRED:
            if not cells.get(name) and fine:
                self.reading.add_problem(number, f"{self.headings[name]}: is empty, expected text")
                fine = False
        if fine:
            self.reading.take(entry_of(cells), lambda _: number)
        elif isinstance(key := cells.get("key"), str):
            self.reading.unread_keys.add(key)

    def _value(self, name: str, cell: Cell) -> str | list[str]:
        """Return a cell as text, or as a list if its column holds lists."""
        if name == "deadline" and isinstance(cell, int | float) and not isinstance(cell, bool) and cell >= SERIAL:
            raise InputError(
                f"{_text(cell)} is a number, perhaps a date that has lost its format: format the cell as a date"
            )
        text = undo_defuse(_text(cell))
        if name in LISTS:
            return split(text)
        if name != "note":  # only notes may have several lines
            text = re.sub(r"\s*\n\s*", " ", text.strip())
        if name == "deadline":
            return translate(text, self.columns.date_format)
        return text.lower() if name in CASELESS else text


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return str(cell).upper()
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.isoformat(timespec="seconds" if cell.second else "minutes")
        case date() | time():
            return cell.isoformat()
        case str():
            return cell.replace("\r\n", "\n").replace("\r", "\n")
    return str(cell)


def _column_name(place: int) -> str:
    """Return the letters of a column in a spreadsheet; its number beyond the last lettered column."""
    from openpyxl.utils import get_column_letter

    return get_column_letter(place + 1) if place < LAST_LETTERED else str(place + 1)


def _short(cell: Any) -> str:
    text = " ".join(str(cell).split())
    return f"`{text[:40]}{'…' if len(text) > 40 else ''}`"
