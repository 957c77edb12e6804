"""Series from an event, and from when they were last done, through random lives: nothing is lost, nothing is extra.

A tick comes each day at nine, when the rule fires. What must go out is worked out here from the dates alone: on which
days a reminder of the open occurrence falls, by the leads of the rule.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import select

from alerts.store import Store, planning_tables
from tests import acting
from tests.factories import change, entry, load, plan_at
from tests.store.recurring import DESK

START, DAYS = date(2025, 3, 1), 90
ONE_DAY = timedelta(days=1)
SEEDS = pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite", seed) for seed in range(int(os.environ.get("SERIES_SEEDS", "3")))],
    indirect=["database_url"],
)
Sent = tuple[datetime, str, str, datetime]  # the tick, the occurrence, the kind, the moment


def nine(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)


def falls_on(due: date, day: date) -> bool:
    """Whether a reminder of an occurrence falls on a day: a week before, on the day, overdue once a week and on."""
    late = (day - due).days
    return late in (-7, 0) or (late >= 1 and (late - 1) % 7 == 0)


def all_sent(store: Store) -> list[Sent]:
    r = planning_tables.reminders.c
    query = select(r.planned_at, r.occurrence, r.kind, r.moment).where(r.skipped.is_(None))
    with store.database.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(r.planned_at))]


def tick(store: Store, day: date) -> None:
    plan_at(store, nine(day), DESK, register=day == START)


class LastDone:
    """A series that counts from when it was last done: what is open since when, and what was closed."""

    def __init__(self, store: Store, random: Random) -> None:
        self.store, self.random = store, random
        self.days = random.choice((1, 3, 8, 20))
        self.turns = [(START + timedelta(days=random.randint(1, 30)), datetime.combine(START, time(1), UTC))]
        first = self.turns[0][0]
        load(store, entry("x", f"every {self.days} days after it was last done from {first}"), now=self.turns[0][1])

    def act(self, at: datetime) -> None:
        """Close the open one, close it at once again, or take the last closing back."""
        due, _ = self.turns[-1]
        following = max(self.turns[0][0], at.date() + timedelta(days=self.days))
        taken = {one for one, _ in self.turns}
        if self.random.random() < 0.6 and following not in taken:
            acting.close(self.store, "x", "fulfilled", change(at), due.isoformat())
            self.turns.append((following, at))
        elif len(self.turns) > 1 and at > self.turns[-1][1]:
            self.turns.pop()
            acting.reopen(self.store, "x", change(at), self.turns[-1][0].isoformat())


@SEEDS
def test_from_when_it_was_last_done_nothing_is_lost_or_extra(store: Store, seed: int) -> None:
    random = Random(seed)
    series, expected = LastDone(store, random), list[tuple[datetime, str]]()
    allowed: dict[datetime, tuple[str, datetime]] = {}
    for number in range(DAYS):
        day = START + number * ONE_DAY
        tick(store, day)
        due, since = series.turns[-1]
        allowed[nine(day)] = (due.isoformat(), since)
        if falls_on(due, day) and since < nine(day):
            expected.append((nine(day), due.isoformat()))
        for hour in sorted(random.sample(range(10, 24), random.choice((0, 0, 0, 1, 2, 3)))):
            series.act(datetime.combine(day, time(hour), UTC))
    sent = all_sent(store)
    assert any(kind == "closed" for _, _, kind, _ in sent)
    assert {*expected} - {(at, name) for at, name, _, _ in sent} == set()
    for at, name, kind, _ in sent:
        if kind not in ("closed", "reopened"):
            open_name, since = allowed[at]
            assert name == open_name
            assert at > since
    reminders = [(name, kind, moment) for _, name, kind, moment in sent if kind not in ("closed", "reopened")]
    assert len(reminders) == len(set(reminders))


@SEEDS
def test_from_an_event_nothing_is_lost_or_extra(store: Store, seed: int) -> None:
    random = Random(seed)
    recorded = datetime.combine(START, time(1), UTC)
    event: date | None = START + timedelta(days=random.randint(-60, 30))
    months, known = random.choice((1, 2)), recorded
    load(store, entry("event", str(event)), entry("x", f"every {months} months after event"), now=recorded)
    expected, open_at = list[tuple[datetime, str]](), dict[datetime, set[str]]()
    for number in range(DAYS):
        day = START + number * ONE_DAY
        tick(store, day)
        dates = [event + relativedelta(months=months * (count + 1)) for count in range(8)] if event else []
        current = [due for due in dates if datetime.combine(due + ONE_DAY, time(), UTC) > known]
        open_at[nine(day)] = {due.isoformat() for due in current}
        moved_today = known > nine(day) - ONE_DAY
        expected += [(nine(day), due.isoformat()) for due in current if falls_on(due, day) and not moved_today]
        if random.random() < 0.06:
            event = random.choice((None, START + timedelta(days=random.randint(-60, 60))))
            at = datetime.combine(day, time(15), UTC)
            report = acting.move(store, "event", str(event or "undated"), change(at))
            known = at if report.moved_dependants else known
    sent = [one for one in all_sent(store) if one[1] or one[2] == "moved"]
    assert {*expected} - {(at, name) for at, name, _, _ in sent} == set()
    assert [(at, name) for at, name, kind, _ in sent if kind != "moved" and name not in open_at[at]] == []
