"""Which occurrences of a series are shown."""

from __future__ import annotations

from datetime import datetime

from alerts.core.tracked import Tracked

MAX_OCCURRENCES_SHOWN = 12  # the latest of a commitment


def latest_occurrences(item: Tracked, now: datetime) -> list[str]:
    """Return the names of the latest occurrences that have come or changed, and of the next one."""
    return list(item.relevant_occurrences(now))[-MAX_OCCURRENCES_SHOWN:]
