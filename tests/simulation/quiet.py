"""Silences and office hours at random: what went out while they held alerts back, and what should have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from alerts.core import silences as real
from alerts.core.deliveries import Outcome
from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.outbox.held_back import ChannelHours
from tests.oracle.crons import Firings, firings
from tests.oracle.data import Edited, History, Snoozed
from tests.oracle.quiet import Alert, Hours, Silence, may_go
from tests.oracle.turns import Course, courses
from tests.simulation.deadlines import ZONES
from tests.simulation.playing import rule_of, take_place, timeline
from tests.simulation.rules import TAGS

DAY = timedelta(days=1)
DESK = "desk@example.org"


class Quiet:
    """The silences and office hours of one seed. Each rule has a channel of its own."""

    def __init__(self, seed: int, history: History) -> None:
        self.random = Random(f"quiet {seed}")
        # A snooze may hold an alert, too, and an edit changes nothing of when it may go.
        events = tuple(one for one in history.events if not isinstance(one, Snoozed | Edited))
        half = tuple(replace(one, priority=self.random.choice(("critical", "low"))) for one in history.commitments)
        self.history = replace(history, commitments=half, events=events)
        start, end = history.ticks[0], history.ticks[-1]
        self.silences = list(self._silences(start, end))
        self.hours = {rule.name: self._hours() for rule in history.rules}
        self.fires = {
            one.name: firings(one.cron, one.zone, start - 999 * DAY, end + 999 * DAY) for one in history.rules
        }

    def _silences(self, start: datetime, end: datetime) -> Iterator[Silence]:
        random, at = self.random, start
        while (at := at + random.randint(5, 90) * DAY) < end:
            match = random.choice(({}, {"tags": (random.choice(TAGS),)}, {"priority": ("low", "critical")}))
            yield Silence(start=at, end=at + random.randint(1, 90 * 24) * timedelta(hours=1), match=match)

    def _hours(self) -> Hours | None:
        random = self.random
        if random.random() < 0.3:
            return None
        days = frozenset(random.sample(range(7), random.randint(1, 6)))
        return Hours(opens=random.randint(4, 11), closes=random.randint(13, 22), days=days, zone=random.choice(ZONES))

    def play(self, folder: Path) -> tuple[list[str], int]:
        """Return what went out when it should not have, or did not, and how much went out."""
        store = Store(f"sqlite:///{folder}/quiet.db", self.history.timezone)
        rules = [rule_of(rule, rule.name) for rule in self.history.rules]
        store.watches.register(rules, self.history.ticks[0])
        ruled = ScheduledRule.all(rules)
        there = SimpleNamespace(one_at_a_time=False, default=False, recipients=(DESK,))
        channels: Any = {rule.name: there for rule in rules}
        stated: dict[str, Any] = {}
        for one in self.silences:
            store.silences.add(_silence(one))
        look_at: datetime | None = self.history.ticks[0]
        for at, what in timeline(self.history):
            if what is not None:
                take_place(store, self.history, stated, what)
                look_at = at
            elif look_at and look_at <= at:
                plan(store, ruled, channels, at)
                next_alert = store.watches.next_alert()
                waits = self._hand_over(store, at) or store.silences.held(at)
                look_at = at if waits else next_alert[0] if next_alert else None
        found = self._compare(store)
        store.close()
        return found

    def _hand_over(self, store: Store, now: datetime) -> bool:
        """Let what may go be sent, and return whether anything was."""
        went = False
        for name, stated in self.hours.items():
            hours = ChannelHours(of={DESK: _office(stated)}.get)
            while claims := store.outbox.claim(name, now, 500, timedelta(hours=1), hours=hours):
                store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
                went = True
        return went

    def _compare(self, store: Store) -> tuple[list[str], int]:
        known = courses(self.history, (self.history.ticks[-1] + 732 * DAY).date())
        wrong: list[str] = []
        count = Counter[str]()
        rows = list(_planned(store))
        together = Counter(_turn_of(row, row["planned_at"]) for row in rows)
        sent = {_turn_of(row, row["ended_at"]) for row in rows if row["state"] == "sent"}
        for row in rows:
            at = _turn_of(row, row["planned_at"])
            if row["skipped"] and (together[at] > 1 or at in sent):
                continue  # merged when it was planned
            expected = self._goes_at(known[row["key"]], row)
            went = row["ended_at"] if row["state"] == "sent" else None
            count["sent"] += went is not None
            if row["skipped"]:  # merged when it was let go
                fine = expected != row["planned_at"]
            elif (
                row["state"] == "superseded"
            ):  # it does not matter when, if a later one went in its place, or it had ended
                has_ended = expected and not _is_open(known[row["key"]], row["occurrence"], expected)
                fine = not expected or has_ended or expected >= row["ended_at"] or _turn_of(row, expected) in sent
            else:
                fine = went == expected
            if not fine:
                what = f"{row['key']} {row['occurrence']} {row['kind']} of {row['moment']} under {row['rule']}"
                wrong.append(f"{what}, planned at {row['planned_at']}: went {went}, expected {expected}")
        return wrong, count["sent"]

    def _goes_at(self, course: Course, row: Any) -> datetime | None:
        """Return the first tick at which it may go."""
        fires: Firings = self.fires[row["rule"]]
        for tick in self.history.ticks:
            if tick < row["planned_at"]:
                continue
            stated = course.stated_at(tick)
            turn = stated.turns.get(row["occurrence"]) if stated else None
            latest = turn.bounds.latest if turn else None
            alert = Alert(one=course.one, latest=latest, fires=fires, hours=self.hours[row["rule"]])
            if may_go(alert, tick, self.silences):
                return tick
        return None


def _is_open(course: Course, occurrence: str, at: datetime) -> bool:
    return course.was_open(at) and not (occurrence and course.is_closed(occurrence, at))


def _planned(store: Store) -> Iterator[Any]:
    """Yield what was planned, sent or merged, with its delivery, if it has one."""
    d, link = delivery_tables.deliveries, delivery_tables.delivery_reminders
    r, c = planning_tables.reminders, tables.commitments
    planned = (r.c.occurrence, r.c.rule, r.c.kind, r.c.moment, r.c.planned_at, r.c.skipped)
    query = select(c.c.key, *planned, d.c.state, d.c.ended_at).join(c, c.c.id == r.c.commitment_id)
    query = query.outerjoin(link, link.c.reminder_id == r.c.id).outerjoin(d, d.c.id == link.c.delivery_id)
    with store.database.read() as connection:
        rows = connection.execute(query).mappings().all()
    yield from (row for row in rows if row["skipped"] is None or row["skipped"].startswith("merged"))


def _turn_of(row: Any, at: datetime) -> tuple[Any, ...]:
    return row["key"], row["occurrence"], row["rule"], at


def _silence(one: Silence) -> real.Silence:
    return real.Silence(match=one.match, since=one.start, until=one.end, reason="by chance", by="desk")


def _office(stated: Hours | None) -> OfficeHours | None:
    if stated is None:
        return None
    days = tuple(WEEKDAYS[day] for day in sorted(stated.days))
    return OfficeHours(opens=time(stated.opens), closes=time(stated.closes), days=days, timezone=stated.zone)
