"""The outbox: deliveries claimed under a lease and a fence, rendered once, and marked by how they ended."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from alerts.core.deliveries import (
    LATE,
    LONGEST_PAUSE,
    TRY_FOR_AT_LEAST,
    FailureLevel,
    Outcome,
    State,
    backoff,
    give_up_at,
)
from alerts.core.notifications import Message
from alerts.store import tables
from alerts.store.addresses import StoreError
from alerts.store.carried import FOLLOWED_BY_LATER, carried
from alerts.store.claims import Claim, attempt_row, claimed, first_due, outcome_row, payload_of
from alerts.store.engine import Database
from alerts.store.holds import due_since, hold
from alerts.store.people import zones
from alerts.store.rows import CHUNK
from alerts.store.summaries import followed

log = logging.getLogger(__name__)
_A, _D = tables.attempts.c, tables.deliveries.c
LONGEST_LEASE = timedelta(minutes=21)  # as long as with the longest timeout that a channel may have


def _worse(level: Any) -> Any:
    """How far it has failed by now; of a notice that is told to nobody, else one would make another."""
    return case((_D.notice.is_not(None), 0), (_D.failure_level < level, level), else_=_D.failure_level)


# Made once: SQLAlchemy takes several times as long to put these together as to carry them out.
_MINE = and_(_D.id == bindparam("_id"), _D.fence == bindparam("_fence"), _D.state == "leased")
_RECORD_OUTCOME = update(tables.deliveries).where(_MINE).values(
    {name: bindparam(name) for name in ("state", "next_at", "remote", "last_error", "ended_at")}
    | {"lease_until": None, "failure_level": _worse(bindparam("_failure_level", type_=_D.failure_level.type))}
)  # fmt: skip
_KEEP = update(tables.deliveries).where(_MINE).values(
    {name: bindparam(name) for name in ("payload", "payload_hash", "entries", "template_error")}
    | {"failure_level": _worse(bindparam("_failure_level", type_=_D.failure_level.type))}
)  # fmt: skip
_RETURN_CLAIM = update(tables.deliveries).where(_MINE).values(
    {"state": "retry", "lease_until": None, "attempts": _D.attempts - 1, "next_at": bindparam("_now")}
)  # fmt: skip
_UPDATE_UNSENT = update(tables.deliveries).where(_D.id == bindparam("_id")).values(
    {name: bindparam(name) for name in ("state", "next_at", "last_error", "ended_at", "attempts")}
    | {"lease_until": None, "failure_level": _worse(bindparam("_failure_level", type_=_D.failure_level.type))}
)  # fmt: skip
_ATTEMPT = {name: _D.id if name == "delivery_id" else bindparam(f"_{name}", type_=_A[name].type) for name in _A.keys()}  # noqa: SIM118
_KNOWN = exists().where(_A.delivery_id == _D.id, _A.number == bindparam("_number"))  # a mark that is made again
_TRIED = insert(tables.attempts).from_select(
    list(_ATTEMPT), select(*_ATTEMPT.values()).where(_D.id == bindparam("_id"), ~_KNOWN)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRecipients:
    """To whom a process delivers through a channel: `recipients` (None: anybody) and, if `owners`, all people."""

    recipients: tuple[str, ...] | None = None
    owners: bool = False

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {"to": self.recipients, "owners": self.owners}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; a process of an earlier version says nothing, and delivers to anybody."""
        to = data.get("to")
        return cls(recipients=None if to is None else tuple(to), owners=bool(data.get("owners")))


ANYBODY = ServedRecipients()


def recipient_is_served(served: ServedRecipients) -> Any:
    """Whether the recipient of a delivery is one of them."""
    if served.recipients is None:
        return true()
    mine = _D.recipient.in_(served.recipients)
    if not served.owners:
        return mine
    people = tables.people.c.email
    return or_(mine, _D.recipient.in_(select(people)), func.lower(_D.recipient).in_(select(func.lower(people))))


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
    ) -> list[Claim]:
        """Lease what is due on a channel for whom we reach, but not `exclude`; what has become stale is superseded.

        What is due goes by `now`; the lease (a duration) goes by the real clock.
        """
        while self._due(channel, now, exclude, served):
            with self._database.write() as connection:
                real = self._database.real_now(connection)
                query = select(tables.deliveries).where(
                    *_claimable(channel, now, real, exclude), recipient_is_served(served)
                )
                query = query.order_by(_D.next_at).limit(limit)
                rows = connection.execute(self._not_held(query)).mappings().all()
                found = _lease(connection, rows, now, real + lease)
            if found or not rows:
                return found
        return []

    def _due(self, channel: str, now: datetime, exclude: Collection[UUID], served: ServedRecipients) -> bool:
        with self._database.read() as connection:
            due = _claimable(channel, now, self._database.real_now(connection), exclude)
            return (
                connection.execute(select(_D.id).where(*due, recipient_is_served(served)).limit(1)).first() is not None
            )

    def keep(
        self, rendered: Mapping[UUID, tuple[int, Message, str | None]], entries: Mapping[UUID, str] | None = None
    ) -> None:
        """Store messages (fence, message, what failed in the template), so that every try sends the same bytes for as
        long as they are true. `entries` says of which reminders each was made. A template that failed is told to the
        operators.
        """
        rows = []
        for one, (fence, message, error) in rendered.items():
            payload = payload_of(message)
            digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
            values = {"payload": payload, "payload_hash": digest, "template_error": error}
            values["entries"] = entries.get(one) if entries else None
            level = int(FailureLevel.TEMPLATE if error else FailureLevel.NOT)
            rows.append({"_id": one, "_fence": fence, "_failure_level": level} | values)
        if rows:
            with self._database.write() as connection:
                connection.execute(_KEEP, rows)

    def record_outcomes(self, ended: Sequence[tuple[Claim, Outcome, datetime, datetime]]) -> None:
        """Record how attempts ended (claim, outcome, started, ended), in one commit.

        Where the fence has moved on another process took the delivery over: its word counts, not ours; the attempt
        was made all the same, and is written down.
        """
        if not ended:
            return
        with self._database.write() as connection:
            connection.execute(
                _RECORD_OUTCOME, [outcome_row(claim, outcome, stopped) for claim, outcome, _, stopped in ended]
            )
            connection.execute(_TRIED, [attempt_row(*one) for one in ended])

    def note_outage(self, channel: str, error: str, now: datetime) -> bool:
        """Nothing gets through on a channel: what has waited for an hour is told elsewhere, what is too old is dead.

        So what waits behind a breaker fares as what is tried. Returns whether there is any.
        """
        old, late = _too_old(now), _late(now)
        mine = (tables.OPEN, _D.channel == channel, _D.state.in_(("pending", "retry")), or_(old, late))
        dead = {"state": "dead", "ended_at": now, "next_at": None, "last_error": f"{error} (given up: too old)"}
        table, found = update(tables.deliveries), False
        while self._any(*mine):
            with self._database.write() as connection:
                query = select(tables.deliveries).where(*mine).order_by(_D.created_at, _D.id).limit(CHUNK)
                rows = connection.execute(self._not_held(query)).mappings().all()
                # Nothing is claimed meanwhile, so it is here that what is snoozed is seen to wait for that.
                ours = _D.id.in_([row["id"] for row in hold(connection, rows, now)])
                ended = table.where(*mine, old, ours).values(
                    **dead, failure_level=_worse(literal(int(FailureLevel.DEAD)))
                )
                waits = table.where(*mine, late, ours).values(failure_level=int(FailureLevel.LATE), last_error=error)
                for change in (ended, waits):
                    found = connection.execute(change).rowcount > 0 or found
            if len(rows) < CHUNK:
                break  # what is left another replica is at
        return found

    def note_gone(self, channel: str, recipient: str, error: str, now: datetime) -> None:
        """Nobody delivers there any more: let what waits be told elsewhere, and end what is stale or too old."""
        untold = and_(_D.failure_level < int(FailureLevel.LATE), _D.notice.is_(None))
        mine = (
            tables.OPEN,
            _D.channel == channel,
            _D.recipient == recipient,
            or_(_too_old(now), untold),
            _not_held(now),
        )
        while self._any(*mine):
            with self._database.write() as connection:
                free = or_(_D.state != "leased", _abandoned(self._database.real_now(connection)))
                query = select(tables.deliveries).where(*mine, free).order_by(_D.created_at, _D.id).limit(CHUNK)
                rows = connection.execute(self._not_held(query)).mappings().all()
                if unsent := _gone(connection, hold(connection, rows, now), error, now):
                    connection.execute(_UPDATE_UNSENT, unsent)
            if len(rows) < CHUNK:
                return  # what is left is being sent, or another replica is at it

    def _not_held(self, query: Select[Any]) -> Select[Any]:
        """Leave the rows that another replica holds to it, and do not wait for them; SQLite has one writer."""
        return query if self._database.sqlite else query.with_for_update(skip_locked=True)

    def _any(self, *conditions: Any) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(_D.id).where(*conditions).limit(1)).first() is not None

    def return_claims(self, claims: Sequence[Claim], now: datetime) -> None:
        """Return what was claimed but not begun."""
        rows = [{"_id": claim.id, "_fence": claim.fence, "_now": now} for claim in claims]
        if rows:
            with self._database.write() as connection:
                connection.execute(_RETURN_CLAIM, rows)

    def free_leases(self) -> None:
        """Free all leases: for the only daemon of an SQLite database, whose predecessor is gone."""
        with self._database.write() as connection:
            connection.execute(
                update(tables.deliveries).where(_D.state == "leased").values(state="retry", lease_until=None)
            )

    def pause(self, channel: str, now: datetime, served: ServedRecipients = ANYBODY) -> timedelta | None:
        """How long there is nothing to try on a channel for whom we reach; None where nothing waits."""
        mine = (tables.OPEN, _D.channel == channel, recipient_is_served(served))
        ready = case((_D.held_until > _D.next_at, _D.held_until), else_=_D.next_at)
        waiting = select(func.min(ready, type_=_D.next_at.type)).where(*mine, _D.state != "leased").scalar_subquery()
        leased = select(func.min(_D.lease_until)).where(*mine, _D.state == "leased").scalar_subquery()
        with self._database.read() as connection:
            next_at, lapses_at = connection.execute(select(waiting, leased)).one()
            real = self._database.real_now(connection)
        pauses = [at - clock for at, clock in ((next_at, now), (lapses_at, real)) if at]
        return min(pauses, default=None)


def _claimable(channel: str, now: datetime, real: datetime, exclude: Collection[UUID]) -> tuple[Any, ...]:
    """What may be leased. A time farther ahead than any that we set was set by a clock that has been put back since."""
    waiting = and_(_D.state.in_(("pending", "retry")), or_(_D.next_at <= now, _D.next_at > now + LONGEST_PAUSE))
    mine = (_D.id.not_in(exclude),) if exclude else ()
    return tables.OPEN, _D.channel == channel, or_(waiting, _abandoned(real)), _not_held(now), *mine


def _not_held(now: datetime) -> Any:
    """Whether no snooze holds it back."""
    return or_(_D.held_until.is_(None), _D.held_until <= now)


def _abandoned(real: datetime) -> Any:
    """Whether it was leased by a process that has not marked it in time."""
    return and_(_D.state == "leased", or_(_D.lease_until <= real, _D.lease_until > real + LONGEST_LEASE))


def _lease(connection: Connection, rows: Sequence[Any], now: datetime, until: datetime) -> list[Claim]:
    rows = hold(connection, rows, now)
    claims, stale, broken = _read(connection, rows)
    unsent = [
        _retry_later(row, broken[row["id"]], now) if row["id"] in broken else _overtaken(row, stale.get(row["id"]), now)
        for row in rows
        if row["id"] not in claims
    ]
    if unsent:
        connection.execute(_UPDATE_UNSENT, unsent)
    leased = {"state": "leased", "lease_until": until, "fence": _D.fence + 1, "attempts": _D.attempts + 1}
    if claims:
        connection.execute(update(tables.deliveries).where(_D.id.in_(claims)).values(leased))
    return list(claims.values())


def _read(connection: Connection, rows: Sequence[Any]) -> tuple[dict[UUID, Claim], dict[UUID, str], dict[UUID, str]]:
    """What is to be sent, why others are stale, and what is wrong with those of which the data cannot be read."""
    try:
        context_of, stale = carried(connection, rows)
        zone = zones(connection, [row["recipient"] for row in rows])
        stale |= followed(connection, rows)
        whole = {row["id"] for row in rows if row["notice"] is not None or row["summary"] is not None}
        mine = [row for row in rows if context_of[row["id"]] or row["id"] in whole - stale.keys()]
        return {row["id"]: claimed(row, context_of[row["id"]], zone.get(row["recipient"])) for row in mine}, stale, {}
    except (SQLAlchemyError, StoreError):
        raise
    except Exception as error:
        if len(rows) == 1:
            log.exception("delivery %s cannot be made", rows[0]["id"])
            return {}, {}, {rows[0]["id"]: f"cannot be read: {type(error).__name__}: {error}"}
    claims: dict[UUID, Claim] = {}
    reasons: dict[UUID, str] = {}
    broken: dict[UUID, str] = {}
    for row in rows:  # one of them holds up no other
        its_claim, its_reason, its_error = _read(connection, [row])
        claims |= its_claim
        reasons |= its_reason
        broken |= its_error
    return claims, reasons, broken


def _retry_later(row: Any, error: str, now: datetime) -> dict[str, Any]:
    attempt, due = row["attempts"] + 1, first_due(row)
    if now >= give_up_at(due, row["deadline"]):
        return _unsent_row(row, "dead", error, FailureLevel.DEAD, ended_at=now, attempts=attempt)
    late = FailureLevel.LATE if now - due >= LATE else FailureLevel.NOT
    pause = backoff(attempt - row["tried_before"])
    return _unsent_row(row, "retry", error, late, next_at=now + pause, attempts=attempt)


def _overtaken(row: Any, reason: str | None, now: datetime) -> dict[str, Any]:
    """What no longer holds; a word that was tried, and has only been followed by the next, is one that failed."""
    if reason == FOLLOWED_BY_LATER and row["attempts"]:
        return _unsent_row(row, "superseded", row["last_error"], FailureLevel.LATE, ended_at=now)
    return _unsent_row(row, "superseded", reason, FailureLevel.NOT, ended_at=now)


def _gone(connection: Connection, rows: Sequence[Any], error: str, now: datetime) -> list[dict[str, Any]]:
    """What becomes of deliveries to whom nobody delivers: stale, dead after their time, or told elsewhere."""
    claims, stale, broken = _read(connection, rows)
    found = []
    for row in rows:
        why = "; ".join(filter(None, (row["last_error"], error)))
        if row["id"] not in claims and row["id"] not in broken:
            found.append(_overtaken(row, stale.get(row["id"]), now))
        elif now >= give_up_at(first_due(row), row["deadline"]):
            found.append(_unsent_row(row, "dead", f"{why} (given up: too old)", FailureLevel.DEAD, ended_at=now))
        else:
            state: State = "pending" if row["state"] == "pending" else "retry"
            found.append(_unsent_row(row, state, why, FailureLevel.LATE, next_at=row["next_at"] or now))
    return found


def _unsent_row(row: Any, state: State, error: str | None, failed: FailureLevel, **values: Any) -> dict[str, Any]:
    rest = {"next_at": None, "ended_at": None, "attempts": row["attempts"]}
    return {"_id": row["id"], "_failure_level": int(failed), "state": state, "last_error": error} | rest | values


def _too_old(now: datetime) -> Any:
    """Whether its time is over, as `give_up_at` reckons it."""
    return and_(now - TRY_FOR_AT_LEAST >= due_since, func.coalesce(_D.deadline, now) <= now)


def _late(now: datetime) -> Any:
    """Whether it has waited for an hour, and that is not written down yet."""
    return and_(now - LATE >= due_since, _D.failure_level < int(FailureLevel.LATE), _D.notice.is_(None))
