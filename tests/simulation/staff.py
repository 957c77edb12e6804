"""People who leave, are away and come back, at random; what went to them, and what should have."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from alerts.core.absences import Absence
from alerts.core.commitments import Person
from alerts.core.deliveries import Outcome
from alerts.core.envelopes import Routes
from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.outbox.reach import ServedRecipients
from alerts.store.outbox.stale_reminders import KNOWN_END
from tests.oracle.people import OPERATORS, Away, Member, recipients

DAY = timedelta(days=1)
SIZE = 8
WORKS = 0.85  # of the ticks; at the others nothing can be sent, and all waits
Alert = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class People:
    """The settings as they are from now on."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """Somebody is back before the end of an absence."""

    person: str


StaffEvent = People | Away | Back


class Staff:
    """The people of one seed, and what happens to them between two instants."""

    def __init__(self, seed: int, start: datetime, end: datetime) -> None:
        self.random = random = Random(f"staff {seed}")
        keys = [f"p{number}" for number in range(SIZE)]
        deputies = [random.choice([None, *keys[number + 1 :]]) for number in range(SIZE)]  # never in a circle
        self.members = {
            key: Member(key=key, deputy=deputy, gone=tuple(self.spells(start, end)))
            for key, deputy in zip(keys, deputies, strict=True)
        }
        self.away = [one for number in range(SIZE) for one in self.absences(keys, number, start, end)]
        self.worked: list[datetime] = []

    def spells(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield when one is gone: for good, or until they are employed again."""
        if self.random.random() < 0.6:
            left = start + self.random.random() * (end - start)
            yield left, left + self.random.choice((60, 200, 99_999)) * DAY

    def absences(self, keys: list[str], number: int, start: datetime, end: datetime) -> Iterator[Away]:
        """Yield absences that do not overlap, recorded before they begin or late, some of them cut short."""
        random, at = self.random, start
        while (at := at + random.random() * 120 * DAY) < end:
            until = at + random.random() * random.choice((2, 20, 60)) * DAY
            recorded = at + random.choice((-5, -1, 0.0, 0.2)) * DAY
            back = at + random.random() * (until - at) if random.random() < 0.2 else None
            if back and back <= recorded:
                back = None
            deputy = random.choice([None, *keys[number + 1 :]])
            if recorded < until:
                yield Away(person=keys[number], start=at, end=until, recorded_at=recorded, deputy=deputy, back_at=back)
            at = until + 6 * DAY  # so that a return ends one absence, and none that was recorded for later

    def owner(self, key: str) -> str:
        return Random(f"owner of {key}").choice(list(self.members))

    def events(self) -> list[tuple[datetime, StaffEvent]]:
        """Return what happens when: somebody who is back is written into the settings at that time."""
        found: list[tuple[datetime, StaffEvent]] = [(one.recorded_at, one) for one in self.away]
        found += [(one.back_at, Back(one.person)) for one in self.away if one.back_at]
        everybody = tuple(self.members.values())
        found += [(back, People(everybody)) for one in everybody for _, back in one.gone if back.year < 2200]
        return sorted(found, key=lambda one: one[0])

    def happen(self, store: Store, at: datetime, event: StaffEvent) -> None:
        match event:
            case People(members):
                store.people.register(person_of(one, at) for one in members)
            case Away():
                absence = Absence(
                    person=event.person,
                    starts_at=event.start,
                    ends_at=event.end,
                    zone="UTC",
                    deputy=event.deputy,
                    recorded_by="desk",
                )
                store.absences.record(absence, at, "shell")
            case Back(person):
                store.absences.end(person, at, "desk", "shell")

    def hand_over(self, store: Store, now: datetime) -> bool:
        """Claim what is due and let it be sent, as workers do; return whether more may wait.

        Now and then nothing can be sent.
        """
        if self.random.random() > WORKS:
            return True
        self.worked.append(now)
        operators = Routes(recipients={"ops": (address(OPERATORS),)})
        went = False
        for channel, served in (("mail", ServedRecipients(recipients=(), owners=True)), ("ops", None)):
            more: Any = {"served": served} if served else {}
            while claims := store.outbox.claim(channel, now, 500, timedelta(hours=1), operators=operators, **more):
                store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
                went = True
        return went or store.outbox.pause("mail", now) is not None

    def compare(self, store: Store) -> tuple[list[str], int]:
        """Return what differs from what should have been received, a line each, and how much was received."""
        expected, came = Counter[Alert](), Counter[Alert]()
        wrong: list[str] = []
        for alert, owner, row in _carried(store):
            holds = row["state"] == "sent" or "has left" in (row["last_error"] or "")
            if row["on_behalf_of"] is None and holds:
                at = self.worked[bisect_left(self.worked, row["created_at"])]
                at = max(at, row["held_until"] or at)
                at = self.worked[bisect_left(self.worked, at)]
                expected.update((*alert, address(one)) for one in recipients(owner, at, self.members, self.away))
            if row["state"] == "sent":
                came[*alert, row["recipient"]] += 1
                key = row["recipient"].partition("@")[0]
                if key in self.members and self.members[key].has_left(row["ended_at"]):
                    wrong.append(f"to somebody who has left: {alert} {key} {row['ended_at']}")
            elif row["on_behalf_of"] is not None and row["last_error"] == KNOWN_END:
                came[*alert, row["recipient"]] += 1
        wrong += [f"lost: {one}" for one in (expected - came).elements()]
        return wrong + [f"extra: {one}" for one in (came - expected).elements()], came.total()


def person_of(one: Member, at: datetime) -> Person:
    """Return a member as the settings state them at a time."""
    left = next((start for start, end in one.gone if at < end), None)
    return Person(key=one.key, name=one.key.title(), email=address(one.key), deputy=one.deputy, left_at=left)


def address(key: str) -> str:
    return "operators@example.org" if key == OPERATORS else f"{key}@example.org"


def _carried(store: Store) -> Iterator[tuple[Alert, str, Any]]:
    """Yield each alert of each delivery, with its owner."""
    d, link = delivery_tables.deliveries, delivery_tables.delivery_reminders
    r, c = planning_tables.reminders, tables.commitments
    query = select(d, c.c.key, c.c.owner, r.c.occurrence, r.c.bounds_version, r.c.kind, r.c.moment)
    query = query.join(link, link.c.delivery_id == d.c.id).join(r, r.c.id == link.c.reminder_id)
    with store.database.read() as connection:
        for row in connection.execute(query.join(c, c.c.id == r.c.commitment_id)).mappings():
            yield (
                tuple(row[name] for name in ("key", "occurrence", "bounds_version", "kind", "moment")),
                row["owner"],
                row,
            )
