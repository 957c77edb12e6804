"""Deliveries that a person retries, reroutes or dismisses; of two at once, one gets an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update

from alerts.core.deliveries import State
from alerts.core.delivery_failures import Notice
from alerts.core.envelopes import Envelope
from alerts.core.summaries import Scope
from alerts.deadlines.errors import InputError
from alerts.store import delivery_tables
from alerts.store.database import Database
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox import enqueue
from alerts.store.outbox.contents import carried, within
from alerts.store.outbox.fail_over import failure_of, reminders_of
from alerts.store.outbox.summary_deliveries import followed

_D = delivery_tables.deliveries.c
_HEX = re.compile(r"[0-9a-f]{1,32}")
RETRYABLE: tuple[State, ...] = ("retry", "dead", "bounced", "dismissed")
RESENDABLE: tuple[State, ...] = ("pending", *RETRYABLE)
DISMISSABLE: tuple[State, ...] = ("pending", "retry", "leased", "dead", "bounced")


def retry(database: Database, start: str, now: datetime) -> UUID:
    """Send a delivery again, with the same id and a new schedule of attempts.

    What has been overtaken meanwhile is not sent any more. Raises InputError where that is so, where no delivery or
    several have an id that starts so, or where it is not one to be sent again.
    """
    with database.write() as connection:
        row = _only(connection, start, RETRYABLE, "retry")
        _require_current(connection, row)
        again = {"state": "retry", "next_at": now, "ended_at": None, "retried_at": now, "tried_before": row["attempts"]}
        _change(connection, row, again | {"failure_level": 0, "reported_level": 0})
        return _id(row)


def retry_through(
    database: Database, start: str, channel: str, recipients: Sequence[str], now: datetime, *, one_at_a_time: bool
) -> list[UUID]:
    """Send what a delivery carries to the recipients of another channel, and dismiss the delivery.

    What they already got there is not sent again. Raises InputError as `retry`, and where nothing is left.
    """
    with database.write() as connection:
        row = _only(connection, start, RESENDABLE, "retry")
        if row["event"]:
            raise InputError(
                f"delivery {_short(row)} is an event for {row['channel']} alone: retry it without --channel"
            )
        _require_current(connection, row)
        fresh = _put(connection, row, channel, recipients, now, one_at_a_time=one_at_a_time)
        if not fresh:
            raise InputError(
                f"delivery {_short(row)}: {channel} has had what it carries already; see `alerts deliveries`"
            )
        gone = {"state": "dismissed", "ended_at": now, "next_at": None}
        _change(connection, row, gone | {"failure_level": row["failure_level"], "reported_level": row["failure_level"]})
        return sorted(fresh)


def dismiss(database: Database, start: str, now: datetime) -> UUID:
    """Dismiss a delivery: it is not tried again, and the outcome of a running attempt changes nothing."""
    with database.write() as connection:
        row = _only(connection, start, DISMISSABLE, "dismiss")
        _change(connection, row, {"state": "dismissed", "ended_at": now, "next_at": None, "lease_until": None})
        return _id(row)


def _only(connection: Connection, start: str, states: tuple[State, ...], verb: str) -> RowMapping:
    """The delivery whose id starts so. Raises InputError where there is none, or several, or one of another state."""
    wanted = start.lower().replace("-", "")
    found: Sequence[RowMapping] = []
    if _HEX.fullmatch(wanted):
        first, last = UUID(wanted.ljust(32, "0")), UUID(wanted.ljust(32, "f"))
        query = select(delivery_tables.deliveries).where(_D.id.between(first, last)).limit(2)
        found = connection.execute(query).mappings().all()
    if len(found) != 1:
        many = "several deliveries have ids that start" if found else "no delivery has an id that starts"
        raise InputError(f"{many} with {start!r}: see `alerts deliveries`")
    (row,) = found
    if row["state"] not in states:
        expected = f"{', '.join(states[:-1])} or {states[-1]}"
        raise InputError(f"delivery {_short(row)} is {row['state']}: `alerts {verb}` takes what is {expected}")
    return row


def _require_current(connection: Connection, row: RowMapping) -> None:
    """Raise InputError where what a delivery carries would be stale by now."""
    context_of, stale = carried(within(connection), [row])
    stale |= followed(connection, [row])
    one = _id(row)
    if one in stale and not context_of[one]:
        raise InputError(f"delivery {_short(row)} is not sent any more: {stale[one]}; `alerts dismiss` it")


def _put(
    connection: Connection,
    row: RowMapping,
    channel: str,
    recipients: Sequence[str],
    now: datetime,
    *,
    one_at_a_time: bool,
) -> set[UUID]:
    """Store the deliveries that replace one; return which are new."""
    reminders = tuple(reminders_of(connection, [row])[_id(row)])
    rest: dict[str, Any] = {name: row[name] for name in ("next_alert_at", "deadline", "summary", "notice")}
    rest["fallback_for"] = failure_of(row, reminders).to_json()
    scope = Scope.from_json(row["summary"]) if row["summary"] else None
    if row["notice"]:
        about = Notice.from_json(row["notice"])
        ids = [(about.id_for(channel, one), one) for one in recipients]
        return enqueue.put_deliveries(
            connection, [new_delivery(one, channel, recipient, now) | rest for one, recipient in ids]
        )
    if scope and one_at_a_time:
        raise InputError(f"delivery {_short(row)} is a summary: {channel} takes one reminder at a time")
    groups = [(one,) for one in reminders] if one_at_a_time else [reminders]
    envelopes = [
        Envelope(channel=channel, recipient=recipient, reminders=group, scope=scope)
        for group in ([()] if scope else groups)
        for recipient in recipients
    ]
    rows = [new_delivery(one.id, channel, one.recipient, now) | rest for one in envelopes]
    return (
        enqueue.put_deliveries(connection, rows) if scope else enqueue.insert_envelopes(connection, envelopes, rows)[0]
    )


def _change(connection: Connection, row: RowMapping, values: dict[str, Any]) -> None:
    """Change a delivery and raise its fence. Raises InputError where somebody changed it since it was read."""
    mine = (_D.id == row["id"], _D.state == row["state"], _D.fence == row["fence"])
    done = connection.execute(
        update(delivery_tables.deliveries).where(*mine).values(values | {"fence": row["fence"] + 1})
    )
    if not done.rowcount:
        raise InputError(f"delivery {_short(row)} was changed by somebody else just now: see `alerts deliveries`")


def _id(row: RowMapping) -> UUID:
    return UUID(str(row["id"]))


def _short(row: RowMapping) -> str:
    return str(row["id"])[:8]
