"""The tokens of a deadline, and a reader that names where it stopped."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Generic, NoReturn, TypeVar

from alerts.deadlines.errors import InputError

T = TypeVar("T")

LONGEST = 5000  # characters, as written and as printed
TOKEN = re.compile(r"[();]|,(?![^\s();])|(?:[^\s();,]|,(?=[^\s();]))+")  # a comma that ends a token is one itself


class DeadlineError(InputError):
    """A deadline that cannot be read; names the column (1-based) where reading stopped."""


def printable(token: str) -> str:
    """Return a token as an error may show it: short, and without what a terminal would not show."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in token[:40])


class Phrases(Generic[T]):
    """Phrases of one word or more, each with its meaning."""

    def __init__(self, table: Mapping[str, T]) -> None:
        self.by_first_word: dict[str, list[tuple[list[str], T]]] = {}
        for phrase in sorted(table, key=lambda phrase: -len(phrase.split())):
            words = phrase.split()
            self.by_first_word.setdefault(words[0], []).append((words, table[phrase]))

    @classmethod
    def any_of(cls, phrases: Iterable[str]) -> Phrases[str]:
        """Return phrases that each mean themselves."""
        return Phrases({phrase: phrase for phrase in phrases})


class TokenReader:
    """Reads a text token by token, and names the column where it stopped."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [(match.start(), match.group()) for match in TOKEN.finditer(text[: LONGEST + 1])]
        self.words = [token.lower().removesuffix(".") for _, token in self.tokens]
        self.next = 0

    def expect(self, token: str, example: str) -> None:
        if self.peek() != token:
            self.fail(f"expected `{token}` as in `{example}`")
        self.take()

    def peek(self, ahead: int = 0) -> str:
        return self.column(ahead)[1].lower()

    def word(self, ahead: int = 0) -> str:
        """Return a token in lower case, without the full stop of an abbreviation."""
        place = self.next + ahead
        return self.words[place] if place < len(self.words) else ""

    def take(self, count: int = 1) -> None:
        self.next += count

    def take_one(self, words: Container[str]) -> bool:
        """Read a token if it is one of some words."""
        found = self.word() in words and bool(self.word())
        self.next += found
        return found

    def phrase(self, phrases: Phrases[T], ahead: int = 0) -> tuple[T, int] | None:
        """Return what the longest phrase that stands here means, and its number of tokens."""
        place = self.next + ahead
        found = phrases.by_first_word.get(self.words[place]) if place < len(self.words) else None
        for words, meaning in found or ():
            if self.words[place : place + len(words)] == words:
                return meaning, len(words)
        return None

    def take_phrase(self, phrases: Phrases[T]) -> T | None:
        """Read the longest phrase that stands here, and return what it means."""
        found = self.phrase(phrases)
        if found is None:
            return None
        self.take(found[1])
        return found[0]

    def column(self, ahead: int = 0) -> tuple[int, str]:
        """Return where a token begins (0-based), and the token; at the end of the text, an empty one."""
        place = self.next + ahead
        return self.tokens[place] if place < len(self.tokens) else (len(self.text), "")

    def written(self, count: int) -> str:
        """Return the next tokens as they are written, fit to be shown."""
        return printable(" ".join(token for _, token in self.tokens[self.next : self.next + count]))

    def fail(self, expected: str) -> NoReturn:
        place, token = self.column()
        found = f"found `{printable(token)}`" if token else "but the text ends there"
        raise DeadlineError(f"column {place + 1}: {expected}, {found}")

    def refuse(self, reason: str, place: int | None = None) -> NoReturn:
        """Raise the error for a text that is understood, and cannot be used."""
        raise DeadlineError(f"column {(self.column()[0] if place is None else place) + 1}: {reason}")
