"""Finds out which column of a table gives which field: by its heading, and by what its cells are like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import get_args
from unicodedata import normalize

from alerts.core.commitments import Priority
from alerts.deadlines.keys import KEY, RESERVED_WORDS
from alerts.interchange.tables.cell_values import Cell, CellError, UnusableCell, checked_time, is_blank, text_of
from alerts.interchange.tables.heading_words import END_WORD, FIELD_WORDS, OWNER_WORD, START_WORD
from alerts.strict_yaml.text_fields import LONGEST_LINE

Table = Mapping[str, Sequence[Cell]]  # the cells of each column, by heading
ADDRESS = re.compile("https?://", re.IGNORECASE)
NO_TITLE = re.compile(r"https?://|[+-]?[\d.,/ %$€£-]*\d[\d.,/ %$€£-]*$", re.IGNORECASE | re.ASCII)  # addresses, numbers
MOST_COMBINED = 10  # columns that are tried for a key
MOST_IN_KEY = 3  # columns
LONGEST_NUMBER = 60  # characters of what names a row
PRIORITIES = frozenset(get_args(Priority))


def find_fields(table: Table, date_columns: Sequence[str]) -> dict[str, str]:
    """Return the heading of each field that was found; each column gives one, but the title may also be the key."""
    fields = _by_heading(table, date_columns)
    if "deadline" not in fields and date_columns:
        fields["deadline"] = _deadline(date_columns)
    if "owner" not in fields and (owner := next((one for one in table if OWNER_WORD.search(one)), None)):
        fields["owner"] = owner
    others = [one for one in table if one not in {*fields.values(), *date_columns}]
    if "title" not in fields and (title := _title(table, others)):
        fields["title"] = title
    if "key" not in fields and (key := _key(table, others, fields.get("title"))):
        fields["key"] = key
    return dict(sorted(fields.items(), key=lambda pair: list(FIELD_WORDS).index(pair[0])))


def _by_heading(table: Table, date_columns: Sequence[str]) -> dict[str, str]:
    """Match headings to fields, the most telling words first."""
    by_letters = {letters(heading): heading for heading in reversed(list(table))}
    fields: dict[str, str] = {}
    for name, words in FIELD_WORDS.items():
        for word in words:
            heading = by_letters.get(word)
            if not heading or heading in fields.values() or (name == "deadline") < (heading in date_columns):
                continue
            if (name != "deadline" or heading in date_columns) and _fits(name, table[heading]):
                fields[name] = heading
                break
    return fields


def _fits(name: str, cells: Sequence[Cell]) -> bool:
    """Return whether cells can be what their heading says."""
    match name:
        case "key":
            return names_rows(cells)
        case "title":
            return _longest(cells) <= LONGEST_LINE
        case "deadline_time":
            return _are_times(cells)
        case "priority":
            return {shown_text(one).strip().lower() for one in cells if not is_blank(one)} <= PRIORITIES
    return True


def _deadline(date_columns: Sequence[str]) -> str:
    """Return the column that most looks like deadlines: what ends there, else what does not begin there."""
    ends = [one for one in date_columns if END_WORD.search(one)]
    return next(iter([*ends, *(one for one in date_columns if not START_WORD.search(one)), *date_columns]))


def _are_times(cells: Sequence[Cell]) -> bool:
    texts = [shown_text(one).strip() for one in cells if not is_blank(one)]
    for text in texts:
        try:
            checked_time(text, "instant")
        except CellError:
            return False
    return bool(texts)


def _title(table: Table, headings: Sequence[str]) -> str | None:
    """Return the column that most looks like titles: by its heading, by naming each row, or by its length."""
    fit = [one for one in headings if 0 < _longest(table[one]) <= LONGEST_LINE and not _are(table[one], NO_TITLE)]
    named = [one for one in fit if letters(one).endswith(("name", "title", "label"))]
    naming = [one for one in fit if names_rows(table[one]) and any(" " in shown_text(cell) for cell in table[one])]
    return max(named or naming or fit, key=lambda one: _average(table[one]), default=None)


def _key(table: Table, headings: Sequence[str], title: str | None) -> str | None:
    """Return a column that names each row: by the end of its heading, else the title, else the first."""
    numbered = [one for one in headings if letters(one).endswith(("id", "no", "ref", "number", "code"))]
    candidates = [*numbered, *([title] if title else []), *headings]
    return next((one for one in candidates if names_rows(table[one])), None)


def find_key_columns(table: Table, date_columns: Sequence[str], fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the fewest columns that together name each row: without dates if possible, as those move."""
    usual = [fields[name] for name in ("title", "deadline") if name in fields]
    short = [one for one in table if 0 < _longest(table[one]) <= LONGEST_LINE and not _are(table[one], ADDRESS)]
    steady = [one for one in short if one not in date_columns and one != fields.get("note")][:MOST_COMBINED]
    for headings in (steady, list(dict.fromkeys([*usual, *steady]))):
        for count in range(2, MOST_IN_KEY + 1):
            for some in combinations(headings, count):
                if _name_rows_together([table[one] for one in some]):
                    return some
    return tuple(usual)


def _name_rows_together(columns: Sequence[Sequence[Cell]]) -> bool:
    rows = [tuple(shown_text(cell).strip() for cell in row) for row in zip(*columns, strict=True)]
    filled = [row for row in rows if any(row)]
    return len(filled) == len(rows) == len(set(rows))


def names_rows(cells: Sequence[Cell]) -> bool:
    """Return whether cells are short and no two of them the same."""
    texts = [text for one in cells if (text := shown_text(one).strip())]
    return bool(texts) and len(set(texts)) == len(texts) and max(map(len, texts)) <= LONGEST_NUMBER


def are_keys(cells: Sequence[Cell]) -> bool:
    """Return whether all cells are keys."""
    texts = [text for one in cells if (text := shown_text(one).strip())]
    return all(KEY.fullmatch(one) and one.lower() not in RESERVED_WORDS for one in texts)


def letters(heading: str) -> str:
    """Return the letters and digits of a heading, in small letters and without accents."""
    return re.sub(r"[^a-z0-9]", "", normalize("NFKD", heading).casefold())


def shown_text(cell: Cell) -> str:
    """Return the text of a cell; empty for one without a value."""
    return "" if cell is None or isinstance(cell, UnusableCell) else text_of(cell)


def _longest(cells: Sequence[Cell]) -> int:
    return max((len(one) for one in cells if isinstance(one, str)), default=0)


def _are(cells: Sequence[Cell], pattern: re.Pattern[str]) -> bool:
    """Return whether most texts match a pattern."""
    texts = [one for one in cells if isinstance(one, str) and one.strip()]
    return 2 * sum(1 for one in texts if pattern.match(one.strip())) > len(texts)


def _average(cells: Sequence[Cell]) -> float:
    texts = [one for one in cells if isinstance(one, str) and one.strip()]
    return sum(map(len, texts)) / len(texts) if texts else 0
