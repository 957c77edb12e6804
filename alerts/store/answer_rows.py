"""Acknowledgements and snoozes as rows: who gave them, and what ends them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, delete, func, or_, select, tuple_, update

from alerts.core.tracked import Acknowledgement, OwnSnooze, Snooze, Tracked
from alerts.store import tables
from alerts.store.people import names
from alerts.store.rows import chunks, upsert

GRACE = timedelta(days=7)  # after an upgrade, for acknowledgements that had no end before (migration 0007)
NO_SNOOZE: dict[str, Any] = {"snoozed_by": None, "snoozed_at": None, "snoozed_until": None}
_O, _S = tables.occurrences.c, tables.snoozes.c
_OWN_SNOOZES = (
    select(tables.snoozes)
    .where(_S.commitment_id.in_(bindparam("ids", expanding=True)))
    .order_by(_S.until, _S.recipient)
)


def acknowledged(acknowledgement: Acknowledgement) -> dict[str, Any]:
    """Return the columns of an acknowledgement."""
    return {f"acknowledged_{name}": getattr(acknowledgement, name) for name in ("by", "at", "until", "stage", "ended")}


def snoozed(snooze: Snooze) -> dict[str, Any]:
    """Return the columns of a snooze for everybody."""
    return {f"snoozed_{name}": getattr(snooze, name) for name in ("by", "at", "until")}


def snooze_own(connection: Connection, tracked: Tracked, snooze: Snooze, recipient: str) -> None:
    """Store a snooze for one recipient; it replaces an earlier one."""
    values = {"by": snooze.by, "at": snooze.at, "until": snooze.until}
    row = {"commitment_id": tracked.id, "occurrence": tracked.occurrence, "recipient": recipient.lower(), **values}
    upsert(connection, tables.snoozes, ["commitment_id", "occurrence", "recipient"], [row])


def own_snoozes(connection: Connection, ids: Iterable[int]) -> dict[int, list[OwnSnooze]]:
    """Return the snoozes for single recipients, by commitment."""
    found: dict[int, list[OwnSnooze]] = {}
    for some in chunks(ids):
        rows = connection.execute(_OWN_SNOOZES, {"ids": some}).mappings().all()
        named = names(connection, {row["recipient"] for row in rows})
        for row in rows:
            stored = {name: row[name] for name in ("recipient", "occurrence", "by", "at", "until")}
            one = OwnSnooze(**stored, name=named.get(row["recipient"]))
            found.setdefault(row["commitment_id"], []).append(one)
    return found


def end_snoozes(connection: Connection, commitment_id: int, occurrence: str, now: datetime) -> None:
    """End the snoozes of an occurrence, or of a commitment with all occurrences, and release what they held."""
    if not occurrence:
        end_all_snoozes(connection, [commitment_id], now)
        return
    end_moved(connection, [(commitment_id, occurrence)], now)


def end_moved(connection: Connection, which: Sequence[tuple[int, str]], now: datetime) -> None:
    """End the snoozes of just these occurrences (`""`: of the commitment itself, but of no occurrence)."""
    if which:
        mine = tuple_(_O.commitment_id, _O.occurrence).in_(which)
        connection.execute(update(tables.occurrences).where(mine, _O.snoozed_until.is_not(None)).values(NO_SNOOZE))
        connection.execute(delete(tables.snoozes).where(tuple_(_S.commitment_id, _S.occurrence).in_(which)))
        release(connection, {one for one, _ in which}, now)


def end_all_snoozes(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """End the snoozes of commitments and of their occurrences."""
    held = update(tables.occurrences).where(_O.commitment_id.in_(ids), _O.snoozed_until.is_not(None))
    connection.execute(held.values(NO_SNOOZE))
    connection.execute(delete(tables.snoozes).where(_S.commitment_id.in_(ids)))
    release(connection, ids, now)


def withdraw_answers(connection: Connection, tracked: Tracked, now: datetime) -> None:
    """End the acknowledgement and the snoozes of an occurrence now, as if their time were over."""
    mine = (_O.commitment_id == tracked.id, _O.occurrence == tracked.occurrence)
    for at, until in ((_O.acknowledged_at, _O.acknowledged_until), (_O.snoozed_at, _O.snoozed_until)):
        held = update(tables.occurrences).where(*mine, at.is_not(None), or_(until.is_(None), until > now))
        connection.execute(held.values({until.name: now}))
    own = (_S.commitment_id == tracked.id, _S.occurrence == tracked.occurrence)
    connection.execute(delete(tables.snoozes).where(*own))
    release(connection, [tracked.id], now)


def graced(connection: Connection) -> tuple[int, datetime] | None:
    """Return how many acknowledgements the upgrade lets end a week after it, and when."""
    m, c = tables.meta.c, tables.commitments.c
    upgraded = connection.execute(select(m.at).where(m.name == "answers upgraded")).scalar()
    if upgraded is None:
        return None
    ends = upgraded + GRACE
    query = select(func.count()).select_from(tables.occurrences).join(tables.commitments, c.id == _O.commitment_id)
    held = query.where(_O.acknowledged_until == ends, _O.acknowledged_ended.is_(None), c.status == "open")
    count = connection.execute(held).scalar_one()
    return (count, ends) if count else None


def graced_keys(connection: Connection) -> set[tuple[str, str]]:
    """Return the commitments and occurrences whose acknowledgement ends a week after the upgrade."""
    found, c = graced(connection), tables.commitments.c
    if found is None:
        return set()
    query = select(c.key, _O.occurrence).join(tables.occurrences, c.id == _O.commitment_id)
    return set(connection.execute(query.where(_O.acknowledged_until == found[1])).tuples().all())


def release(connection: Connection, ids: Iterable[int], now: datetime) -> None:
    """Let the next claim check deliveries that were held for some commitments."""
    connection.execute(_release(), {"_ids": list(ids), "_now": now})


@cache
def _release() -> Update:
    """Return the statement that no longer holds deliveries of some commitments."""
    from alerts.store import delivery_tables, planning_tables  # an acknowledgement holds back none

    links, deliveries = delivery_tables.delivery_reminders.c, delivery_tables.deliveries
    reminders = planning_tables.reminders.c
    carry = select(links.delivery_id).join(planning_tables.reminders, reminders.id == links.reminder_id)
    carry = carry.where(reminders.commitment_id.in_(bindparam("_ids", expanding=True)))
    later = deliveries.c.held_until > bindparam("_now")
    held = update(deliveries).where(delivery_tables.OPEN, later, deliveries.c.id.in_(carry))
    return held.values(held_until=bindparam("_now", type_=deliveries.c.held_until.type))
