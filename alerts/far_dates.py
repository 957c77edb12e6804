"""From which dates on nothing goes out yet about what is new."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.core.schedule.moments import ONE_SECOND
from alerts.deadlines.durations import Duration, Lead
from alerts.scheduled_rules import ScheduledRule

CLOCKS = timedelta(days=3)  # a day begins up to a day before its end, and elsewhere up to a day before


def dates_without_alerts(rules: Mapping[str, ScheduledRule], now: datetime) -> datetime | None:
    """Return from which date on nothing about a new commitment is due by `now`; None where that is not known.

    An alert goes out at a firing: at the latest one before its moment, where the next would be too late. So a moment
    at or after the next firing is not due yet, and no moment is earlier than the longest lead.
    """
    found = now
    for scheduled in rules.values():
        firing = scheduled.cron.at_or_after(now.replace(microsecond=0) + ONE_SECOND)
        if firing is None:
            return None
        found = max(found, firing + max(map(_at_most, scheduled.rule.leads), default=timedelta()) + CLOCKS)
    return found


def _at_most(lead: Lead) -> timedelta:
    """Return a time that no such lead exceeds."""
    if isinstance(lead, Duration):
        return timedelta(days=lead.years * 366 + lead.months * 31 + lead.days) + lead.time
    return timedelta(days=lead.count * 14 + 60)  # also where a long holiday falls into each week
