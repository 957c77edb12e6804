"""Reads dates as spreadsheets write them, by a declared format. It never guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import On
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_dates import CivilDay, WallTime
from alerts.deadlines.wording import MONTH_NAMES

PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MMM": r"(?P<name>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
}
LETTERS = re.compile("YYYY|YY|MMM|MM|DD")
CLOCK = r"(?:[T ]\s*(?P<clock>\d{1,2}:\d\d(?::\d\d)?))?"
LOOKS = re.compile(
    rf"(?:\d{{1,4}}|[A-Za-z]{{3}})(?P<mark>[/. -]+)(?:\d{{1,2}}|[A-Za-z]{{3}})[/., -]+\d{{1,4}}{CLOCK}", re.ASCII
)
DAY_IN_WORDS = re.compile(r"(?=.*\b\d{4}\b).*\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", re.IGNORECASE)
LONGEST_DAY = 40  # characters
MONTH = re.compile(r"\d{1,2}[/.-]\d{4}", re.ASCII)  # 03/2027
ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
ORDERS = ("DD MM YYYY", "MM DD YYYY", "YYYY MM DD", "DD MM YY", "MM DD YY", "YY MM DD", "DD MMM YYYY", "DD MMM YY",
          "MMM DD YYYY", "MMM DD YY")  # fmt: skip


def check_format(text: str) -> str:
    """Return a date format if it is valid. Raises InputError."""
    parts = sorted(LETTERS.findall(text))
    rest = LETTERS.sub("", text)
    kinds = {part[0] for part in parts}
    one_each = kinds in ({*"DMY"}, {*"MY"}) and len(kinds) == len(parts)
    if not one_each or not re.fullmatch(r"[/.,\- ]*", rest):
        raise InputError(
            f"`{text}` is not a date format: expected DD, MM or MMM, and YYYY or YY, as in DD/MM/YYYY, or MM/YYYY for "
            "a month"
        )
    return text


@lru_cache(maxsize=64)
def _pattern(date_format: str) -> re.Pattern[str]:
    pieces = re.split(f"({LETTERS.pattern})", date_format)
    return re.compile("".join(PARTS.get(piece) or re.escape(piece) for piece in pieces) + CLOCK, re.ASCII)


def _read(text: str, date_format: str) -> tuple[date, str] | None:
    """Return the day and the time of day (or "") of a text in a format; None if it does not match."""
    found = _pattern(date_format).fullmatch(text)
    if not found:
        return None
    parts = found.groupdict()
    try:
        name = parts.get("name")
        month = [month[:3].lower() for month in MONTH_NAMES].index(name.lower()) + 1 if name else int(parts["month"])
        year = int(parts["year"]) if "year" in parts else 2000 + int(parts["short"])
        return date(year, month, int(parts.get("day") or 1)), parts["clock"] or ""
    except ValueError:
        return None


def translate(text: str, date_formats: Sequence[str]) -> str:
    """Return the date of a cell as deadlines write it. Text that is no date is returned as it is.

    Two-digit years are those from 2000 to 2099, MMM the first three letters of an English month. Raises InputError for
    a date in no declared format, or in two that differ, and shows how it can be read.
    """
    found = {one: read for one in date_formats if (read := _read(text, one))}
    if len(set(found.values())) > 1:
        meanings = " or ".join(f"{_day_in_words(day)} ({one})" for one, (day, _) in found.items())
        raise InputError(f"`{text}` fits two of the declared `date_formats`: {meanings}: write it as 2025-11-10")
    if found:
        date_format, (day, clock) = next(iter(found.items()))
        if "DD" not in date_format:
            return f"{day:%Y-%m}"
        return f"{day}T{clock:0>5}" if len(clock) < 6 and clock else f"{day}T{clock:0>8}" if clock else str(day)
    if not looks_like_date(text) or is_day_in_words(text):
        return text
    if date_formats:
        which = f"as {date_formats[0]}" if len(date_formats) == 1 else f"in one of {', '.join(date_formats)}"
        raise InputError(f"`{text}` is not a date written {which}, the declared `date_formats`")
    formats = readings(text)
    if not formats:
        raise InputError(f"`{text}` is not a real date: write it as 2025-11-10")
    days = list(dict.fromkeys(_in_words(one, day) for one, day in formats.items()))
    message = f"`{text}`: {' or '.join(days)}: say {'so' if len(days) == 1 else 'which'} with date_formats: "
    choice = f"{' or '.join(f'[{quoted(one)}]' for one in formats)} (in the file of --columns)"
    raise InputError(f"{message}{choice}, or write it as {_iso(formats)}" if len(days) == 1 else message + choice)


def looks_like_date(text: str) -> bool:
    """Return whether a text is written like a date, and not as 2025-11-10."""
    return bool(LOOKS.fullmatch(text) or MONTH.fullmatch(text)) and not ISO.match(text)


def is_day_in_words(text: str) -> bool:
    """Return whether a text is a day such as `March 3, 2020`, or a time on one; only what may be one is read."""
    if len(text) > LONGEST_DAY or not DAY_IN_WORDS.search(text):
        return False
    try:
        found = parse(text)
    except InputError:
        return False
    return isinstance(found, On) and isinstance(found.term, CivilDay | WallTime)


def quoted(date_format: str) -> str:
    """Return a format as YAML has it in a list."""
    return f'"{date_format}"' if "," in date_format else date_format


def readings(text: str) -> dict[str, date]:
    """Return the formats in which a text is a date, with that date."""
    return dict(_readings(text))


def _readings(text: str) -> Iterator[tuple[str, date]]:
    """Yield the formats in which a text is a date, with that date."""
    if MONTH.fullmatch(text):
        date_format = f"MM{text[-5]}YYYY"
        if found := _read(text, date_format):
            yield date_format, found[0]
        return
    marks = re.findall(r"[/., -]+", re.sub(CLOCK + "$", "", text))
    for order in ORDERS:
        one, two, three = order.split()
        date_format = f"{one}{marks[0]}{two}{marks[1]}{three}"
        if found := _read(text, date_format):
            yield date_format, found[0]


def _iso(formats: dict[str, date]) -> str:
    date_format, day = next(iter(formats.items()))
    return str(day) if "DD" in date_format else f"{day:%Y-%m}"


def _in_words(date_format: str, day: date) -> str:
    return _day_in_words(day) if "DD" in date_format else f"{MONTH_NAMES[day.month - 1]} {day.year}"


def _day_in_words(day: date) -> str:
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"
