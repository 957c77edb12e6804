"""Settle the watches: bring them up to date with changed commitments and changed rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, bindparam, case, delete, exists, func, or_, select, update

from alerts.core.rules import Rule, matching
from alerts.core.tracked import Tracked
from alerts.store import occurrence_rows, planning_tables, tables
from alerts.store.database import Database
from alerts.store.listed_places import put_missing_places, put_places
from alerts.store.new_watches import FirstEvaluation, new_watch_row
from alerts.store.outbox.held_back import release_changed
from alerts.store.rows import CHUNK, TRACKED, insert_new
from alerts.store.rule_rows import keep_rules, registered_rules
from alerts.store.sent_alerts import wake_for_sent
from alerts.store.watch_rows import LOCK_ORDER
from alerts.store.watched_commitments import forget_occurrences, tracked_or_none

_W, _R, _C = planning_tables.watches.c, planning_tables.rules.c, tables.commitments.c
PAIRS = CHUNK  # of a commitment and a rule in one transaction, at most
FEWEST = 50  # commitments in one transaction: each reads all rules, and of many rules few match a commitment
Stale = Sequence[tuple[Tracked, datetime]]  # commitments, and since when their watches are outdated
_WHOLE = (_W.rule == bindparam("_rule"), _W.commitment_id == bindparam("_id"))  # with its occurrences
_MOST = bindparam("most", type_=Integer)
_WAITING = and_(_C.changed_at.is_not(None), _C.id.not_in(bindparam("unread", expanding=True)))
# Each turn asks these, so they are built once.
_ANY_CHANGED = select(1).where(or_(exists().where(_WAITING), exists().where(tables.UNLISTED)))
_RULES_COUNT = select(func.count()).where(~_R.ending)
_ANY_RULE = select(1).where(_R.settled_to.is_not(None)).limit(1)
_CHANGED = (
    TRACKED.add_columns(_C.changed_at)
    .where(_WAITING)
    .order_by(_C.changed_at)
    .limit(_MOST)
    # What another replica has locked is skipped. SQLite has one writer, and no such clause. One that settles a rule
    # adds watches of the same commitments: with `key_share` it need not wait for us, while we wait for its watch.
    .with_for_update(key_share=True, skip_locked=True, of=tables.commitments)
)
_NEXT_RULES = (
    select(_R.name, _R.settled_to, _R.registered_at)
    .where(_R.settled_to.is_not(None))
    .order_by(_R.settled_to, _R.name)
    .with_for_update(skip_locked=True, of=planning_tables.rules)
)
_NEXT_COMMITMENTS = select(_C.id, _C.changed_at).where(_C.id > bindparam("last")).order_by(_C.id).limit(_MOST)
# Locked before they are read. One that another replica settles now may get no watch of a rule that is new.
_NEW = (
    select(_C.id)
    .where(
        _C.id.in_(bindparam("ids", expanding=True)),
        _C.changed_at.is_not(None),
        ~exists().where(_W.commitment_id == _C.id),
    )
    .order_by(_C.id)
    .with_for_update(key_share=True, skip_locked=True, of=tables.commitments)
)
_THESE = TRACKED.add_columns(_C.changed_at).where(_C.id.in_(bindparam("ids", expanding=True))).order_by(_C.id)
_TRY_AGAIN = (
    update(tables.commitments)
    .where(_C.id.in_(bindparam("_ids", expanding=True)), _C.changed_at.is_(None))
    .values(changed_at=bindparam("_at"))
)
_SETTLE_TO = (
    update(planning_tables.rules)
    .where(_R.name.in_(bindparam("_names", expanding=True)))
    .values(settled_to=bindparam("_last"))
)
_WATCHES = (
    select(_W.rule, _W.commitment_id, _W.occurrence, _W.fingerprint, _W.revision)
    .where(_W.commitment_id.in_(bindparam("ids", expanding=True)), _W.rule.in_(bindparam("rules", expanding=True)))
    .order_by(*LOCK_ORDER)
    .with_for_update()
)
_WAKE = update(planning_tables.watches).where(*_WHOLE).values(next_at=bindparam("_since"))
_WAKE_FOR_RULE = _WAKE.values(
    changed=True,
    # A watch that was never evaluated keeps its start.
    since=case((_W.cursor.is_(None), _W.since), else_=bindparam("_since", type_=_W.since.type)),
)
_REMOVE = delete(planning_tables.watches).where(*_WHOLE)


@dataclass(frozen=True, slots=True)
class _Changes:
    """Rows of watches that are missing, and the keys of those to wake and to remove."""

    new: list[dict[str, Any]] = field(default_factory=list)
    wake: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)


def settle(database: Database, first: FirstEvaluation | None = None) -> Iterator[int]:
    """Update the watches after changes, and wake those that await answers; yield the size of each batch.

    With `first`, new watches that send nothing yet are stored as evaluated; without it, all new watches are due.
    """
    count, since_pause, unread = 0, 0, set[int]()  # the next turn tries unreadable ones again
    # Rules first: they settle what is new with it, so nothing is left to do for it.
    while done := _settle_rules(database, first) or _settle_changed(database, unread, first) + wake_for_sent(database):
        count += done
        since_pause += done
        yield done
        if since_pause >= CHUNK:
            database.give_way()
            since_pause = 0
    if count >= CHUNK:
        # Else a claim would be planned as if there were few watches: each took two seconds of 20,000.
        for table in ("commitments", "watches"):
            database.analyze(table)


def _most(connection: Connection) -> int:
    """Return how many commitments a batch has: the more rules there are, the fewer."""
    return min(CHUNK, max(FEWEST, PAIRS // max(1, connection.execute(_RULES_COUNT).scalar_one())))


def _settle_changed(database: Database, unread: set[int], first: FirstEvaluation | None) -> int:
    if not _any(database, _ANY_CHANGED, unread=list(unread)):
        return 0
    with database.write() as connection:
        keep_rules(connection)
        rows = connection.execute(_CHANGED, {"unread": list(unread), "most": _most(connection)}).mappings().all()
        if not rows:
            return put_missing_places(connection)
        rules = registered_rules(connection)
        stale = [(tracked, row["changed_at"]) for row in rows if (tracked := tracked_or_none(row))]
        _settle_commitments(connection, rules, stale, first and first.of_registered(connection))
        unread |= {row["id"] for row in rows} - {tracked.id for tracked, _ in stale}
    return len(rows)


def _settle_commitments(
    connection: Connection, rules: Sequence[Rule], stale: Stale, first: FirstEvaluation | None
) -> None:
    """Bring all that follows from changed commitments up to date; they are locked."""
    _keep_watches(connection, rules, rules, stale, changed=False, first=first)
    commitments = [tracked for tracked, _ in stale]
    occurrence_rows.forget(connection, commitments)
    release_changed(connection, [tracked.id for tracked in commitments])
    put_places(connection, commitments, settled=True)


def _settle_rules(database: Database, first: FirstEvaluation | None) -> int:
    """Match changed rules with all commitments once, a batch at a time, and settle those that are new with it."""
    if not _any(database, _ANY_RULE):
        return 0
    with database.write() as connection:
        keep_rules(connection)
        next_rule, *more = connection.execute(_NEXT_RULES).all() or (None,)
        if next_rule is None:
            return 0
        most, since = _most(connection), next_rule.registered_at
        names = [next_rule.name, *(row.name for row in more if row[1:] == next_rule[1:])]
        found = connection.execute(_NEXT_COMMITMENTS, {"last": next_rule.settled_to, "most": most}).all()
        changed = [row.id for row in found if row.changed_at]
        new = set(connection.execute(_NEW, {"ids": changed}).scalars()) if changed else set()
        rows = connection.execute(_THESE, {"ids": [row.id for row in found]}).mappings().all()
        rules = registered_rules(connection)
        mine = [rule for rule in rules if rule.name in names]
        tracked = [(row, item) for row in rows if (item := tracked_or_none(row))]
        unread = {row["id"] for row in rows} - {item.id for _, item in tracked}
        if unread:  # first: nobody waits for a commitment who holds a watch
            connection.execute(_TRY_AGAIN, {"_ids": list(unread), "_at": since})
        stale = [(item, row["changed_at"]) for row, item in tracked if item.id in new]
        if new:
            _settle_commitments(connection, rules, stale, first and first.of_registered(connection, names))
        others = [(item, since) for _, item in tracked if item.id not in new]
        _keep_watches(connection, mine, rules, others, changed=True)
        connection.execute(_SETTLE_TO, {"_names": names, "_last": found[-1].id if len(found) == most else None})
    return len(found) or 1  # not zero: a rule was settled, even without commitments


def _any(database: Database, query: Select[Any], **values: Any) -> bool:
    with database.read() as connection:
        return connection.execute(query, values).first() is not None


def _keep_watches(
    connection: Connection,
    mine: Sequence[Rule],
    rules: Sequence[Rule],
    stale: Stale,
    *,
    changed: bool,
    first: FirstEvaluation | None = None,
) -> None:
    """Add missing watches, wake existing ones, and remove those of rules that no longer match."""
    if not stale:
        return
    ids = [tracked.id for tracked, _ in stale]
    found = connection.execute(_WATCHES, {"ids": ids, "rules": [rule.name for rule in mine]}).all()
    forget_occurrences(connection, found, {tracked.id: tracked for tracked, _ in stale})
    stale = sorted(stale, key=lambda one: one[0].id)  # all replicas lock rows in one order
    changes = _changes(found, mine, rules, stale, first)
    if changes.new:
        connection.execute(insert_new(connection, planning_tables.watches), changes.new)
    if changes.wake:
        connection.execute(_WAKE_FOR_RULE if changed else _WAKE, changes.wake)
    if changes.gone:
        connection.execute(_REMOVE, changes.gone)


def _changes(
    found: Sequence[Any], mine: Sequence[Rule], rules: Sequence[Rule], stale: Stale, first: FirstEvaluation | None
) -> _Changes:
    """Compare the watches that were found with the rules that match."""
    here = {(row.rule, row.commitment_id): (row.fingerprint, row.revision) for row in found if not row.occurrence}
    changes = _Changes()
    for tracked, since in stale:
        matched = {rule.name for rule in matching(rules, tracked.commitment)}
        # A rule that takes over from another also sends the alert of the move that caused it.
        left = [rule.name for rule in mine if (rule.name, tracked.id) in here and rule.name not in matched]
        seen = here[left[0], tracked.id] if left else None
        for rule in mine:
            pair = (rule.name, tracked.id)
            if rule.name in matched and pair not in here and tracked.open:
                changes.new.append(new_watch_row(rule.name, tracked, since, seen, first))
            elif rule.name in matched and pair in here:
                changes.wake.append({"_rule": pair[0], "_id": pair[1], "_since": since})
            elif pair in here:
                changes.gone.append({"_rule": pair[0], "_id": pair[1]})
    return changes
