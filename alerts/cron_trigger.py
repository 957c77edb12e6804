"""A cron as a trigger of the daemon's scheduler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.base import BaseTrigger

from alerts.cron import Cron


class Firings(BaseTrigger):  # type: ignore[misc]  # apscheduler publishes no types
    """A Cron as a trigger for APScheduler: the daemon and the core then agree on the instants."""

    def __init__(self, cron: Cron) -> None:
        self._cron = cron

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """Return the next firing after the previous one, never one in the past."""
        start = now.astimezone(UTC)
        if previous is not None:
            start = max(start, previous.astimezone(UTC) + timedelta(seconds=1))
        return self._cron.at_or_after(start)
