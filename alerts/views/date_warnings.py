"""Dates that are valid but seldom meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.grammar import parse
from alerts.deadlines.skipped_months import skipped_periods


def skipped_dates(tracked: Iterable[Tracked]) -> Iterator[str]:
    """Yield a line for each recurring commitment that skips months or years without such a day."""
    for item in tracked:
        if item.recurs and (skipped := skipped_periods(parse(item.commitment.deadline))):
            yield f"{item.commitment.key}: `{item.commitment.deadline}` {skipped}"


def past_dates(tracked: Iterable[Tracked], now: datetime) -> Iterator[str]:
    """Yield a line for each commitment with a past date, which may be meant for another year."""
    for item in tracked:
        recurs, latest = item.bounds.recurrence, item.bounds.latest
        if recurs is None:
            ends: Iterable[datetime | None] = [latest]
        elif recurs.open_name:
            ends = [item.at(recurs.open_name).bounds.latest]
        else:
            ends = (item.at(name).bounds.latest for name in recurs.names_about(now))
        if all(end is not None and end <= now for end in ends):
            line = (
                "all its occurrences have passed"
                if recurs and not recurs.open_name
                else f"that date has passed: {describe_bounds(item.bounds)}"
            )
            yield f"{item.commitment.key}: {line}"
