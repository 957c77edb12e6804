"""Dates that are valid but seldom meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.grammar import parse
from alerts.deadlines.skipped_months import skipped_periods
from alerts.store.open_commitments import SkippingDates

# What a rule that skips months or years has: a rare day or week of the year, a fifth weekday, a day after the 28th, or
# neither of these and a first day after the 28th. Apart, since together they take PostgreSQL three times as long.
MAY_SKIP = SkippingDates(
    rare_day=r"BYYEARDAY|BYWEEKNO|BYDAY=[^; ]*5|BYMONTHDAY=[^; ]*(?:29|3\d)",
    any_day=r"BY(?:MONTH)?DAY=",
    late_start=r"from \d{4}-\d\d-(?:29|3\d)",
)


def skipped_dates(tracked: Iterable[Tracked]) -> Iterator[str]:
    """Yield a line for each recurring commitment that skips months or years without such a day."""
    return skipping((item.commitment.key, item.commitment.deadline) for item in tracked if item.recurs)


def skipping(deadlines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the same of commitments that recur, by key and deadline."""
    for key, deadline in deadlines:
        if MAY_SKIP.finds(deadline) and (skipped := skipped_periods(parse(deadline))):
            yield f"{key}: `{deadline}` {skipped}"


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
