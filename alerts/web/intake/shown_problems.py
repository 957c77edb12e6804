"""What is wrong with an upload, each with the rows or lines that have it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from alerts.deadlines.errors import InputError
from alerts.interchange import TABLES
from alerts.interchange.file_contents import FileProblem
from alerts.interchange.tables.cell_values import column_name, is_blank
from alerts.interchange.tables.field_finder import shown_text
from alerts.web.intake.import_values import ShownProblem, ShownRow
from alerts.web.intake.uploaded_columns import rows_of

MOST = 50
MOST_ROWS = 3  # of one problem
MOST_CELLS = 12  # of a row
SHOWN = 80  # characters of a cell
LINES = 4  # of a file that is no table
PLACE = re.compile(r"(?:(\d+)|([A-Z]{1,3})(\d+)): ")
CELL = re.compile(r"([A-Z]{0,3})(\d+)")
COMMAND = re.compile(r"`alerts (?:move|edit) [^`]*` first")
UNKNOWN_PERSON = re.compile(r'no person has the key (".*?"): declare them under `people:`')
# What the page has where commands have a file or an option.
ON_THE_PAGE = (
    (" (in the file of --columns)", " (under “Columns” below)"),
    ("; --columns FILE says what other headings mean, and `alerts columns` writes one", ""),
    ("say who is meant in the file of --columns (`owners: {TEXT: KEY}`), ", ""),
    ("in a YAML file that is loaded before or with this one", "in a YAML file that is uploaded first"),
)


def shown_problems(path: Path, problems: Sequence[FileProblem]) -> tuple[ShownProblem, ...]:
    """Return the first problems as a page shows them, each with its rows."""
    some = problems[:MOST]
    cells = [_cells(one) for one in some]
    wanted = {number for each in cells for number, _ in each}
    rows = _rows(path, wanted) if wanted else {}
    return tuple(
        _shown(path, one, [rows[number].marked(wrong) for number, wrong in each if number in rows])
        for one, each in zip(some, cells, strict=True)
    )


def on_the_page(text: str) -> str:
    """Return a text of a command as the page says it."""
    for of_command, of_page in ON_THE_PAGE:
        text = text.replace(of_command, of_page)
    text = COMMAND.sub("change it on its page first", text)
    return UNKNOWN_PERSON.sub(
        r"nobody here has the name or key \1: correct it, have the person added to the settings, or "
        "choose “Not read” for the column",
        text,
    )


def about_file(text: str, folder: Path) -> str:
    """Return a text about a file in a folder, with the place in it and without its name."""
    text = re.sub(rf"{re.escape(str(folder))}/register\.[a-z]+:?", "", text).strip()
    return on_the_page(f"the file {text}" if text.startswith(("is ", "has ", "unfolds ")) else text)


def _shown(path: Path, problem: FileProblem, rows: Sequence[ShownRow]) -> ShownProblem:
    text = about_file(problem.message, path.parent)
    found = PLACE.match(text)
    if not found:
        return ShownProblem(place="", text=text, rows=tuple(rows))
    what = "row" if path.suffix in TABLES else "line"
    place = f"{what} {found[1]}" if found[1] else f"cell {found[2]}{found[3]}"
    return ShownProblem(place=place, text=text[found.end() :], rows=tuple(rows))


def _cells(problem: FileProblem) -> list[tuple[int, frozenset[str]]]:
    """Return the rows that a problem is about, each with its wrong columns by letter."""
    found: dict[int, set[str]] = {}
    for mark, _ in problem.marked:
        if cell := CELL.fullmatch(mark.rpartition("!")[2]):
            found.setdefault(int(cell[2]), set()).add(cell[1])
    if not found and 0 < problem.line < sys.maxsize:
        found[problem.line] = set()
    return [(number, frozenset(wrong - {""})) for number, wrong in islice(found.items(), MOST_ROWS)]


class _Row:
    """A row with the headings of its columns."""

    def __init__(self, number: int, headings: Mapping[int, str], texts: Sequence[str]) -> None:
        self._number, self._headings, self._texts = number, headings, texts

    def marked(self, wrong: frozenset[str]) -> ShownRow:
        """Return the row as it is shown, with the cells that are wrong."""
        cells = [
            (self._headings.get(place, column_name(place)), _cut(text), column_name(place) in wrong)
            for place, text in enumerate(self._texts)
            if text or column_name(place) in wrong
        ]
        first = [one for one in cells if one[2]]
        kept = [one for one in cells if one[2] or len(first) + cells.index(one) < MOST_CELLS]
        return ShownRow(number=self._number, cells=tuple(kept[: 2 * MOST_CELLS]))


def _rows(path: Path, wanted: Iterable[int]) -> dict[int, _Row]:
    numbers, last = set(wanted), max(wanted)
    if path.suffix not in TABLES:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        shown = {number: "\n".join(lines[number - 1 : number - 1 + LINES]) for number in numbers}
        return {number: _Row(number, {0: ""}, [text]) for number, text in shown.items() if text}
    headings: dict[int, str] = {}
    found: dict[int, _Row] = {}
    with suppress(InputError):  # the file cannot be read beyond that row, which is one of the problems shown
        for number, row in rows_of(path):
            texts = [" ".join(shown_text(cell).split()) for cell in row]
            if not headings and sum(not is_blank(cell) for cell in row) > 1:
                headings = {place: text for place, text in enumerate(texts) if text}
            if number in numbers:
                found[number] = _Row(number, headings, texts)
            if number >= last:
                break
    return found


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN or "\n" in text else text[:SHOWN] + "…"
