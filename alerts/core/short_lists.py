"""Long lists in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 10


def few(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are: `a, b and 3 more`."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
