"""Errors in what a user wrote, each in one line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """Something that a user wrote cannot be used; the text is one line fit to be shown as it is."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of an error line: the nearest known name, or all of them if they are few."""
    choices = sorted(known)
    near = get_close_matches(name, choices, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    if choices and len(choices) <= 12:
        return f"; known: {', '.join(choices)}"
    return ""
