"""How many requests a second are begun: those beyond wait for their turn, so that no flood slows sending."""

from __future__ import annotations

RATE = 100.0  # requests a second
BURST = 20  # requests that begin at once after a quiet time


class Pace:
    """Gives each request its turn. For one thread."""

    def __init__(self) -> None:
        self._next = float("-inf")  # when the turn after the last one is, if nothing is saved up

    def wait(self, now: float) -> float:
        """Take the next turn, and return in how many seconds it is. Both are of a clock that never goes back."""
        turn = max(self._next, now - (BURST - 1) / RATE)
        self._next = turn + 1 / RATE
        return max(turn - now, 0.0)
