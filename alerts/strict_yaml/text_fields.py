"""Types of text in entries: a key, a line, several lines, the name of a zone."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from alerts.deadlines.errors import InputError
from alerts.deadlines.keys import KEY, RESERVED_WORDS
from alerts.deadlines.zone_words import check_zone
from alerts.strict_yaml.validation import Text

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")  # all but tab and line feed
AROUND = re.compile(r"\A[\s\ufeff]+|[\s\ufeff]+\Z")  # U+FEFF begins files that are put together, and says nothing
LONGEST_LINE = 500
LONGEST_TEXT = 10_000


def trimmed(text: str) -> str:
    """Return a text without white space and byte order marks around it."""
    return AROUND.sub("", text)


def _checked_text(text: str) -> str:
    stripped = trimmed(text)
    if not stripped:
        raise InputError("is empty, expected text")
    if len(stripped) > LONGEST_TEXT:
        raise InputError(f"is longer than {LONGEST_TEXT:,} characters")
    if found := CONTROL.search(stripped):
        raise InputError(f"holds the control character U+{ord(found[0]):04X}: remove it")
    return stripped


def _line(text: str) -> str:
    line = _checked_text(text)
    if "\n" in line:
        raise InputError("has several lines, expected one (`>-` folds them)")
    if len(line) > LONGEST_LINE:
        raise InputError(f"is longer than {LONGEST_LINE} characters")
    return line


def _key(text: str) -> str:
    if not KEY.fullmatch(text):
        raise InputError("expected a key of up to 100 letters, digits, `.`, `_`, `-` and `@`, with a letter in it")
    if text.lower() in RESERVED_WORDS:
        raise InputError(f"`{text}` is a keyword of deadlines and cannot be a key")
    return text


@lru_cache(maxsize=1024)
def _zone_error(name: str) -> str | None:
    """Return the error for an unknown zone. Cached: a suggestion takes time, and files repeat the same mistake."""
    try:
        check_zone(name)
    except InputError as error:
        return str(error)
    return None


def _zone(name: str) -> str:
    if reason := _zone_error(name):
        raise InputError(reason)
    return name


Key = Annotated[Text, AfterValidator(_key)]
Line = Annotated[Text, AfterValidator(_line)]
Paragraphs = Annotated[Text, AfterValidator(_checked_text)]
Zone = Annotated[Text, AfterValidator(_zone)]
