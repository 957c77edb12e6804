"""The tokens of a deadline, and a reader that names where it stopped."""

from __future__ import annotations

import re
from typing import NoReturn

from alerts.deadlines.errors import InputError

LONGEST = 5000  # characters, as written and as printed
TOKEN = re.compile(r"[();]|[^\s();]+")


class DeadlineError(InputError):
    """A deadline that cannot be read; names the column (1-based) where reading stopped."""


def printable(token: str) -> str:
    """Return a token as an error may show it: short, and without what a terminal would not show."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in token[:40])


class TokenReader:
    """Reads a text token by token, and names the column where it stopped."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(match.start(), match.group()) for match in TOKEN.finditer(text[: LONGEST + 1])]
        self.next = 0

    def expect(self, token: str, example: str) -> None:
        if self.peek() != token:
            self.fail(f"expected `{token}` as in `{example}`")
        self.take()

    def peek(self, ahead: int = 0) -> str:
        return self.column(ahead)[1].lower()

    def take(self) -> None:
        self.next += 1

    def column(self, ahead: int = 0) -> tuple[int, str]:
        """Return where a token begins (0-based), and the token; at the end of the text, an empty one."""
        place = self.next + ahead
        return self.tokens[place] if place < len(self.tokens) else (len(self.text), "")

    def fail(self, expected: str) -> NoReturn:
        place, token = self.column()
        found = f"found `{printable(token)}`" if token else "but the text ends there"
        raise DeadlineError(f"column {place + 1}: {expected}, {found}")
