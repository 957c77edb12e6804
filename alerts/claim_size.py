"""How many deliveries a worker claims at once."""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 4  # times the first claim, at most
QUICK = 1.0  # seconds


@dataclass(slots=True)
class ClaimSize:
    """How many to claim for each connection: few at first, and more while what is claimed is sent within a second.

    A claim of many costs little more than one of few. But the first alert waits until all of a claim are rendered, and
    what a slow server keeps waiting is nobody else's.
    """

    _each: int = 0
    _filled_at: float | None = None  # when the last claim found as many as it asked for

    def next(self, at: float, first: int) -> int:
        """Return how many to claim now, `first` at first; `at` are seconds on a steady clock."""
        quick = self._filled_at is not None and at - self._filled_at <= QUICK
        self._each = min(2 * self._each, GROWTH * first) if quick else first
        return self._each

    def note(self, at: float, *, filled: bool) -> None:
        """Note whether a claim found as many as it asked for."""
        self._filled_at = at if filled else None
