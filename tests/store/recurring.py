"""A recurring commitment under one rule, and what was said of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from alerts.core.rules import Overdue
from alerts.store import Store, planning_tables
from tests.factories import at, plan_at, remind, rule

MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"
LOADED = at("2025-11-10T00:00")
DESK = rule(
    remind=remind(before=("P7D",), on_the_day=True, overdue=Overdue(every="P7D", at_most=4), moved=True, closed=True)
)


def days(start: str, end: str) -> list[datetime]:
    first = at(start) + timedelta(hours=9)
    return [first + timedelta(days=number) for number in range((at(end) - at(start)).days + 1)]


def tick(store: Store, times: Iterable[datetime]) -> None:
    for number, now in enumerate(times):
        plan_at(store, now, DESK, register=number == 0)


def said(store: Store, *, skipped: bool = False) -> list[str]:
    """`2025-11-30 before P7D, Sun 23 Nov`: occurrence, kind, offset, the day on which it was planned."""
    r = planning_tables.reminders.c
    query = select(r.occurrence, r.kind, r.offset, r.planned_at).order_by(r.planned_at, r.occurrence, r.moment)
    with store.database.read() as connection:
        rows = connection.execute(query.where(r.skipped.is_not(None) if skipped else r.skipped.is_(None))).all()
    return [
        f"{' '.join(filter(None, (row.occurrence, row.kind, row.offset)))}, {row.planned_at:%a} "
        f"{row.planned_at.day} {row.planned_at:%b}"
        for row in rows
    ]
