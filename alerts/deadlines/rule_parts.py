"""The parts of a recurrence rule that are accepted (RFC 5545 §3.3.10), and their text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from alerts.deadlines.errors import InputError, did_you_mean

DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
         "SU": "Sunday"}  # fmt: skip
_WEEKDAY = "|".join(DAYS)
_ORDINALS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last"}
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
    "WKST": _WEEKDAY,
}
_LISTS = frozenset(name for name in _PARTS if name.startswith("BY"))
_RARELY = {"BYWEEKNO": ("YEARLY",), "BYYEARDAY": ("YEARLY",), "BYMONTHDAY": ("DAILY", "MONTHLY", "YEARLY")}
EXAMPLE = "expected a rule of RFC 5545 such as FREQ=MONTHLY;BYMONTHDAY=-1"


def weekday_in_words(text: str) -> str:
    count, day = text[:-2].lstrip("+"), DAYS[text[-2:]]
    return f"the {_ORDINALS.get(count, count + '.')} {day}" if count else day


def split_rule(text: str) -> dict[str, str]:
    """The parts of a rule by name. Raises InputError for what is none."""
    parts: dict[str, str] = {}
    for part in text.strip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in _PARTS:
            sub_daily = f"{name} is not read" if equals else f"`{part[:40]}` is not a part of a rule"
            raise InputError(f"{sub_daily}: {EXAMPLE}{did_you_mean(name, _PARTS)}")
        if name in parts:
            raise InputError(f"the rule says {name} twice")
        parts[name] = value
    return parts


def check_part(name: str, value: str) -> None:
    if name == "FREQ" and value in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise InputError(f"FREQ={value} is too often: a deadline comes again daily at most")
    for one in value.split(",") if name in _LISTS else [value]:
        if not re.fullmatch(_PARTS[name], one, re.ASCII):
            raise InputError(f"{name} cannot be {one[:40]!r}: {EXAMPLE}")


def check_together(parts: Mapping[str, str], *, timed: bool) -> None:
    freq = parts["FREQ"]
    if "COUNT" in parts and "UNTIL" in parts:
        raise InputError("the rule says both COUNT and UNTIL: RFC 5545 allows one of them")
    for name, allowed in _RARELY.items():
        if name in parts and freq not in allowed:
            raise InputError(f"{name} does not go with FREQ={freq} (RFC 5545, 3.3.10)")
    if re.search(r"\d", parts.get("BYDAY", "")) and (freq not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts):
        raise InputError(f"BYDAY={parts['BYDAY']} counts weekdays, which goes with FREQ=MONTHLY or YEARLY only")
    if "BYSETPOS" in parts and not (parts.keys() & (_LISTS - {"BYSETPOS"})):
        raise InputError("BYSETPOS needs another part that begins with BY")
    if not timed and parts.keys() & {"BYHOUR", "BYMINUTE"}:
        raise InputError("BYHOUR and BYMINUTE need a start with a time, such as 2025-11-30T09:00")
