"""Claims that are not sent: overtaken, stale, snoozed or gone."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    bindparam,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from alerts.core.deliveries import (
    LATE,
    Delivery,
    FailureLevel,
    State,
    backoff,
    give_up_at,
)
from alerts.store import delivery_tables
from alerts.store.outbox.contents import Reading, carried, within
from alerts.store.outbox.delivery_rows import claimed_delivery, first_due
from alerts.store.outbox.due_deliveries import worse
from alerts.store.outbox.event_contents import events_of
from alerts.store.outbox.stale_reminders import FOLLOWED_BY_LATER
from alerts.store.outbox.summary_deliveries import followed
from alerts.store.people import zones
from alerts.store.store_error import StoreError

_D = delivery_tables.deliveries.c
log = logging.getLogger(__name__)


UPDATE_UNSENT = update(delivery_tables.deliveries).where(_D.id == bindparam("_id")).values(
    {name: bindparam(name) for name in ("state", "next_at", "last_error", "ended_at", "attempts")}
    | {"lease_until": None, "failure_level": worse(bindparam("_failure_level", type_=_D.failure_level.type))}
)  # fmt: skip

# Of what is leased already: not where another process has taken it over since, or somebody has dismissed it.
UPDATE_LEASED = UPDATE_UNSENT.where(_D.fence == bindparam("_fence"), _D.state == "leased")


# The claims to send, why others are stale, and the errors of those that cannot be read.
Contents = tuple[dict[UUID, Delivery], dict[UUID, str], dict[UUID, str]]


def read_claims(reading: Reading, rows: Sequence[Any]) -> Contents:
    """Return the claims to send, why others are stale, and the errors of those that cannot be read."""
    try:
        context_of, stale = carried(reading, rows)
        with reading() as connection:
            zone = zones(connection, [row["recipient"] for row in rows])
            stale |= followed(connection, rows)
            events = events_of(connection, rows)
        whole = {row["id"] for row in rows if row["notice"] is not None or row["summary"] is not None} | events.keys()
        mine = [row for row in rows if context_of[row["id"]] or row["id"] in whole - stale.keys()]
        claims = [claimed_delivery(row, context_of[row["id"]], zone.get(row["recipient"])) for row in mine]
        return {one.id: replace(one, event=events.get(one.id)) for one in claims}, stale, {}
    except (SQLAlchemyError, StoreError):
        raise
    except Exception as error:
        if len(rows) == 1:
            log.exception("delivery %s cannot be made", rows[0]["id"])
            return {}, {}, {rows[0]["id"]: f"cannot be read: {type(error).__name__}: {error}"}
    found: dict[UUID, Delivery] = {}
    reasons: dict[UUID, str] = {}
    broken: dict[UUID, str] = {}
    for row in rows:  # one broken delivery must not stop the others
        its_claim, its_reason, its_error = read_claims(reading, [row])
        found |= its_claim
        reasons |= its_reason
        broken |= its_error
    return found, reasons, broken


def unsent_row(row: Any, stale: Mapping[UUID, str], broken: Mapping[UUID, str], now: datetime) -> dict[str, Any]:
    """Return the row of what `read_claims` does not send: it is stale, or cannot be read."""
    if row["id"] in broken:
        return retry_later(row, broken[row["id"]], now)
    return overtaken_row(row, stale.get(row["id"]), now)


def read_leased(
    reading: Reading, rows: Sequence[Any], now: datetime, known: Contents = ({}, {}, {}), read: Collection[UUID] = ()
) -> tuple[list[Delivery], list[dict[str, Any]]]:
    """Return the claims to send of the leased `rows`, and rows of UPDATE_LEASED for the rest.

    `read` are the ids of those that were read already, with the contents `known`.
    """
    rest = [row for row in rows if row["id"] not in read]
    claims, stale, broken = read_claims(reading, rest) if rest else ({}, {}, {})
    before, stale_before, broken_before = known
    claims |= {one: claim for one, claim in before.items() if one in read}
    stale, broken = stale_before | stale, broken_before | broken
    left = [row for row in rows if row["id"] not in claims]
    unsent = [unsent_row(row, stale, broken, now) | {"_fence": row["fence"] + 1} for row in left]
    return [claims[row["id"]] for row in rows if row["id"] in claims], unsent


def left_row(row: Any, name: str, instead: Sequence[str], now: datetime, *, dead: bool) -> dict[str, Any]:
    """Set aside what would go to somebody who has left. Where not all of it goes to others, it has failed."""
    if dead:
        reason = f"{name} has left, and there is no deputy: name one in `people`"
        return _unsent_row(row, "dead", reason, FailureLevel.DEAD, ended_at=now)
    reason = f"{name} has left: sent to {', '.join(filter(None, instead)) or 'the operators'}"
    return _unsent_row(row, "superseded", reason, FailureLevel.NOT, ended_at=now)


def retry_later(row: Any, error: str, now: datetime) -> dict[str, Any]:
    attempt, due = row["attempts"] + 1, first_due(row)
    if now >= give_up_at(due, row["deadline"]):
        return _unsent_row(row, "dead", error, FailureLevel.DEAD, ended_at=now, attempts=attempt)
    late = FailureLevel.LATE if now - due >= LATE else FailureLevel.NOT
    pause = backoff(attempt - row["tried_before"])
    return _unsent_row(row, "retry", error, late, next_at=now + pause, attempts=attempt)


def overtaken_row(row: Any, reason: str | None, now: datetime) -> dict[str, Any]:
    """Set aside what no longer holds; a reminder that was tried, and was only followed by the next, has failed."""
    if reason == FOLLOWED_BY_LATER and row["attempts"]:
        return _unsent_row(row, "superseded", row["last_error"], FailureLevel.LATE, ended_at=now)
    return _unsent_row(row, "superseded", reason, FailureLevel.NOT, ended_at=now)


def gone_rows(connection: Connection, rows: Sequence[Any], error: str, now: datetime) -> list[dict[str, Any]]:
    """Return rows for deliveries of unserved recipients: stale, dead after their time, or sent to the fallback."""
    claims, stale, broken = read_claims(within(connection), rows)
    found = []
    for row in rows:
        why = "; ".join(filter(None, (row["last_error"], error)))
        if row["id"] not in claims and row["id"] not in broken:
            found.append(overtaken_row(row, stale.get(row["id"]), now))
        elif now >= give_up_at(first_due(row), row["deadline"]):
            found.append(_unsent_row(row, "dead", f"{why} (given up: too old)", FailureLevel.DEAD, ended_at=now))
        else:
            state: State = "pending" if row["state"] == "pending" else "retry"
            found.append(_unsent_row(row, state, why, FailureLevel.LATE, next_at=row["next_at"] or now))
    return found


def _unsent_row(row: Any, state: State, error: str | None, failed: FailureLevel, **values: Any) -> dict[str, Any]:
    rest = {"next_at": None, "ended_at": None, "attempts": row["attempts"]}
    return {"_id": row["id"], "_failure_level": int(failed), "state": state, "last_error": error} | rest | values
