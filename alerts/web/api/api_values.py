"""Values in the JSON of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer, StringConstraints

from alerts.deadlines.errors import InputError

LONGEST = 2000  # characters of a text


def _line(text: str) -> str:
    found = text.strip()
    if not found:
        raise InputError("is empty: state some text")
    if not found.isprintable():
        raise InputError("holds a line break or a control character: state it on one line")
    return found


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Line = Annotated[str, StringConstraints(strict=True, max_length=LONGEST), AfterValidator(_line)]
Utc = Annotated[datetime, PlainSerializer(_rfc3339, when_used="json")]
