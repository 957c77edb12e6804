"""Looks at a table and finds out what its columns mean, as far as can be seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import During
from alerts.deadlines.grammar import parse
from alerts.interchange.tables.cell_values import DATED_MIDNIGHT, SERIAL, TIMED, Cell, column_name, is_blank
from alerts.interchange.tables.date_formats import ISO, is_day_in_words, looks_like_date, readings
from alerts.interchange.tables.field_finder import NO_TITLE, find_fields, find_key_columns, letters, shown_text
from alerts.interchange.tables.heading_words import DATE_WORD, DONE_WORDS, FIELD_WORDS, OPEN_WORDS, STATUS_WORDS
from alerts.interchange.tables.table_rows import Row
from alerts.interchange.tables.undeclared import comparable

DAY_IN_WORDS = re.compile(r"(?=.*\b\d{4}\b).*\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)", re.ASCII)
DASHES = "-–—"
FEWEST_VALUES = 3  # that a row of a register has
HEADING_WITHIN = 30  # rows
LONGEST_HEADING = 60  # characters
MOST_STATUSES = 12  # different values that a column of states has


@dataclass(slots=True)
class FoundColumns:
    """What was found in a sheet. `headings` has the columns with their cells, in the order of the sheet.

    `header_row` is 0 where there are no headings: then they are the letters of the columns. `fields` are headings by
    field. `key_columns` together name each row, where no column does alone. `date_columns` hold dates. `formats` are
    those that the deadlines fit: one for all cells if there is one; `ambiguous` is a deadline that fits two of them.
    `blank` are texts for an empty cell. `sections` are rows of one cell, such as a title between the rows.
    """

    sheet: str
    header_row: int
    first_row: int
    rows: int = 0
    headings: dict[str, list[Cell]] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    date_columns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    ambiguous: str = ""
    midnight: str = ""
    sections: list[int] = field(default_factory=list)
    key_columns: tuple[str, ...] = ()
    status: str = ""
    statuses: dict[str, int] = field(default_factory=dict)
    blank: list[str] = field(default_factory=list)

    @property
    def is_register(self) -> bool:
        """Return whether it looks like a list of commitments."""
        return self.rows > 0 and "title" in self.fields and "deadline" in self.fields

    def cells(self, name: str) -> list[Cell]:
        """Return the cells of a field that are not empty."""
        return [one for one in self.headings[self.fields[name]] if not is_blank(one)]

    @property
    def done(self) -> list[str]:
        """Return the states that mean done."""
        return [one for one in self.statuses if comparable(one) in DONE_WORDS]


def find_columns(sheet: str, rows: Iterable[Row]) -> FoundColumns | None:
    """Return what the columns of a sheet mean; None if it has no row of headings."""
    filled = [(number, row) for number, row in rows if not all(is_blank(cell) for cell in row)]
    if not filled:
        return None
    at = max(range(min(len(filled), HEADING_WITHIN)), key=lambda one: (_heading_score(filled[one][1]), -one))
    number, headings = filled[at]
    if not _has_headings(filled[0][1], headings):
        number, headings, at = 0, [column_name(place) for place in range(max(len(row) for _, row in filled))], -1
    found = FoundColumns(sheet=sheet, header_row=number, first_row=filled[0][0], rows=len(filled) - at - 1)
    rows = filled[at + 1 :]
    if len([cell for cell in headings if not is_blank(cell)]) >= FEWEST_VALUES:
        found.sections = [number for number, row in rows if sum(1 for cell in row if not is_blank(cell)) == 1]
        rows = [(number, row) for number, row in rows if number not in found.sections]
        found.rows = len(rows)
    for place, cell in enumerate(headings):
        heading = " ".join(shown_text(cell).split())
        cells = [row[place] if place < len(row) else None for _, row in rows]
        if heading and heading not in found.headings and (number or not all(map(is_blank, cells))):
            found.headings[heading] = cells
    _find_dates(found)
    found.fields = find_fields(found.headings, found.date_columns)
    _find_status(found)
    if "key" not in found.fields:
        found.key_columns = find_key_columns(found.headings, found.date_columns, found.fields)
    mapped = (cell for heading in found.fields.values() for cell in found.headings[heading])
    found.blank = sorted({text for cell in mapped if (text := shown_text(cell).strip()) and not text.strip(DASHES)})
    if "deadline" in found.fields:
        _find_formats(found, found.cells("deadline"))
    return found if len(found.headings) > 1 else None


def _has_headings(first: Sequence[Cell], headings: Sequence[Cell]) -> bool:
    """Return whether a table has headings: none where the first row is values already, and no row has known words."""
    values = [cell for cell in first if not is_blank(cell)]
    is_data = len(values) >= FEWEST_VALUES and any(_is_date(cell) for cell in values)
    return not is_data or _known_words(headings) > 0


def _known_words(row: Sequence[Cell]) -> int:
    texts = [cell for cell in row if isinstance(cell, str) and cell.strip() and len(cell) <= LONGEST_HEADING]
    known = {word for words in FIELD_WORDS.values() for word in words} | set(STATUS_WORDS)
    return sum(1 for text in texts if letters(text) in known)


def _heading_score(row: Sequence[Cell]) -> int:
    """Return how much a row looks like headings: known words count most, values that are no headings against it."""
    texts = [cell for cell in row if isinstance(cell, str) and cell.strip() and len(cell) <= LONGEST_HEADING]
    others = sum(1 for cell in row if not is_blank(cell) and (not isinstance(cell, str) or _is_value(cell)))
    return 4 * _known_words(row) + len(set(texts)) - 3 * others


def _is_value(text: str) -> bool:
    """Return whether a text is a date, a number or an address, which no heading is."""
    return bool(NO_TITLE.match(text.strip())) or _is_date(text)


def _is_date(cell: Cell) -> bool:
    if isinstance(cell, str):
        text = cell.strip()
        return looks_like_date(text) or bool(ISO.match(text)) or _is_deadline(text)
    return isinstance(cell, date) or (isinstance(cell, int | float) and SERIAL <= cell <= 100_000)


def _is_deadline(text: str) -> bool:
    """Return whether a text is a deadline in words; only what has a year is read."""
    if len(text) > LONGEST_HEADING or not YEAR.search(text) or not re.search("[A-Za-z]", text):
        return False
    try:
        found = parse(text)
    except InputError:
        return False
    return not isinstance(found, During)


def _find_dates(found: FoundColumns) -> None:
    """Find the columns of which most cells are dates, or whose heading says so."""
    for heading, cells in found.headings.items():
        filled = [one for one in cells if not is_blank(one)]
        dates = sum(1 for one in filled if _is_date(one) and not isinstance(one, bool))
        if filled and (2 * dates > len(filled) or (dates and DATE_WORD.search(heading))):
            found.date_columns.append(heading)


def _find_status(found: FoundColumns) -> None:
    for heading, cells in found.headings.items():
        counts = Counter(" ".join(shown_text(one).split()) for one in cells if not is_blank(one))
        is_state = letters(heading) in STATUS_WORDS and 0 < len(counts) <= MOST_STATUSES
        if letters(heading) == "state":  # perhaps of a country
            is_state = is_state and any(
                word in DONE_WORDS | OPEN_WORDS for one in counts for word in one.lower().split()
            )
        if is_state and not found.status:
            found.status, found.statuses = heading, dict(counts.most_common())


def _find_formats(found: FoundColumns, cells: Sequence[Cell]) -> None:
    """Find the formats of dates that are text: the fewest that fit all, as far as they can be told apart."""
    written = dict.fromkeys(one.strip() for one in cells if isinstance(one, str))
    fits = {one: set(readings(one)) for one in written if looks_like_date(one) and not is_day_in_words(one)}
    midnight = [one for one in cells if isinstance(one, datetime) and one.time() == time()]
    texts = [one.strip() for one in cells if isinstance(one, str)]
    shown = [one for one in texts if (TIMED.fullmatch(one) and " 00:00" in one) or DATED_MIDNIGHT.fullmatch(one)]
    found.midnight = str(midnight[0])[:16] if midnight else shown[0] if shown else ""
    left = dict(fits)
    while left:
        count = Counter(one for each in left.values() for one in each)
        if not count:
            break
        best = max(count.values())
        found.formats += sorted(one for one in count if count[one] == best)
        left = {text: each for text, each in left.items() if not each & set(found.formats)}
    for text, each in fits.items():
        if len({readings(text)[one] for one in each & set(found.formats)}) > 1 and not found.ambiguous:
            found.ambiguous = text
