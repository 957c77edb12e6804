"""Circuit breakers of channels: a dead server costs one attempt, not a thousand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.core.deliveries import BACKOFF, Outcome

PAUSES = BACKOFF[:4]  # up to ten minutes, so that what waits is not late once the server is back


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Closed (all is well), open (nothing is tried until `probe_at`, then one delivery), or off for good.

    Nygard's circuit breaker ("Release It!", chapter 5), with the delivery itself as the probe.
    """

    failures: int = 0
    out_since: datetime | None = None
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    reason: str | None = None
    off: str | None = None

    def allows(self, now: datetime, at_once: int) -> int:
        """Return how many deliveries may be in flight: all of `at_once`, one as a probe, or none."""
        if self.probe_at is None or self.opened_at is None:
            return at_once
        stepped_back = now < self.opened_at  # else a clock put back by days would silence the channel for days
        return 1 if now >= self.probe_at or stepped_back else 0

    def after(self, outcome: Outcome, *, started: datetime, ended: datetime) -> Breaker:
        """Return the breaker after an attempt. A failure that began before the breaker opened changes nothing."""
        if self.off or outcome.channel == "off":
            return Breaker(off=self.off or outcome.error)
        if outcome.channel in ("up", "slow"):
            return Breaker()
        if self.opened_at is not None and started <= self.opened_at <= ended:
            return self
        pause = outcome.pause or PAUSES[min(self.failures, len(PAUSES) - 1)]
        return Breaker(
            failures=self.failures + 1,
            out_since=self.out_since or ended,
            opened_at=ended,
            probe_at=ended + pause,
            reason=outcome.error,
        )
