"""How fast a channel may send: its rate limit as a token bucket, and a slower pace where its server asks for less.

Times are seconds on a clock that never steps.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Literal, Self

from alerts.deadlines.errors import InputError

Unit = Literal["s", "min", "h"]
SECONDS: dict[str, int] = {"s": 1, "min": 60, "h": 3600}
MOST = 10_000  # of a unit: more than a channel can send in a second, so no limit
RATE = re.compile(r"([1-9][0-9]{0,4})/(s|min|h)", re.ASCII)
EXPECTED = f"expected how many messages at most, such as 1/s, 30/min or 100/h (up to {MOST}), or `none`"

FIRST_SLOWED = 10.0  # a second, at most: about what is right is found from here within seconds
SLOWEST = 1 / 60  # a second; what takes nothing at this pace is out, and then has its breaker
UNLIMITED = 100.0  # a second: a slowed channel without a rate of its own is at full speed again
RECOVERS_AFTER = 60.0  # seconds without a refusal: then twice as many are tried; mail servers count by the minute


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in each unit of time."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rate such as 30/min. Raises InputError, which does not repeat the text."""
        found = RATE.fullmatch(text)
        if found is None or int(found[1]) > MOST:
            raise InputError(EXPECTED)
        return cls(int(found[1]), "s" if found[2] == "s" else "min" if found[2] == "min" else "h")

    @property
    def per_second(self) -> float:
        """Return how many messages a second that is."""
        return self.count / SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.count}/{self.unit}"


@dataclass(slots=True)
class Pace:
    """A token bucket: `burst` messages may go at once, and then `rate`; without a rate there is no limit.

    A server that refuses for a limit of its own halves it. After each minute in which the server took what it got it
    doubles, until it is back at the rate. `slowed`: messages a second meanwhile, one at a time.
    """

    rate: Rate | None = None
    burst: int = 1
    slowed: float | None = None
    _tokens: float = field(default=0.0, init=False)
    _at: float = field(default=-math.inf, init=False)  # never: the bucket is full at first
    _changed_at: float = field(default=0.0, init=False)

    def room(self, at: float) -> float:
        """Return how many messages may go now; infinity if there is no limit."""
        per_second = self._per_second
        if per_second is None:
            return math.inf
        self._tokens = min(1 if self.slowed else self.burst, self._tokens + (at - self._at) * per_second)
        self._at = at
        return math.floor(self._tokens + 1e-6)  # what is missing after a wait is an error of floats

    def wait(self, at: float) -> float:
        """Return for how many seconds nothing may go; 0 if something may."""
        if self.room(at) >= 1:
            return 0.0
        return (1 - self._tokens) / (self._per_second or math.inf)

    def take(self) -> None:
        """Count a message that goes now; `room` has said that it may."""
        self._tokens -= 1

    def slow_down(self, at: float) -> None:
        """Halve the pace: the server has refused a message for a limit of its own."""
        now = self._per_second
        self.slowed = max(SLOWEST, FIRST_SLOWED if now is None else min(now / 2, FIRST_SLOWED))
        self._tokens, self._at, self._changed_at = 0.0, at, at

    def recover(self, at: float) -> None:
        """Double a slowed pace if the server, which has taken a message, has not refused any for a minute."""
        if self.slowed is None or at - self._changed_at < RECOVERS_AFTER:
            return
        self.room(at)
        self.slowed, self._changed_at = 2 * self.slowed, at
        if self.slowed >= (self.rate.per_second if self.rate else UNLIMITED):
            self.slowed = None

    @property
    def slowed_text(self) -> str | None:
        """Return the slowed pace, such as "5 a second" or "30 a minute"; None at full pace."""
        if self.slowed is None:
            return None
        return f"{self.slowed:.3g} a second" if self.slowed >= 1 else f"{60 * self.slowed:.3g} a minute"

    @property
    def _per_second(self) -> float | None:
        return self.slowed or (self.rate.per_second if self.rate else None)
