"""When the daemon looks: at random instants, at firings, just after something happened, not during outages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from tests.oracle.crons import firings
from tests.oracle.data import Rule

MINUTE = timedelta(minutes=1)


def some_ticks(
    random: Random, rules: Sequence[Rule], changes: Sequence[datetime], start: datetime, end: datetime
) -> tuple[datetime, ...]:
    """Return the instants of the ticks, rising; the first is before all that happens, the last ends it."""
    days = (end - start).days
    minutes = days * 24 * 60
    ticks = {start + random.randrange(minutes) * MINUTE for _ in range(days // 2)}
    for rule in rules:
        fires = firings(rule.cron, rule.zone, start, end).at
        ticks |= set(random.sample(fires, min(len(fires), days // 40)))
        ticks |= {at + MINUTE for at in random.sample(fires, min(len(fires), days // 60))}
    ticks |= {at + timedelta(seconds=random.randint(1, 90)) for at in changes if random.random() < 0.3}
    for begin, until in outages(random, days // 60, start, minutes):
        ticks = {at for at in ticks if not begin <= at < until} | {until}
    return (start, *sorted(at for at in ticks if start < at < end), end)


def outages(random: Random, count: int, start: datetime, minutes: int) -> list[tuple[datetime, datetime]]:
    """Return some, from minutes to five weeks."""
    found = []
    for _ in range(count):
        begin = start + random.randrange(minutes) * MINUTE
        found.append((begin, begin + int(10 ** random.uniform(0.7, 4.7)) * MINUTE))
    return found
