"""Which occurrences of a series are shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from alerts.core.tracked import Tracked

MAX_OCCURRENCES_SHOWN = 12  # the latest of a commitment


def latest_occurrences(item: Tracked, now: datetime) -> list[str]:
    """Return the names of the latest occurrences that have come or changed, and of the next one.

    Where that was done early, the next one that is open is among them, too.
    """
    names = [*item.relevant_occurrences(now), *_next_open(item, now)]
    return list(dict.fromkeys(names))[-MAX_OCCURRENCES_SHOWN:]


def _next_open(item: Tracked, now: datetime) -> Iterator[str]:
    recurs = item.bounds.recurrence
    if recurs is None or recurs.open_name is not None or not item.open:
        return
    for name in recurs.names_about(now):
        one = item.at(name)
        if one.open and (one.bounds.comes_at is None or one.bounds.comes_at > now):
            yield name
            return
