"""What goes out next, to whom: as far ahead as one answer can work out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.views.planned_alerts import PlannedAlert, planned_alerts
from alerts.web.web_reading import WebReading

AHEAD = timedelta(days=90)
MOST_WATCHES = 200  # that one answer evaluates: of more, it has what goes out first
MOST_ALERTS = 150
STEPS = (1, 4, 15, 45, 90)  # days: what repeats daily has as many alerts as an answer has long before the last


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsAhead:
    """What goes out until a time, the soonest first. `is_whole`: that is as far ahead as was asked for.

    `changed`: how many commitments have changed, so that the next tick works out their alerts first.
    """

    alerts: Sequence[PlannedAlert]
    until: datetime
    is_whole: bool
    changed: int


def alerts_ahead(reading: WebReading, ahead: timedelta = AHEAD) -> AlertsAhead:
    """Read and work out what goes out within a time."""
    now, watches = reading.now, reading.store.watches
    end = now + ahead
    with reading.store.database.snapshot():
        due, changed = watches.next_due(end, MOST_WATCHES + 1), watches.changed()
    until, taken = _as_far_as(due, end)
    for days in STEPS:
        reached = min(until, now + timedelta(days=days))
        ids = {number for at, number in taken if at < reached}.union(sorted(changed)[:MOST_WATCHES])
        found = planned_alerts(reading, now, reached, only=ids)
        if len(found) >= MOST_ALERTS or reached == until:
            break
    if len(found) > MOST_ALERTS:
        found, reached = found[:MOST_ALERTS], found[MOST_ALERTS].at
    return AlertsAhead(
        alerts=found, until=reached, is_whole=reached == end, changed=max(0, len(changed) - MOST_WATCHES)
    )


Due = Sequence[tuple[datetime, int]]


def _as_far_as(due: Due, end: datetime) -> tuple[datetime, Due]:
    """Return until when few enough watches are due that they can be evaluated for an answer, and these.

    Where too many are due at the same instant, some of them are taken.
    """
    if len(due) <= MOST_WATCHES:
        return end, due
    last = due[MOST_WATCHES][0]
    until = last if due[0][0] < last else last + timedelta(seconds=1)
    return until, [(at, number) for at, number in due[:MOST_WATCHES] if at < until]
