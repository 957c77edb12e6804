"""Long lists in one line of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

MOST_NAMED = 10


class Counted(Sequence[str]):
    """The first of many names, and how many there are: `len` counts those that are not named, too."""

    def __init__(self, first: Sequence[str], count: int) -> None:
        self._first, self._count = first, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._first[index]


def few(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are: `a, b and 3 more`."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
