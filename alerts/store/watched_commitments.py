"""Commitments with their changes, read for their watches; a broken one does not stop the others."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Revision, Tracked
from alerts.store import planning_tables, tables
from alerts.store.occurrence_rows import fetch_whole
from alerts.store.rows import revision_of, tracked_of
from alerts.store.rule_rows import rules_that_await_answers
from alerts.store.store_error import StoreError
from alerts.store.watch_rows import BY_KEY, key_parameters

log = logging.getLogger(__name__)
_V = tables.revisions.c
# Moves and ends that watches have not seen, in order. A series also needs its earlier bounds: a new watch, too, asks
# since when an occurrence has had those of its own.
_UNSEEN = (
    select(*(column for column in _V if column.name != "stated"))  # no watch needs the other stated fields
    .where(
        _V.commitment_id.in_(bindparam("ids", expanding=True)),
        _V.what.in_(("moved", "closed", "reopened")),
        or_(_V.number > bindparam("seen"), and_(_V.what == "moved", func.coalesce(_V.occurrence, "") == "")),
    )
    .order_by(_V.commitment_id, _V.number)
)
_FORGET = delete(planning_tables.watches).where(*BY_KEY)


def tracked_or_none(row: RowMapping) -> Tracked | None:
    """Return the commitment of a row, or None where it cannot be read."""
    try:
        return tracked_of(row)
    except Exception:
        log.exception("the data of %s cannot be read: no alerts go out for it", row["key"])
        return None


def readable(connection: Connection, watches: Sequence[Watch]) -> tuple[dict[int, Tracked], set[int]]:
    """Return the commitments of some watches, and the ids of those that cannot be read."""
    try:
        whole = fetch_whole(connection, {watch.commitment_id for watch in watches})
        return dict(with_changes(connection, watches, whole, rules_that_await_answers(connection))), set()
    except (SQLAlchemyError, StoreError):
        raise
    except Exception:
        ids = {watch.commitment_id for watch in watches}
        if len(ids) == 1:
            log.exception("the data of commitment %s cannot be read; again in an hour", *ids)
            return {}, ids
    found: dict[int, Tracked] = {}
    broken: set[int] = set()
    for one in ids:
        its, bad = readable(connection, [watch for watch in watches if watch.commitment_id == one])
        found |= its
        broken |= bad
    return found, broken


def with_changes(
    connection: Connection, watches: Sequence[Watch], tracked: Mapping[int, Tracked], await_answers: Collection[str]
) -> Mapping[int, Tracked]:
    """Return commitments with moves and ends that one of their watches has not seen, and what was sent.

    `await_answers` are the rules that need what was sent.
    """
    found = _with_unseen_changes(connection, watches, tracked)
    if not any(watch.rule in await_answers for watch in watches):
        return found
    from alerts.store.sent_alerts import with_sent_alerts  # it reads the outbox, which most commitments do not need

    return with_sent_alerts(connection, watches, found, await_answers)


def _with_unseen_changes(
    connection: Connection, watches: Sequence[Watch], tracked: Mapping[int, Tracked]
) -> Mapping[int, Tracked]:
    seen: dict[int, int] = {}
    for watch in watches:
        item = tracked[watch.commitment_id]
        is_new_series = item.recurs and watch.fingerprint is None and item.revision > 1
        if watch.revision < item.revision or is_new_series:
            seen[watch.commitment_id] = min(watch.revision, seen.get(watch.commitment_id, watch.revision))
    if not seen:
        return tracked
    changes: dict[int, list[Revision]] = defaultdict(list)
    for row in connection.execute(_UNSEEN, {"ids": list(seen), "seen": min(seen.values())}).mappings():
        if row["number"] > seen[row["commitment_id"]] or row["what"] == "moved":
            changes[row["commitment_id"]].append(revision_of(row))
    return {**tracked} | {one: replace(tracked[one], changes=tuple(found)) for one, found in changes.items()}


def occurrence_of(tracked: Tracked, name: str) -> Tracked | None:
    """Return one occurrence, or None where a move removed it."""
    recurs = tracked.bounds.recurrence
    return tracked.at(name) if not name or (recurs and recurs.has(name)) else None


def watched_pairs(watches: Iterable[Watch], tracked: Mapping[int, Tracked]) -> list[tuple[Watch, Tracked]]:
    """Return watches with their commitments, without those that are gone or cannot be read."""
    whole = [(watch, tracked.get(watch.commitment_id)) for watch in watches]
    found = [(watch, occurrence_of(item, watch.occurrence)) for watch, item in whole if item is not None]
    return [(watch, item) for watch, item in found if item is not None]


def forget_occurrences(connection: Connection, watches: Iterable[Any], tracked: Mapping[int, Tracked]) -> None:
    """Remove watches of occurrences that a move removed."""
    gone = [
        key_parameters(watch)
        for watch in watches
        if watch.occurrence
        and (whole := tracked.get(watch.commitment_id)) is not None
        and occurrence_of(whole, watch.occurrence) is None
    ]
    if gone:
        connection.execute(_FORGET, gone)
