"""Whether a channel takes what it is sent, and whether its worker is at work."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.core.breakers import Breaker
from alerts.core.deliveries import EndedAttempt, Outcome
from alerts.core.sending_rates import Pace

log = logging.getLogger(__name__)

SEEN_WITHIN = timedelta(minutes=5)  # a worker that has not claimed for this time is unhealthy
OUT_FOR = timedelta(minutes=10)  # so is a worker whose channel takes nothing for this time


@dataclass(slots=True)
class ChannelHealth:
    """The circuit breaker and the pace of a channel. `seen_at` is when its worker last claimed deliveries."""

    channel: str
    breaker: Breaker = field(default_factory=Breaker)
    pace: Pace = field(default_factory=Pace)
    seen_at: datetime | None = None
    _slowed_at: datetime | None = None
    _limited_since: datetime | None = None  # the first refusal since a message was accepted
    _limit: str | None = None  # what the server said

    def is_well(self, now: datetime) -> bool:
        """Whether the worker is at work, and its deliveries get through."""
        breaker = self.breaker
        out = breaker.out_since is not None and now - breaker.out_since >= OUT_FOR
        return now - (self.seen_at or now) <= SEEN_WITHIN and not out and not breaker.off

    def to_json(self, now: datetime) -> dict[str, object]:
        """Return when the worker was last at work, and why its channel takes nothing, or less than it should."""
        pace = self.pace.slowed_text
        return {
            "seen_at": (self.seen_at or now).isoformat(),
            "out": self.breaker.off or self.breaker.reason,
            "slowed": f"to {pace}, as its server takes no more: {self._limit}" if pace else None,
        }

    def learn(self, ended_attempts: Iterable[EndedAttempt], at: float) -> str | None:
        """Update breaker and pace with how attempts ended, and return why the channel is out, if it is.

        `at`: seconds on a clock that never steps.
        """
        before, error = self.breaker, None
        for _, ending, started, ended in ended_attempts:
            outcome = self._at_its_pace(ending, started, ended, at)
            self.breaker = self.breaker.after(outcome, started=started, ended=ended)
            error = outcome.error if outcome.channel == "out" else error
        self._log_change(before, error)
        return error

    def _at_its_pace(self, outcome: Outcome, started: datetime, ended: datetime, at: float) -> Outcome:
        """Slow down or recover, and return the outcome. A server that accepts nothing for long is out for its limit."""
        was_slow = self.pace.slowed is not None
        if outcome.channel != "slow":
            if outcome.state == "sent":
                self._limited_since = None
                self.pace.recover(at)
                if was_slow and self.pace.slowed is None:
                    log.info("channel %s sends at its full pace again", self.channel)
            return outcome
        if self._slowed_at is None or not started <= self._slowed_at <= ended:  # else one pace was refused twice
            self._slowed_at = ended
            self._limit = outcome.error
            self.pace.slow_down(at)
            if not was_slow:
                log.warning("channel %s is slowed, since its server takes no more now: %s", self.channel, outcome.error)
        self._limited_since = self._limited_since or ended
        return replace(outcome, channel="out") if ended - self._limited_since >= OUT_FOR else outcome

    def _log_change(self, before: Breaker, error: str | None) -> None:
        after = self.breaker
        if after.off and not before.off:
            log.error("channel %s is off until its settings change or a restart: %s", self.channel, after.off)
        elif after.out_since and not before.out_since:
            log.warning("channel %s is out: %s; it is tried with one delivery at a time", self.channel, error)
        elif before.out_since and not (after.out_since or after.off):
            log.info("channel %s is back", self.channel)
