"""The renewal of a row: from its cells and from `defaults`, which may say how often where a cell has the date."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every, On
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_dates import CivilDay
from alerts.interchange.renewal_entries import SHORTHAND

Values = Mapping[str, str | list[str]]
SOME_START = "2000-01-01"


def with_renewal(values: Values, stated: Values, defaults: Values) -> dict[str, str | list[str]]:
    """Return the values of a row with a deadline or a renewal: no default stands next to what the row states.

    `stated` are its cells.
    """
    found = dict(values)
    if "renews" not in found or ("deadline" in stated and "renews" not in stated):
        for name in SHORTHAND:
            if name not in stated:
                found.pop(name, None)
        return found
    if "deadline" not in stated:
        found.pop("deadline", None)
    how_often, date = defaults.get("renews"), stated.get("renews")
    if how_often and date and _is_day(str(date)) and is_series(series := f"{how_often} from {date}"):
        found["renews"] = series
    return found


def is_how_often(text: str) -> bool:
    """Return whether a text says how often something recurs, with its start or without: `every year`."""
    return is_series(text) or is_series(f"{text} from {SOME_START}")


def is_series(text: str) -> bool:
    """Return whether a text states a series with its start."""
    try:
        return isinstance(parse(text), Every)
    except InputError:
        return False


def _is_day(text: str) -> bool:
    try:
        found = parse(text)
    except InputError:
        return False
    return isinstance(found, On) and isinstance(found.term, CivilDay)
