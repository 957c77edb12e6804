"""`/plan`: what goes out in the next 90 days, to whom: as far ahead as a page can work out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from alerts.core.due_groups import local_day
from alerts.rendering.template_filters import clean, flat, known_zone
from alerts.views.planned_alerts import PlannedAlert, planned_alerts
from alerts.views.shown_times import shown
from alerts.web.pages.page_reading import PageReading

AHEAD = timedelta(days=90)
MOST_WATCHES = 200  # that a page evaluates: of more, it shows what goes out first
MOST_ALERTS = 150
STEPS = (1, 4, 15, 45, 90)  # days: what repeats daily has as many alerts as a page shows long before the last


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """An alert of the page. `key` is empty for a summary; `time`: on the clock of the reader."""

    time: str
    key: str
    occurrence: str
    text: str
    rule: str
    whom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """The page: what goes out, by day. `until`: the end of what is shown; `is_whole`: nothing follows within 90 days.

    `changed`: how many commitments have changed, so that the next tick works out their alerts first.
    """

    days: tuple[tuple[date, tuple[PlannedRow, ...]], ...]
    count: int
    until: datetime
    is_whole: bool
    changed: int


def plan_view(reading: PageReading) -> PlanView:
    """Read and work out the page."""
    now, watches = reading.now, reading.store.watches
    end = now + AHEAD
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
    return PlanView(
        days=tuple(_by_day(found, now, known_zone(reading.zone))),
        count=len(found),
        until=reached,
        is_whole=reached == end,
        changed=max(0, len(changed) - MOST_WATCHES),
    )


Due = Sequence[tuple[datetime, int]]


def _as_far_as(due: Due, end: datetime) -> tuple[datetime, Due]:
    """Return until when few enough watches are due that they can be evaluated for a page, and these.

    Where too many are due at the same instant, some of them are taken.
    """
    if len(due) <= MOST_WATCHES:
        return end, due
    last = due[MOST_WATCHES][0]
    until = last if due[0][0] < last else last + timedelta(seconds=1)
    return until, [(at, number) for at, number in due[:MOST_WATCHES] if at < until]


def _by_day(found: Sequence[PlannedAlert], now: datetime, zone: str) -> list[tuple[date, tuple[PlannedRow, ...]]]:
    """Return alerts by the day on which they go out: what is due already goes out today."""
    days = groupby(found, lambda one: local_day(max(one.at, now), zone))
    return [(day, tuple(_row(one, now, zone) for one in some)) for day, some in days]


def _row(one: PlannedAlert, now: datetime, zone: str) -> PlannedRow:
    reminder = one.reminder
    return PlannedRow(
        time="within a minute" if one.at <= now else shown(one.at, zone)[-5:],
        key=reminder.commitment if reminder else "",
        occurrence=reminder.occurrence if reminder else "",
        text=flat(clean(one.text)),
        rule=one.rule,
        whom=flat(clean(one.whom)),
    )
