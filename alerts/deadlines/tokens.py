"""The tokens of a deadline, and a reader that says where it stopped."""

from __future__ import annotations

import re

from alerts.deadlines.errors import InputError

LONGEST = 5000  # characters, as written and as printed
TOKEN = re.compile(r"[();]|[^\s();]+")


class DeadlineError(InputError):
    """A deadline that cannot be read; names the column (1-based) where reading stopped."""


def printable(token: str) -> str:
    """A word as it may be printed: short, and without what a terminal would not show."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in token[:40])
