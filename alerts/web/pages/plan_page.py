"""`/plan`: what goes out in the next 90 days, to whom: as far ahead as a page can work out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from alerts.core.due_groups import local_day
from alerts.rendering.template_filters import clean, flat, known_zone
from alerts.views.planned_alerts import PlannedAlert
from alerts.views.shown_times import shown
from alerts.web.alerts_ahead import alerts_ahead
from alerts.web.pages.page_reading import PageReading


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
    found = alerts_ahead(reading)
    return PlanView(
        days=tuple(_by_day(found.alerts, reading.now, known_zone(reading.zone))),
        count=len(found.alerts),
        until=found.until,
        is_whole=found.is_whole,
        changed=found.changed,
    )


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
