"""The outbox: deliveries are claimed under a lease and a fence, rendered once, and get their outcome recorded."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, insert, literal, not_, or_, select, update

from alerts.core.deliveries import Delivery, EndedAttempt, FailureLevel
from alerts.core.envelopes import Routes
from alerts.core.messages import Message
from alerts.store import delivery_tables
from alerts.store.calendar_uids import installation_id
from alerts.store.database import Database
from alerts.store.outbox import leasing
from alerts.store.outbox.deputies import NO_OPERATORS, DeputyRoutes
from alerts.store.outbox.due_deliveries import (
    IS_ABANDONED,
    IS_LATE,
    IS_TOO_OLD,
    NOT_HELD,
    ClaimStatements,
    claim_statements,
    moments,
    worse,
)
from alerts.store.outbox.held_back import ANY_TIME, ChannelHours, with_next_alerts
from alerts.store.outbox.holds import hold
from alerts.store.outbox.leasing import Leased
from alerts.store.outbox.payloads import payload_of, told_of
from alerts.store.outbox.reach import ANYBODY, ServedRecipients
from alerts.store.outbox.record import attempt_row, outcome_row
from alerts.store.outbox.set_aside import UPDATE_LEASED, UPDATE_UNSENT, gone_rows, read_claims, read_leased
from alerts.store.rows import CHUNK
from alerts.store.stored_message import WHOLE

log = logging.getLogger(__name__)
_A, _D = delivery_tables.attempts.c, delivery_tables.deliveries.c


def _oldest(*conditions: Any) -> Select[Any]:
    """Return a query that locks the oldest of some deliveries; it skips what another replica has locked."""
    query = select(delivery_tables.deliveries).where(*conditions).order_by(_D.created_at, _D.id).limit(CHUNK)
    return query.with_for_update(skip_locked=True)


# Built once: SQLAlchemy takes several times as long to build these as to execute them.
_MINE = and_(_D.id == bindparam("_id"), _D.fence == bindparam("_fence"), _D.state == "leased")
_RECORD_OUTCOME = update(delivery_tables.deliveries).where(_MINE).values(
    {name: bindparam(name) for name in ("state", "next_at", "remote", "last_error", "ended_at", "unseen")}
    | {"lease_until": None, "failure_level": worse(bindparam("_failure_level", type_=_D.failure_level.type))}
)  # fmt: skip
_KEEP = update(delivery_tables.deliveries).where(_MINE).values(
    {name: bindparam(name) for name in "payload payload_hash subject dates_told entries template_error".split()}
    | {"failure_level": worse(bindparam("_failure_level", type_=_D.failure_level.type)), "message_form": WHOLE}
)  # fmt: skip
_RETURN_CLAIM = update(delivery_tables.deliveries).where(_MINE).values(
    {"state": "retry", "lease_until": None, "attempts": _D.attempts - 1, "next_at": bindparam("_now")}
)  # fmt: skip

_ATTEMPT = {name: _D.id if name == "delivery_id" else bindparam(f"_{name}", type_=_A[name].type) for name in _A.keys()}  # noqa: SIM118
_KNOWN = exists().where(_A.delivery_id == _D.id, _A.number == bindparam("_number"))  # an outcome that is recorded again
_TRIED = insert(delivery_tables.attempts).from_select(
    list(_ATTEMPT), select(*_ATTEMPT.values()).where(_D.id == bindparam("_id"), ~_KNOWN)
)

# What an outage of a channel gives up or reports, and what it makes of that.
_OUTAGE = (
    delivery_tables.OPEN,
    _D.channel == bindparam("_channel"),
    _D.state.in_(("pending", "retry")),
    or_(IS_TOO_OLD, IS_LATE),
)
_ANY_IN_OUTAGE = select(_D.id).where(*_OUTAGE).limit(1)
_IN_OUTAGE = _oldest(*_OUTAGE)
_OURS = _D.id.in_(bindparam("_ids", expanding=True))
_GIVE_UP = update(delivery_tables.deliveries).where(*_OUTAGE, IS_TOO_OLD, _OURS).values(
    state="dead", ended_at=bindparam("_now", type_=_D.ended_at.type), next_at=None,
    last_error=bindparam("_given_up"), failure_level=worse(literal(int(FailureLevel.DEAD))),
)  # fmt: skip
_NOTE_LATE = update(delivery_tables.deliveries).where(*_OUTAGE, IS_LATE, _OURS).values(
    failure_level=int(FailureLevel.LATE), last_error=bindparam("_error")
)  # fmt: skip
# What waits for a recipient whom nobody serves: what is too old, or not reported yet.
_NOT_SERVED = (
    delivery_tables.OPEN,
    _D.channel == bindparam("_channel"),
    _D.recipient == bindparam("_recipient"),
    or_(IS_TOO_OLD, and_(_D.failure_level < int(FailureLevel.LATE), not_(delivery_tables.REPORTS_NO_FAILURE))),
    NOT_HELD,
)
_ANY_UNSERVED = select(_D.id).where(*_NOT_SERVED).limit(1)
_UNSERVED = _oldest(*_NOT_SERVED, or_(_D.state != "leased", IS_ABANDONED))


class Outbox:
    """The deliveries of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        channel: str,
        now: datetime,
        limit: int,
        lease: timedelta,
        exclude: Collection[UUID] = (),
        *,
        served: ServedRecipients = ANYBODY,
        operators: Routes = NO_OPERATORS,
        hours: ChannelHours = ANY_TIME,
    ) -> list[Delivery]:
        """Claim due deliveries of a channel for recipients that we serve, except `exclude`; stale ones are superseded.

        What goes to people who are away or have left goes to their deputies (else the `operators`) too, or instead.
        What is silenced, or out of the `hours` of its recipient, is held.
        `now` decides what is due. The lease (a duration) runs on the real clock.
        """
        routes = DeputyRoutes(recipients=served.recipients or (), operators=operators)
        statements, mine = _statements(served), _parameters(channel, served) | {"_exclude": list(exclude)}
        before = set[UUID]()
        while self._any_due(statements, mine, now):
            with self._database.write() as connection:
                real = self._database.real_now(connection)
                values = mine | moments(now, real) | {"_limit": limit}
                rows = connection.execute(statements.due, values).mappings().all()
                leased = leasing.lease(connection, rows, now, hours, real + lease)
                if leased.rows or leased.taken:
                    installation_id(connection)  # the contents name it, and are only read
            found = self._read_leased(leased, now, routes, hours, lease)
            if found or not rows:
                return found
            before = self._after_one(rows, before)
        return []

    def _read_leased(
        self, leased: Leased, now: datetime, routes: DeputyRoutes, hours: ChannelHours, lease: timedelta
    ) -> list[Delivery]:
        """Read the contents of leased deliveries, and set aside those that are stale; return the others.

        They are read after the lease, so that nobody waits. What changes before that counts; what changes later comes
        too late, as during the attempt. Copies of taken deliveries for deputies have the same contents.
        """
        rows, taken, reading, read = list(leased.rows), leased.taken, self._database.read, set[UUID]()
        try:
            known = read_claims(reading, taken) if taken else ({}, {}, {})
            if taken:
                with self._database.write() as connection:
                    until = self._database.real_now(connection) + lease
                    going = leasing.lease_with_copies(
                        connection, taken, known, now=now, routes=routes, hours=hours, until=until
                    )
                as_read = {id(row) for row in going}  # a delivery that was held in part has a new row
                # An alert that goes out before office hours says so: that was marked since, so it is read again.
                opens = ((row, hours.next_open(row["recipient"], now)) for row in taken if id(row) in as_read)
                read = {row["id"] for row, at in opens if at <= now}
                rows = sorted([*rows, *going], key=lambda row: leased.order.index(row["id"]))
                taken = ()
            claims, unsent = read_leased(reading, rows, now, known, read)
            if unsent:
                with self._database.write() as connection:
                    connection.execute(UPDATE_LEASED, unsent)
            return with_next_alerts(reading, claims, hours)
        except Exception:
            with suppress(Exception), self._database.write() as connection:  # the first error is raised
                leasing.give_back(connection, taken)
            with suppress(Exception):
                self._return([{"_id": row["id"], "_fence": row["fence"] + 1, "_now": now} for row in rows])
            raise

    def keep(
        self,
        rendered: Mapping[UUID, tuple[int, Message, str | None]],
        entries: Mapping[UUID, str] | None = None,
        dates: Mapping[UUID, Mapping[str, str]] | None = None,
    ) -> None:
        """Store messages (fence, message, template error), so that each attempt sends the same bytes.

        `entries` identifies the reminders of each message, `dates` has the dates that it tells, by what they are of.
        Operators get a notice of a failed template.
        """
        rows = []
        for one, (fence, message, error) in rendered.items():
            payload = payload_of(message)
            digest = hashlib.sha256(payload.encode()).hexdigest()
            values: dict[str, Any] = {"payload": payload, "payload_hash": digest, "template_error": error}
            values["subject"] = message.subject
            values["entries"] = entries.get(one) if entries else None
            values["dates_told"] = told_of(dates.get(one) if dates else None)
            level = int(FailureLevel.TEMPLATE if error else FailureLevel.NOT)
            rows.append({"_id": one, "_fence": fence, "_failure_level": level} | values)
        if rows:
            with self._database.write() as connection:
                connection.execute(_KEEP, rows)

    def record_outcomes(self, ended: Sequence[EndedAttempt]) -> None:
        """Record how attempts ended (delivery, outcome, started, ended), in one commit.

        A higher fence means that another process took the delivery over: its outcome counts. Our attempt is stored all
        the same.
        """
        if not ended:
            return
        with self._database.write() as connection:
            connection.execute(
                _RECORD_OUTCOME, [outcome_row(delivery, outcome, stopped) for delivery, outcome, _, stopped in ended]
            )
            connection.execute(_TRIED, [attempt_row(*one) for one in ended])

    def note_outage(self, channel: str, error: str, now: datetime, hours: ChannelHours = ANY_TIME) -> bool:
        """Record an outage: after an hour deliveries go to the fallback, after their time they are dead.

        So deliveries that wait behind a breaker end as those that are tried. Returns whether there are any.
        """
        mine, found, before = {"_channel": channel}, False, set[UUID]()
        while self._any(_ANY_IN_OUTAGE, mine | moments(now)):
            with self._database.write() as connection:
                rows = connection.execute(_IN_OUTAGE, mine | moments(now)).mappings().all()
                # There are no claims in an outage, so what must wait is held here.
                ours = {"_ids": [row["id"] for row in hold(connection, rows, now, hours)], "_error": error}
                ours["_given_up"] = f"{error} (given up: too old)"
                for change in (_GIVE_UP, _NOTE_LATE):
                    found = connection.execute(change, mine | moments(now) | ours).rowcount > 0 or found
            if not rows:  # else a long delivery may be held in part only, with others behind it
                break  # another replica has locked what is left
            before = self._after_one(rows, before)
        return found

    def note_gone(self, channel: str, recipient: str, error: str, now: datetime) -> None:
        """Send what waits for an unserved recipient to the fallback, and end what is stale or too old."""
        mine, before = {"_channel": channel, "_recipient": recipient}, set[UUID]()
        while self._any(_ANY_UNSERVED, mine | moments(now)):
            with self._database.write() as connection:
                values = mine | moments(now, self._database.real_now(connection))
                rows = connection.execute(_UNSERVED, values).mappings().all()
                if unsent := gone_rows(connection, hold(connection, rows, now), error, now):
                    connection.execute(UPDATE_UNSENT, unsent)
            if not rows:
                return  # what is left is being sent, or another replica has locked it
            before = self._after_one(rows, before)

    def _after_one(self, rows: Sequence[Any], before: Collection[UUID]) -> set[UUID]:
        """Let others write where a long delivery was held in part only; return the ids of what was looked at."""
        ids = {row["id"] for row in rows}
        if not ids.isdisjoint(before):
            self._database.give_way()
        return ids

    def _any_due(self, statements: ClaimStatements, mine: Mapping[str, Any], now: datetime) -> bool:
        with self._database.read() as connection:
            values = {**mine, **moments(now, self._database.real_now(connection))}
            return connection.execute(statements.any_due, values).first() is not None

    def _any(self, query: Select[Any], values: Mapping[str, Any]) -> bool:
        with self._database.read() as connection:
            return connection.execute(query, values).first() is not None

    def return_claims(self, claims: Sequence[Delivery], now: datetime) -> None:
        """Release claims whose attempt has not begun."""
        self._return([{"_id": delivery.id, "_fence": delivery.fence, "_now": now} for delivery in claims])

    def _return(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            with self._database.write() as connection:
                connection.execute(_RETURN_CLAIM, rows)

    def free_leases(self) -> None:
        """Free all leases: for the only daemon of an SQLite database, whose predecessor is gone."""
        with self._database.write() as connection:
            connection.execute(
                update(delivery_tables.deliveries).where(_D.state == "leased").values(state="retry", lease_until=None)
            )

    def pause(self, channel: str, now: datetime, served: ServedRecipients = ANYBODY) -> timedelta | None:
        """Return how long a channel has nothing to send to recipients that we serve; None if nothing may go."""
        with self._database.read() as connection:
            next_at, lapses_at = connection.execute(_statements(served).pauses, _parameters(channel, served)).one()
            real = self._database.real_now(connection)
        pauses = [at - clock for at, clock in ((next_at, now), (lapses_at, real)) if at]
        return min(pauses, default=None)


def _statements(served: ServedRecipients) -> ClaimStatements:
    return claim_statements(anybody=served.recipients is None, owners=served.owners)


def _parameters(channel: str, served: ServedRecipients) -> dict[str, Any]:
    return {"_channel": channel} | ({} if served.recipients is None else {"_recipients": list(served.recipients)})
