"""The parts of a recurrence rule that are accepted (RFC 5545 §3.3.10), and their text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.wording import MONTH_NAMES

DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
         "SU": "Sunday"}  # fmt: skip
_WEEKDAY = "|".join(DAYS)
_ORDINALS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
QUARTER_STARTS, QUARTER_ENDS = "1,4,7,10", "3,6,9,12"
FREQUENCIES = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_PARTS = {
    "FREQ": "|".join(FREQUENCIES),
    "INTERVAL": r"[1-9]\d{0,3}",
    "COUNT": r"[1-9]\d{0,4}",
    "UNTIL": r"\d{8}(?:T\d{6}Z?)?",
    "BYDAY": rf"(?:[+-]?[1-9]\d?)?(?:{_WEEKDAY})",
    "BYMONTHDAY": r"[+-]?(?:[1-9]|[12]\d|3[01])",
    "BYYEARDAY": r"[+-]?(?:[1-9]\d?|[12]\d\d|3[0-5]\d|36[0-6])",
    "BYWEEKNO": r"[+-]?(?:[1-9]|[1-4]\d|5[0-3])",
    "BYMONTH": r"[1-9]|1[0-2]",
    "BYSETPOS": r"[+-]?(?:[1-9]\d?|[12]\d\d|3[0-5]\d|36[0-6])",
    "BYHOUR": r"1?\d|2[0-3]",
    "BYMINUTE": r"[1-5]?\d",
    "BYSECOND": r"[1-5]?\d",
    "WKST": _WEEKDAY,
}
_LISTS = frozenset(name for name in _PARTS if name.startswith("BY"))
CLOCK_PARTS = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_RARELY = {"BYWEEKNO": ("YEARLY",), "BYYEARDAY": ("YEARLY",), "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY")}
EXAMPLE = "expected a rule of RFC 5545 such as FREQ=MONTHLY;BYMONTHDAY=-1"


def split_rule(text: str) -> dict[str, str]:
    """Return the parts of a rule by name. Raises InputError for an unknown part."""
    parts: dict[str, str] = {}
    for part in text.strip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in _PARTS:
            sub_daily = f"{name} is not read" if equals else f"`{part[:40]}` is not a part of a rule"
            raise InputError(f"{sub_daily}: {EXAMPLE}{did_you_mean(name, _PARTS)}")
        if name in parts:
            raise InputError(f"the rule has {name} twice")
        parts[name] = value
    return parts


def check_part(name: str, value: str) -> None:
    if name == "FREQ" and value in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise InputError(f"FREQ={value} is too frequent: a deadline recurs once a day at most")
    for one in value.split(",") if name in _LISTS else [value]:
        if not re.fullmatch(_PARTS[name], one, re.ASCII):
            raise InputError(f"{name} cannot be {one[:40]!r}: {EXAMPLE}")


def check_together(parts: Mapping[str, str], *, timed: bool) -> None:
    freq = parts["FREQ"]
    if "COUNT" in parts and "UNTIL" in parts:
        raise InputError("the rule has both COUNT and UNTIL: RFC 5545 allows one of them")
    for name, allowed in _RARELY.items():
        if name in parts and freq not in allowed:
            raise InputError(f"{name} does not go with FREQ={freq} (RFC 5545, 3.3.10)")
    if re.search(r"\d", parts.get("BYDAY", "")) and (freq not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise InputError(f"BYDAY={parts['BYDAY']} counts weekdays, which goes with FREQ=MONTHLY or YEARLY only")
    if "BYSETPOS" in parts and not (parts.keys() & (_LISTS - {"BYSETPOS"})):
        raise InputError("BYSETPOS needs another part that begins with BY")
    if not timed and parts.keys() & CLOCK_PARTS:
        raise InputError("BYHOUR and BYMINUTE need a start with a time, such as 2025-11-30T09:00")


def is_month_of_start(parts: Mapping[str, str]) -> bool:
    """Return whether a rule of years states a day of the month and leaves the month to its start (RFC 5545, 3.3.10)."""
    others = parts.keys() & {"BYMONTH", "BYDAY", "BYWEEKNO", "BYYEARDAY"}
    return parts["FREQ"] == "YEARLY" and "BYMONTHDAY" in parts and not others


def without_end(rule: str) -> str:
    """Return a rule without its COUNT or UNTIL."""
    return ";".join(part for part in rule.split(";") if not part.startswith(("COUNT=", "UNTIL=")))


def keep_to_month_ends(rule: str, start: date) -> str:
    """Return a rule that has its day in each month and year, also where that of its start does not exist.

    There it is the last day before it, as everywhere where months are added; RFC 5545 leaves such a month out.
    """
    parts = split_rule(rule)
    if any(name in _LISTS for name in parts):
        return rule
    if parts["FREQ"] == "MONTHLY" and start.day == 31:
        return f"{rule};BYMONTHDAY=-1"
    if parts["FREQ"] == "MONTHLY" and start.day > 28:
        return f"{rule};BYMONTHDAY={','.join(map(str, range(28, start.day + 1)))};BYSETPOS=-1"
    if parts["FREQ"] == "YEARLY" and (start.month, start.day) == (2, 29):
        return f"{rule};BYMONTH=2;BYMONTHDAY=-1"
    return rule


def describe_rule(rule: str, start: date | datetime | None) -> str:
    """Describe a rule for people: `every month on the last day`, `every 2 weeks on Monday and Friday`.

    Without a start, which may be the date of another commitment, it is what the rule alone says.
    """
    parts = split_rule(rule)
    if start and is_month_of_start(parts):
        parts = parts | {"BYMONTH": str(start.month)}
    if text := _describe_day_of_year(parts):
        return text + _describe_times(parts, start) + _describe_end(parts)
    if _keeps_to_month_ends(parts):
        day = _numeral(int(parts["BYMONTHDAY"].split(",")[-1]))
        days = f" on the {day}, or the last day of a month without it"
        return _describe_interval(parts) + days + _describe_end(parts)
    ends = _describe_choice(parts) + _describe_times(parts, start) + _describe_end(parts)
    return _describe_interval(parts) + _describe_days(parts) + ends


def _describe_day_of_year(parts: Mapping[str, str]) -> str | None:
    """Describe one day of one month, or the last day of each quarter: `every year on 31 March`; None for others."""
    if parts["FREQ"] != "YEARLY" or parts.keys() & {"BYSETPOS", "BYWEEKNO", "BYYEARDAY"}:
        return None
    months, dates, weekdays = (_values(parts, name) for name in ("BYMONTH", "BYMONTHDAY", "BYDAY"))
    if parts.get("BYMONTH") == QUARTER_ENDS and dates == ["-1"] and not weekdays and "INTERVAL" not in parts:
        return "every quarter on the last day"
    if len(months) != 1 or len(dates) + len(weekdays) != 1:
        return None
    month = MONTH_NAMES[int(months[0]) - 1]
    if dates and int(dates[0]) > 0:
        return f"{_describe_interval(parts)} on {int(dates[0])} {month}"
    if dates:
        return f"{_describe_interval(parts)} on the {_ordinal(int(dates[0]))} day of {month}"
    if len(weekdays[0]) == 2:
        return None
    return f"{_describe_interval(parts)} on {_describe_weekday(weekdays[0])} of {month}"


def _keeps_to_month_ends(parts: Mapping[str, str]) -> bool:
    """Return whether a rule means a day of each month or, where there is none, the last before it."""
    days = parts.get("BYMONTHDAY", "").split(",")
    others = parts.keys() - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTHDAY", "BYSETPOS"}
    in_a_row = days == list(map(str, range(28, 28 + len(days)))) and len(days) > 1
    return in_a_row and parts.get("BYSETPOS") == "-1" and parts["FREQ"] == "MONTHLY" and not others


def describe_months(rule: str, place: int) -> str:
    """Describe a business day by its place in the months of a rule: `every quarter on the third business day`."""
    parts = split_rule(rule)
    months, day = parts.get("BYMONTH", ""), f" on the {_ordinal(place)} business day"
    interval = int(parts.get("INTERVAL", "1"))
    if interval == 1 and months == (QUARTER_ENDS if place < 0 else QUARTER_STARTS):
        return f"every quarter{day}{_describe_end(parts)}"
    if months:
        day += f" of {_join([MONTH_NAMES[int(month) - 1] for month in months.split(',')])}"
    return _describe_interval(parts) + day + _describe_end(parts)


def explain_rule(rule: str) -> str:
    """Describe a rule as the stored explanation of bounds does.

    Another text here would make a recompute rewrite the bounds of everything that recurs.
    """
    parts = split_rule(rule)
    details = [_explain_part(name, value) for name, value in parts.items() if name not in ("FREQ", "INTERVAL", "WKST")]
    return _describe_interval(parts) + (f" ({', '.join(details)})" if details else "")


def _explain_part(name: str, value: str) -> str:
    match name:
        case "BYDAY":
            return "on " + ", ".join(_explain_weekday(day) for day in value.split(","))
        case "BYMONTHDAY":
            return "on " + ", ".join("the last day" if day == "-1" else f"day {day}" for day in value.split(","))
        case "UNTIL":
            return f"until {value[:4]}-{value[4:6]}-{value[6:8]}"
        case "COUNT":
            return f"{value} times"
    return f"{name}={value}"


def _explain_weekday(text: str) -> str:
    number, day = text[:-2].lstrip("+"), DAYS[text[-2:]]
    return f"the {_ORDINALS.get(number, number + '.')} {day}" if number else day


def _describe_interval(parts: Mapping[str, str]) -> str:
    unit, count = FREQUENCIES[parts["FREQ"]], int(parts.get("INTERVAL", "1"))
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _describe_days(parts: Mapping[str, str]) -> str:
    weekdays = [_describe_weekday(day) for day in _values(parts, "BYDAY")]
    dates = [_describe_date(int(day), "") for day in _values(parts, "BYMONTHDAY")]
    dates += [_describe_date(int(day), " of the year", "day ") for day in _values(parts, "BYYEARDAY")]
    text = f" on {_join(dates or weekdays)}" if dates or weekdays else ""
    if dates and weekdays:
        text += f" if it is {_join(weekdays, 'or')}"
    if weeks := _values(parts, "BYWEEKNO"):
        text += f" in {_join([_describe_week(int(week)) for week in weeks])}"
    if months := _values(parts, "BYMONTH"):
        text += f" in {_join([MONTH_NAMES[int(month) - 1] for month in months])}"
    return text


def _describe_date(day: int, of: str, prefix: str = "") -> str:
    """Return `the 15th`, or counted from the end `the last day`; of a year, `day 100 of the year`."""
    if day < 0:
        return f"the {_ordinal(day)} day{of}"
    return f"{prefix}{day}{of}" if prefix else f"the {_numeral(day)}{of}"


def _describe_weekday(text: str) -> str:
    number, day = text[:-2], DAYS[text[-2:]]
    return f"the {_ordinal(int(number))} {day}" if number else day


def _describe_week(week: int) -> str:
    return f"week {week}" if week > 0 else f"the {_ordinal(week)} week"


def _describe_choice(parts: Mapping[str, str]) -> str:
    chosen = [_ordinal(int(position)) for position in _values(parts, "BYSETPOS")]
    return f" (only the {_join(chosen)} of these days)" if chosen else ""


def _describe_times(parts: Mapping[str, str], start: date | datetime | None) -> str:
    if not isinstance(start, datetime) or not parts.keys() & CLOCK_PARTS:
        return ""
    hours = [int(hour) for hour in _values(parts, "BYHOUR")] or [start.hour]
    minutes = [int(minute) for minute in _values(parts, "BYMINUTE")] or [start.minute]
    clocks = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
    if seconds := _values(parts, "BYSECOND"):
        clocks = [f"{clock}:{int(second):02}" for clock in clocks for second in seconds]
    return f" at {_join(clocks)}"


def _describe_end(parts: Mapping[str, str]) -> str:
    if "COUNT" in parts:
        return ", once" if parts["COUNT"] == "1" else f", {parts['COUNT']} times"
    if "UNTIL" not in parts:
        return ""
    last = parts["UNTIL"]
    return f" until {int(last[6:8])} {MONTH_NAMES[int(last[4:6]) - 1]} {last[:4]}"


def _ordinal(number: int) -> str:
    """Write a position: `first`, `12th`, `last`, `second-to-last`."""
    if number == -1:
        return "last"
    text = _ORDINALS.get(str(abs(number)), _numeral(abs(number)))
    return text if number > 0 else f"{text}-to-last"


def _numeral(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def _join(texts: Sequence[str], conjunction: str = "and") -> str:
    """Join texts into a list: `Monday, Tuesday and Friday`."""
    return f"{', '.join(texts[:-1])} {conjunction} {texts[-1]}" if len(texts) > 1 else "".join(texts)


def _values(parts: Mapping[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []
