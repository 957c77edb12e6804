"""The value of a cell as the text of a field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import On, Undated
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_dates import WallTime
from alerts.deadlines.zone_words import read_zone_word
from alerts.interchange.cells import CASELESS, LISTS, split, undo_defuse
from alerts.interchange.tables.columns import DEADLINE_TIME, Columns, Midnight
from alerts.interchange.tables.date_formats import translate
from alerts.strict_yaml.text_fields import LONGEST_LINE, LONGEST_TEXT

TWELVE = re.compile(r"12:(\d\d)(?::00)? ?([ap])\.?m\.?", re.ASCII | re.IGNORECASE)
SERIAL = 10_000  # a larger number is a date that has lost its format, not a year
TIMED = re.compile(r"(\d{4}-\d\d-\d\d) +(\d\d:\d\d(?::\d\d)?)(?:\.0+)?", re.ASCII)  # as programs write it into CSV
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00(?::00(?:\.0+)?)?", re.ASCII)
DATED_MIDNIGHT = re.compile(r".*\d +0{1,2}:00(?::00)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class UnusableCell:
    """A cell that has no value, with the reason. It matters only in a column that is read."""

    reason: str


Cell = str | int | float | bool | date | datetime | time | UnusableCell | None


class CellError(InputError):
    """A problem of one cell. Cells with the same `question` need one answer; `value` is the text of the cell."""

    def __init__(self, message: str, *, question: str = "", value: str = "") -> None:
        super().__init__(message)
        self.question = question
        self.value = value


def is_blank(cell: Cell) -> bool:
    """Return whether a cell shows nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def value_of(name: str, cell: Cell, columns: Columns) -> str | list[str]:
    """Return a cell as the text of a field, or as a list if the field holds several. Raises CellError."""
    if isinstance(cell, UnusableCell):
        raise CellError(cell.reason)
    if name in ("deadline", "renews"):
        return deadline_of(cell, columns)
    text = undo_defuse(text_of(cell))
    if name == DEADLINE_TIME:
        return checked_time(" ".join(text.split()), columns.midnight)
    if name in LISTS:
        return split(text)
    if name != "note":  # only notes may have several lines
        text = re.sub(r"\s*\n\s*", " ", text.strip())
    if name == "timezone":
        with suppress(InputError):  # an abbreviation: the check of the entry says what could be meant
            return read_zone_word(text) or text
    return text.lower() if name in CASELESS else text


def deadline_of(cell: Cell, columns: Columns) -> str:
    """Return a cell as a deadline. Raises CellError, with a question where the file of `--columns` can answer it."""
    if isinstance(cell, UnusableCell):
        raise CellError(cell.reason)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and cell >= SERIAL:
        raise CellError(
            f"{text_of(cell)} is a number, perhaps a date that has lost its format: format the cell as a date",
            question="a number", value=text_of(cell),
        )  # fmt: skip
    if isinstance(cell, datetime) and cell.time() == time():
        return _at_midnight(cell.date(), str(cell)[:16], columns)
    text = re.sub(r"\s*\n\s*", " ", undo_defuse(text_of(cell)).strip())
    found = MIDNIGHT.fullmatch(text)
    if found and "T" not in text:
        return _at_midnight(date.fromisoformat(found[1]), text, columns)
    if timed := TIMED.fullmatch(text):
        return f"{timed[1]}T{timed[2]}"
    try:
        read = translate(text, columns.date_formats)
    except InputError as error:
        raise CellError(str(error), question="a date", value=text) from None
    if read != text and DATED_MIDNIGHT.fullmatch(text) and (found := MIDNIGHT.fullmatch(read)):
        return _at_midnight(date.fromisoformat(found[1]), text, columns)
    return read


def checked_time(text: str, midnight: Midnight | None) -> str:
    """Return a time of day as deadlines have it; empty for a midnight that means the day. Raises CellError.

    In a column of times 12:00 PM is noon, as programs write it. 12:00 AM is what `midnight` says.
    """
    if found := TWELVE.fullmatch(text):
        text = f"12:{found[1]}" if found[2].lower() == "p" else text
        if found[1] == "00" and found[2].lower() == "a":
            if midnight is None:
                raise CellError(
                    f"`{text}` is the day, or the instant at which it begins: say which with `midnight: day` or "
                    "`midnight: instant` (in the file of --columns)",
                    question="midnight", value=text,
                )  # fmt: skip
            return "" if midnight == "day" else "00:00"
    try:
        read = parse(f"2000-01-01 {text}")
    except InputError:
        read = None
    if not isinstance(read, On) or not isinstance(read.term, WallTime):
        raise CellError(f"`{text}` is no time of day: expected one such as 17:00 or 5 p.m.")
    return text


def at_time(deadline: str, clock: str) -> str:
    """Return a deadline with its time of day, unless there is no date."""
    with suppress(InputError):
        if isinstance(parse(deadline), Undated):
            return deadline
    return f"{deadline} {clock}"


def _at_midnight(day: date, text: str, columns: Columns) -> str:
    """Return a day that is shown with 00:00. Programs write days like that, too, so the file must say which it is."""
    match columns.midnight:
        case "day":
            return day.isoformat()
        case "instant":
            return f"{day}T00:00"
    raise CellError(
        f"`{text}` is the day, or the instant at which it begins: say which with `midnight: day` or "
        "`midnight: instant` (in the file of --columns)",
        question="midnight", value=text,
    )  # fmt: skip


def text_of(cell: Cell) -> str:
    """Return a cell as it is read, with line feeds for line breaks."""
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


def shortened(values: Mapping[str, str | list[str]]) -> dict[str, str | list[str]]:
    """Return values whose title and note are as long as they may be, and an assumption about what is shortened."""
    found = dict(values)
    for name, longest in (("title", LONGEST_LINE), ("note", LONGEST_TEXT)):
        text = values.get(name)
        if isinstance(text, str) and len(text) > longest:
            found[name] = text[: longest - 1].rstrip() + "…"
            stated = f"the {name} is shortened: in the table it has {len(text):,} characters"
            assumptions = found.get("assumptions", [])
            found["assumptions"] = [*(assumptions if isinstance(assumptions, list) else [assumptions]), stated]
    return found


def column_name(place: int) -> str:
    """Return the letters of a column, counted from 0: A, …, Z, AA."""
    letters, rest = "", place + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def filled(cells: Mapping[str, str | list[str]], defaults: Mapping[str, str | list[str]]) -> dict[str, str | list[str]]:
    """Return cells with the defaults for those that are empty."""
    return {**defaults, **{name: value for name, value in cells.items() if value}}
