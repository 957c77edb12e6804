"""Problems of cells, grouped: the same problem in many cells is one line, with the cells that have it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from alerts.interchange.file_contents import FileProblem
from alerts.interchange.tables.cell_values import column_name
from alerts.interchange.tables.date_formats import quoted, readings

MOST_NAMED = 8  # cells, or runs of cells, in one line
FEW = 2  # this many problems of a kind are listed one by one
USED_TWICE = re.compile(r"the key (\".*\") is used twice, first in row \d+$")
QUESTION = {
    "midnight": "say whether that is the day or the instant at which it begins: `midnight: day` or `midnight: instant` "
    "(in the file of --columns)",
    "a number": "perhaps dates that have lost their format: format the cells as dates",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CellProblem:
    """A problem in a row, or in one of its cells: `place` counts the columns from 0.

    `question` and `value` are those of a `CellError`.
    """

    row: int
    place: int | None = None
    heading: str = ""
    message: str
    question: str = ""
    value: str = ""

    @property
    def cell(self) -> str:
        """The name of the cell, or of the row."""
        return f"{column_name(self.place)}{self.row}" if self.place is not None else str(self.row)

    @property
    def whole(self) -> str:
        """The message with its heading."""
        return f"{self.heading}: {self.message}" if self.heading else self.message


def file_problems(path: str, sheet: str, problems: Iterable[CellProblem]) -> list[FileProblem]:
    """Return a problem for each group; `sheet` goes before the cells if it is not empty."""
    groups: dict[object, list[CellProblem]] = {}
    for one in problems:
        groups.setdefault((one.heading, one.question or USED_TWICE.sub("twice", one.message)), []).append(one)
    prefix = f"{sheet}!" if sheet else ""
    found = []
    for some in groups.values():
        if len(some) > FEW:
            found.append(line_for(path, prefix, some[0], _grouped(some), also=some[1:]))
        else:
            found += [line_for(path, prefix, one, one.whole) for one in some]
    return found


def line_for(path: str, prefix: str, one: CellProblem, text: str, also: Sequence[CellProblem] = ()) -> FileProblem:
    """Return the problem of one cell, with the cells and the messages that it stands for."""
    marked = [(f"{prefix}{each.cell}", each.whole) for each in (one, *also)]
    return FileProblem(one.row, f"{path}:{prefix}{one.cell}: {text}", marked=tuple(marked))


def _grouped(some: Sequence[CellProblem]) -> str:
    """Return the text for a problem that several cells have."""
    first, cells = some[0], _cells(some)
    if match := USED_TWICE.match(first.message):
        return f"{first.heading}: {len(some)} rows have a key that another row has ({cells}): the first is {match[1]}"
    match first.question:
        case "":
            return f"{first.whole} (and {len(some) - 1} more: {_cells(some[1:])})"
        case "a date":
            return f"{first.heading}: {len(some)} cells hold dates such as `{first.value}` ({cells}): {_formats(some)}"
        case "midnight":
            lead = f"{len(some)} cells show a day at 00:00, such as `{first.value}` ({cells})"
            return f"{first.heading}: {lead}: {QUESTION['midnight']}"
        case "a number":
            lead = f"{len(some)} cells hold numbers such as {first.value} ({cells})"
            return f"{first.heading}: {lead}: {QUESTION['a number']}"
    return f"{first.whole} (and {len(some) - 1} more: {_cells(some[1:])})"


def _formats(some: Sequence[CellProblem]) -> str:
    """Return which date formats the cells fit: one for all of them if there is one, else those for each kind."""
    fit = [set(readings(one.value)) for one in some]
    for_all = sorted(set.intersection(*fit))
    if for_all:
        which = " or ".join(f"[{quoted(one)}]" for one in for_all)
        return f"say {'so' if len(for_all) == 1 else 'which'} with date_formats: {which} (in the file of --columns)"
    count = Counter(one for each in fit for one in each)
    listed = ", ".join(f"{one} ({count[one]} cells)" for one in sorted(count, key=lambda one: (-count[one], one)))
    none = [one.cell for one, each in zip(some, fit, strict=True) if not each]
    rest = f"; no date: {', '.join(none[:MOST_NAMED])}" if none else ""
    return f"say in which formats with date_formats (in the file of --columns); they fit {listed}{rest}"


def _cells(some: Sequence[CellProblem]) -> str:
    """Return the names of cells, with runs of rows in short form: `B17, B20–B31`."""
    runs = []
    ordered = sorted(some, key=lambda one: (one.place if one.place is not None else -1, one.row))
    for _, grouped in groupby(enumerate(ordered), key=lambda pair: (pair[1].place, pair[1].row - pair[0])):
        run = [one for _, one in grouped]
        runs.append(run[0].cell if len(run) == 1 else f"{run[0].cell}–{run[-1].cell}")
    more = len(runs) - MOST_NAMED
    return ", ".join(runs[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
