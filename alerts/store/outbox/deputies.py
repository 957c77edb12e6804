"""Deliveries to people who are away or have left: their deputies get them too, or instead.

That is decided when a delivery is claimed, in the transaction that leases it. So it holds for what has waited, and what
goes to a deputy is written down before anything is sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from alerts.core.absences import Absences, Absentee
from alerts.core.commitments import Person
from alerts.core.deliveries import Delivery
from alerts.core.envelopes import Envelope, Routes
from alerts.core.owners import as_named
from alerts.core.reminders import Reminder
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox import enqueue
from alerts.store.outbox.set_aside import UPDATE_UNSENT, Contents, left_row, unsent_row
from alerts.store.recorded_absences import absences_of

NO_OPERATORS = Routes(recipients={})
Route = tuple[str, str]  # a channel and a recipient
_Part = tuple[
    Collection[str], Reminder | None
]  # whose it is, by key, and the reminder, unless it is about no single one


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyRoutes:
    """How deputies are reached.

    `recipients` are those of the channel, whose spelling counts. The `operators` stand in for those who have left and
    have no deputy.
    """

    recipients: Collection[str] = ()
    operators: Routes = NO_OPERATORS


@dataclass(slots=True)
class _Copy:
    """What goes to one deputy of what a delivery carries, and for whom."""

    reminders: dict[Reminder, None] = field(default_factory=dict)
    on_behalf_of: dict[Absentee, None] = field(default_factory=dict)


def with_absent_reader(connection: Connection, rows: Sequence[Any], now: datetime) -> list[Any]:
    """Return the rows of deliveries to an address with a reader who is away or has left."""
    absences = absences_of(connection, [row["recipient"] for row in rows], now)
    if absences is None:
        return []
    return [row for row in rows if any(absences.absentee(one, now) for one in _readers(absences, row["recipient"]))]


def send_to_deputies(
    connection: Connection, rows: Sequence[Any], now: datetime, routes: DeputyRoutes, contents: Contents
) -> Sequence[Any]:
    """Store deliveries for the deputies of absent recipients; return the rows that go to their own recipient.

    `contents` is what was read of the deliveries. A delivery is set aside if all readers of its address have left.
    """
    absences = absences_of(connection, [row["recipient"] for row in rows], now)
    if absences is None:
        return rows
    readers = {row["id"]: _readers(absences, row["recipient"]) for row in rows}
    claims, stale, broken = contents
    found = _Deputies(absences, routes, now)
    left: list[Any] = []
    unsent: list[dict[str, Any]] = []
    for row in rows:
        here = readers[row["id"]]
        claim = claims.get(row["id"])
        copies, all_covered = found.copies(claim, here) if claim else ({}, True)
        stays = not here or not all(one.has_left(now) for one in here)
        if stays or (row["notice"] and not copies):
            left.append(row)
        elif claim is None:
            unsent.append(unsent_row(row, stale, broken, now))
        else:
            unsent.append(left_row(row, here[0].name, sorted(one for _, one in copies), now, dead=not all_covered))
        if claim:
            own = (row["channel"], row["recipient"])
            found.put(connection, row, claim, {route: copy for route, copy in copies.items() if route != own})
    if unsent:
        connection.execute(UPDATE_UNSENT, unsent)
    return left


def _readers(absences: Absences, recipient: str) -> list[Person]:
    return [one for one in absences.people.values() if one.email.lower() == recipient.lower()]


@dataclass(frozen=True, slots=True)
class _Deputies:
    absences: Absences
    routes: DeputyRoutes
    now: datetime

    def copies(self, claim: Delivery, readers: Sequence[Person]) -> tuple[dict[Route, _Copy], bool]:
        """Return what goes to whom else, and whether all of it goes to somebody.

        A mailbox may have several readers. A reminder is its owner's, if that is one of them. Otherwise it is
        everybody's, and has deputies while all of them are absent.
        """
        found: dict[Route, _Copy] = {}
        all_covered = True
        for owners, reminder in _parts(claim):
            mine = [one for one in readers if one.key in owners] or list(readers)
            if not all(self.absences.absentee(one, self.now) for one in mine):
                continue
            whom = self._whom(claim, mine, alone=reminder is not None)
            all_covered = all_covered and bool(whom)
            for route, absentees in whom:
                copy = found.setdefault(route, _Copy())
                copy.reminders |= dict.fromkeys([reminder] if reminder else [])
                copy.on_behalf_of |= dict.fromkeys((*claim.on_behalf_of, *absentees))
        return found, all_covered

    def put(self, connection: Connection, row: Any, claim: Delivery, copies: Mapping[Route, _Copy]) -> None:
        """Store what goes to deputies, unless they have it already."""
        inherited = {name: row[name] for name in ("next_alert_at", "deadline", "summary", "notice", "fallback_for")}
        for (channel, recipient), copy in copies.items():
            more = inherited | {"on_behalf_of": [one.to_json() for one in copy.on_behalf_of]}
            if claim.notice:
                one = claim.notice.id_for(channel, recipient)
                rows = [new_delivery(one, channel, recipient, self.now) | more]
                enqueue.put_deliveries(connection, rows)
                continue
            alone = channel in self.routes.operators.one_at_a_time
            groups = [[one] for one in copy.reminders] if alone else [list(copy.reminders)]
            envelopes = [
                Envelope(channel=channel, recipient=recipient, reminders=tuple(group), scope=claim.summary)
                for group in groups
            ]
            rows = [new_delivery(one.id, channel, recipient, self.now) | more for one in envelopes]
            if claim.summary:
                enqueue.put_deliveries(connection, rows)
            else:
                enqueue.insert_envelopes(connection, envelopes, rows)

    def _whom(
        self, claim: Delivery, absent: Sequence[Person], *, alone: bool
    ) -> list[tuple[Route, tuple[Absentee, ...]]]:
        """Return the routes to the deputies of absent people, or to the operators where all have left without one."""
        deputies = [deputy for person in absent for deputy in self.absences.deputies(person, self.now)]
        if deputies or not all(person.has_left(self.now) for person in absent):
            names = (claim.recipient, *self.routes.recipients)
            return [((claim.channel, as_named(one.person, names)), one.on_behalf_of) for one in deputies]
        absentees = tuple(Absentee(name=person.name) for person in absent)
        return [(route, absentees) for route in self._operators(alone=alone)]

    def _operators(self, *, alone: bool) -> Iterator[Route]:
        operators = self.routes.operators
        for channel, recipients in operators.recipients.items():
            if alone or channel not in operators.one_at_a_time:
                for recipient in recipients:
                    readers = _readers(self.absences, recipient)
                    if not readers or not all(one.has_left(self.now) for one in readers):
                        yield channel, recipient


def _parts(claim: Delivery) -> list[_Part]:
    """Return what a delivery carries, each part with the keys of its owners."""
    if claim.contexts:
        return [((one.tracked.commitment.owner or "",), one.reminder) for one in claim.contexts]
    return [(claim.summary.owners if claim.summary else (), None)]
