"""Values in the JSON of the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, StringConstraints

from alerts.core.silences import read_time
from alerts.deadlines.errors import InputError

LONGEST = 2000  # characters of a text


def _line(text: str) -> str:
    found = text.strip()
    if not found:
        raise InputError("is empty: state some text")
    if not found.isprintable():
        raise InputError("holds a line break or a control character: state it on one line")
    return found


def _number(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"0|-?[1-9][0-9]{0,8}", value, re.ASCII):
        return int(value)
    raise InputError("expected a whole number such as 14")


def _yes_or_no(value: object) -> object:
    if value not in ("true", "false"):
        raise InputError("expected true or false")
    return value == "true"


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def time_of(field: str, text: str, zone: str, *, end: bool) -> datetime:
    """Read a time, or the start of a day in a zone; for an end, the end of that day. Raises InputError."""
    try:
        return read_time(text, zone, end=end)
    except InputError as error:
        raise InputError(f"{field}: {error}") from None


Line = Annotated[str, StringConstraints(strict=True, max_length=LONGEST), AfterValidator(_line)]
Number = Annotated[int, BeforeValidator(_number)]  # in an address
YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]  # in an address
Word = Annotated[str, StringConstraints(strict=True, max_length=200), AfterValidator(_line)]  # in an address
Cursor = Annotated[str, StringConstraints(strict=True, max_length=300), AfterValidator(_line)]
Utc = Annotated[datetime, PlainSerializer(_rfc3339, when_used="json")]
