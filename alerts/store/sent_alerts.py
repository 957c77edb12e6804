"""Alerts that were sent: what an answer is awaited to, and the watches that wait for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, Select, bindparam, case, func, or_, select, update

from alerts.core.schedule.watches import Watch
from alerts.core.tracked import SentAlert, Tracked
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.answer_rows import own_snoozes
from alerts.store.database import Database
from alerts.store.people import names
from alerts.store.rows import CHUNK
from alerts.store.rule_rows import rules_that_await_answers
from alerts.store.watch_rows import LOCK_ORDER

if TYPE_CHECKING:
    from alerts.core.awaited_answers import SentTo

_A, _C, _D, _L, _R, _V, _W = (
    table.c
    for table in (
        delivery_tables.attempts,
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        tables.revisions,
        planning_tables.watches,
    )
)
_ACCEPTED = (
    select(func.max(_A.ended_at, type_=_A.ended_at.type))
    .where(_A.delivery_id == _D.id, _A.outcome == "sent")
    .scalar_subquery()
)
# What came back was sent all the same, when the server took it. Nobody can answer it.
_SENT_AT = case((_D.state == "bounced", func.coalesce(_ACCEPTED, _D.ended_at)), else_=_D.ended_at)
_BOUNCED = case((_D.state == "bounced", _D.last_error), else_=None)
# UNSEEN is the condition of the partial index. SQLAlchemy compiles the column to `unseen = 1`, and for that, or
# for rows ordered by id, SQLite reads all deliveries instead. Locked rows are skipped, so any order will do.
_ANY_UNSEEN = select(_D.id).where(delivery_tables.UNSEEN).limit(1)
_UNSEEN = select(_D.id, _D.ended_at).where(delivery_tables.UNSEEN).limit(CHUNK).with_for_update(skip_locked=True)
_SEEN = update(delivery_tables.deliveries).where(_D.id.in_(bindparam("_ids", expanding=True))).values(unseen=False)
_CARRIED = (
    select(_L.delivery_id, _R.commitment_id, _R.occurrence)
    .distinct()
    .join(planning_tables.reminders, _R.id == _L.reminder_id)
    .where(_L.delivery_id.in_(bindparam("ids", expanding=True)))
    .order_by(_R.commitment_id, _R.occurrence)
)
_LOCK = (
    select(_C.id)
    .where(_C.id.in_(bindparam("ids", expanding=True)))
    .order_by(_C.id)
    .with_for_update(key_share=True, skip_locked=True)
)
_LOCK_WATCHES = (
    select(_W.commitment_id)
    .where(_W.commitment_id.in_(bindparam("ids", expanding=True)), _W.rule.in_(bindparam("rules", expanding=True)))
    .order_by(*LOCK_ORDER)
    .with_for_update()
)
REPORT = "unanswered"  # a report that nobody answers is no alert that waits for an answer
_WAKE = update(planning_tables.watches).where(
    _W.commitment_id == bindparam("_id"),
    or_(_W.occurrence == "", _W.occurrence == bindparam("_occurrence")),
    _W.rule == bindparam("_rule"),
    or_(_W.next_at.is_(None), _W.next_at > bindparam("_at", type_=_W.next_at.type)),
).values(next_at=bindparam("_at", type_=_W.next_at.type))  # fmt: skip
# When commitments and occurrences were last moved or reopened: what was sent before waits no longer.
_OCCURRENCE = func.coalesce(_V.occurrence, "")
_BEGAN = (
    select(_V.commitment_id, _OCCURRENCE, func.max(_V.recorded_at, type_=_V.recorded_at.type))
    .where(_V.commitment_id.in_(bindparam("ids", expanding=True)), _V.what.in_(("moved", "reopened")))
    .group_by(_V.commitment_id, _OCCURRENCE)
)
_HANDED_OVER = (
    _R.commitment_id.in_(bindparam("ids", expanding=True)), _R.kind != REPORT, _D.state.in_(("sent", "bounced")),
)  # fmt: skip
_SENT = (
    select(_R.commitment_id, _R.occurrence, _SENT_AT.label("sent_at"))
    .distinct()
    .join(delivery_tables.delivery_reminders, _L.reminder_id == _R.id)
    .join(delivery_tables.deliveries, _D.id == _L.delivery_id)
    .where(*_HANDED_OVER)
)
_SENT_TO = _SENT.add_columns(_D.channel, _D.recipient, _BOUNCED.label("bounced"))


def with_sent_alerts(
    connection: Connection, watches: Iterable[Watch], tracked: Mapping[int, Tracked], rules: Collection[str]
) -> Mapping[int, Tracked]:
    """Add to commitments what was sent and who has snoozed it, where one of the rules that await answers watches."""
    ids = {watch.commitment_id for watch in watches if watch.rule in rules}
    ids = {one for one in ids if one in tracked and tracked[one].open}
    if not ids:
        return tracked
    sent, snoozes = _sent(connection, ids), own_snoozes(connection, ids)
    found = {
        one: replace(tracked[one], sent_alerts=tuple(sent[one]), own_snoozes=tuple(snoozes.get(one, ()))) for one in ids
    }
    return {**tracked, **found}


def sent_to(connection: Connection, ids: Collection[int]) -> dict[int, list[SentTo]]:
    """Return the alerts that were sent about some commitments since their last move or reopening, and to whom."""
    from alerts.core.awaited_answers import SentTo  # only messages tell who was sent what

    found: dict[int, list[SentTo]] = defaultdict(list)
    rows = _rows(connection, _SENT_TO, ids) if ids else []
    known = names(connection, {row.recipient for row in rows})
    for row in rows:
        alert, name = SentAlert(occurrence=row.occurrence, at=row.sent_at), known.get(row.recipient)
        found[row.commitment_id].append(
            SentTo(recipient=row.recipient, channel=row.channel, alert=alert, name=name, bounced=row.bounced)
        )
    return found


def _sent(connection: Connection, ids: Collection[int]) -> dict[int, list[SentAlert]]:
    found: dict[int, list[SentAlert]] = defaultdict(list)
    for row in _rows(connection, _SENT, ids):
        found[row.commitment_id].append(SentAlert(occurrence=row.occurrence, at=row.sent_at))
    return found


def _rows(connection: Connection, query: Select[Any], ids: Collection[int]) -> list[Any]:
    rows = connection.execute(query, {"ids": list(ids)}).all()
    began = _began(connection, ids)
    return [row for row in rows if all(row.sent_at >= at for at in _about(began, row))]


def _about(began: Mapping[tuple[int, str], datetime], row: Any) -> list[datetime]:
    keys = {(row.commitment_id, ""), (row.commitment_id, row.occurrence)}
    return [began[key] for key in keys if key in began]


def _began(connection: Connection, ids: Collection[int]) -> dict[tuple[int, str], datetime]:
    return {(one, name): at for one, name, at in connection.execute(_BEGAN, {"ids": list(ids)}).tuples()}


def wake_for_sent(database: Database) -> int:
    """Wake the watches that await answers to alerts that have been sent since; return how many deliveries that were.

    What belongs to commitments that another process has locked is left to the next turn: settling updates watches with
    their commitments locked, too, so neither waits for what the other holds.
    """
    with database.read() as connection:
        if connection.execute(_ANY_UNSEEN).first() is None:
            return 0
    with database.write() as connection:
        rows = connection.execute(_UNSEEN).all()
        rules = rules_that_await_answers(connection)
        seen = {row.id: row.ended_at for row in rows}
        if rules:
            links, busy = _links(connection, seen)
            seen = {one: at for one, at in seen.items() if one not in busy}
            woken = [
                {"_rule": rule, "_id": one.commitment_id, "_occurrence": one.occurrence, "_at": seen[one.delivery_id]}
                for one in links if one.delivery_id in seen
                for rule in sorted(rules)
            ]  # fmt: skip
            if woken:
                connection.execute(_LOCK_WATCHES, {"ids": list({one["_id"] for one in woken}), "rules": list(rules)})
                connection.execute(_WAKE, woken)
        connection.execute(_SEEN, {"_ids": list(seen)})
    return len(seen)


def _links(connection: Connection, deliveries: Collection[UUID]) -> tuple[Sequence[Any], set[UUID]]:
    """Return what deliveries carry, and those with a commitment that another process has locked."""
    links = connection.execute(_CARRIED, {"ids": list(deliveries)}).all()
    locked = set(connection.execute(_LOCK, {"ids": list({link.commitment_id for link in links})}).scalars())
    return links, {link.delivery_id for link in links if link.commitment_id not in locked}
