"""When an alert may go out while silences and office hours hold alerts back, as the design reads.

* A silence holds all alerts of what matches, from its start up to its end. What is critical it holds no longer than up
  to the last firing of its rule before the deadline, if it or those that follow it without a gap hold the deadline,
  too; what is late already it does not hold.
* Office hours hold what is not critical, unless they would open at its deadline or after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tests.oracle.crons import Firings
from tests.oracle.data import Commitment, Rule
from tests.oracle.zones import instant, wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    start: datetime
    end: datetime
    match: dict[str, tuple[str, ...]]

    def holds(self, one: Commitment, at: datetime) -> bool:
        return self.start <= at < self.end and Rule(name="", cron="", match=self.match).matches(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Whole hours of some weekdays (0 is Monday), on the clock of a zone."""

    opens: int
    closes: int
    days: frozenset[int]
    zone: str

    def next_open(self, at: datetime) -> datetime:
        today = wall(at, self.zone).date()
        for day in (today + timedelta(days=ahead) for ahead in range(9)):
            start, end = (instant(datetime.combine(day, time(hour)), self.zone) for hour in (self.opens, self.closes))
            if day.weekday() in self.days and at < end:
                return max(at, start)
        raise AssertionError("they never open")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert, and what decides when it may go out. `fires` are the firings of its rule."""

    one: Commitment
    latest: datetime | None
    fires: Firings
    hours: Hours | None


def may_go(alert: Alert, at: datetime, silences: Sequence[Silence]) -> bool:
    """Return whether an alert may go out at an instant."""
    critical, latest = alert.one.priority == "critical", alert.latest
    ends = [silence.end for silence in silences if silence.holds(alert.one, at)]
    if ends:
        while more := [silence.end for silence in silences if silence.holds(alert.one, max(ends))]:
            ends += more
        near = latest is not None and max(ends) >= latest and alert.fires.last_before(latest) <= at
        if not (critical and near):
            return False
    opens = alert.hours.next_open(at) if alert.hours and not critical else at
    return opens == at or (latest is not None and at < latest <= opens)
