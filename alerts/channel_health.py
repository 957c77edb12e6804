"""Whether a channel takes what it is sent, and whether its worker is at work."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.core.breakers import Breaker
from alerts.core.deliveries import EndedAttempt

log = logging.getLogger(__name__)

SEEN_WITHIN = timedelta(minutes=5)  # a worker that has not claimed for this time is unhealthy
OUT_FOR = timedelta(minutes=10)  # so is a worker whose channel takes nothing for this time


@dataclass(slots=True)
class ChannelHealth:
    """The circuit breaker of a channel. `seen_at` is when its worker last claimed deliveries."""

    channel: str
    breaker: Breaker = field(default_factory=Breaker)
    seen_at: datetime | None = None

    def is_well(self, now: datetime) -> bool:
        """Whether the worker is at work, and its deliveries get through."""
        breaker = self.breaker
        out = breaker.out_since is not None and now - breaker.out_since >= OUT_FOR
        return now - (self.seen_at or now) <= SEEN_WITHIN and not out and not breaker.off

    def to_json(self, now: datetime) -> dict[str, object]:
        """Return when the worker was last at work, and why its channel takes nothing, if so."""
        return {"seen_at": (self.seen_at or now).isoformat(), "out": self.breaker.off or self.breaker.reason}

    def learn(self, ended_attempts: Iterable[EndedAttempt]) -> str | None:
        """Update the breaker with how attempts ended, and return why the channel is out, if it is."""
        before, error = self.breaker, None
        for _, outcome, started, ended in ended_attempts:
            self.breaker = self.breaker.after(outcome, started=started, ended=ended)
            error = outcome.error if outcome.channel == "out" else error
        self._log_change(before, error)
        return error

    def _log_change(self, before: Breaker, error: str | None) -> None:
        after = self.breaker
        if after.off and not before.off:
            log.error("channel %s is off until its settings change or a restart: %s", self.channel, after.off)
        elif after.out_since and not before.out_since:
            log.warning("channel %s is out: %s; it is tried with one delivery at a time", self.channel, error)
        elif before.out_since and not (after.out_since or after.off):
            log.info("channel %s is back", self.channel)
