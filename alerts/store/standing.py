"""A commitment with its watches, as a forecast reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select

from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.rows import CHUNK, TRACKED, chunks, tracked_of
from alerts.store.rule_rows import rules_that_await_answers
from alerts.store.watch_rows import COLUMNS
from alerts.store.watched_commitments import with_changes

_C, _W = tables.commitments.c, planning_tables.watches.c
_QUERY = TRACKED.add_columns(_C.changed_at).order_by(_C.id)
_BY_ID = _QUERY.where(_C.id.in_(bindparam("ids", expanding=True)))
_WATCHES = select(*COLUMNS).where(_W.commitment_id.in_(bindparam("ids", expanding=True)))


@frozen
class WatchedCommitment:
    """A commitment with its watches by rule and occurrence, and the time of a change that they have not seen."""

    tracked: Tracked
    watches: Mapping[tuple[str, str], Watch]
    changed_at: datetime | None


def watched_commitments(
    database: Database,
    *,
    changed_only: bool = False,
    only: Collection[int] | None = None,
    new_before: datetime | None = None,
) -> Iterator[list[WatchedCommitment]]:
    """Yield commitments with their watches, in chunks, or `only` some.

    `new_before`: of new ones, those whose dates begin before then, or are not known.
    """
    if only is not None:
        for some in chunks(sorted(only)):
            with database.read() as connection:
                yield _watched(connection, _BY_ID, {"ids": some}, rules_that_await_answers(connection))
        return
    last = 0
    query = _QUERY.where(_C.changed_at.is_not(None)) if changed_only else _QUERY
    if new_before is not None:
        begins = func.coalesce(_C.earliest, _C.latest)
        query = query.where(or_(_C.revision > 1, begins.is_(None), begins < new_before))
    while True:
        with database.read() as connection:
            await_answers = rules_that_await_answers(connection)
            found = _watched(connection, query.where(_C.id > last).limit(CHUNK), {}, await_answers)
        if found:
            yield found
        if len(found) < CHUNK:
            return
        last = found[-1].tracked.id


def fetch_watched(
    connection: Connection, ids: Collection[int], await_answers: Collection[str]
) -> dict[int, WatchedCommitment]:
    """Return commitments with their watches by id. `await_answers` are the rules that report what nobody answers."""
    parts = ({"ids": some} for some in chunks(ids))
    return {one.tracked.id: one for part in parts for one in _watched(connection, _BY_ID, part, await_answers)}


def _watched(
    connection: Connection, query: Select[Any], values: Mapping[str, Any], await_answers: Collection[str]
) -> list[WatchedCommitment]:
    rows = connection.execute(query, values).mappings().all()
    whole = {one.id: one for one in with_occurrences(connection, map(tracked_of, rows))}
    watches = [Watch(**row) for row in connection.execute(_WATCHES, {"ids": list(whole)}).mappings()]
    tracked = with_changes(connection, watches, whole, await_answers)
    by_id: dict[int, dict[tuple[str, str], Watch]] = defaultdict(dict)
    for watch in watches:
        by_id[watch.commitment_id][watch.rule, watch.occurrence] = watch
    return [WatchedCommitment(tracked[row["id"]], by_id[row["id"]], row["changed_at"]) for row in rows]
