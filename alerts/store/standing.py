"""A commitment with its watches, as a forecast reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.rows import CHUNK, TRACKED, tracked_of
from alerts.store.watch_rows import COLUMNS
from alerts.store.watched_commitments import with_changes

_C, _W = tables.commitments.c, planning_tables.watches.c


@dataclass(frozen=True, slots=True)
class WatchedCommitment:
    """A commitment with its watches by rule and occurrence, and the time of a change that they have not seen."""

    tracked: Tracked
    watches: Mapping[tuple[str, str], Watch]
    changed_at: datetime | None


def watched_commitments(
    database: Database, *, changed_only: bool = False, only: Collection[int] | None = None
) -> Iterator[list[WatchedCommitment]]:
    """Yield commitments with their watches, in chunks, or `only` some."""
    last = 0
    query = TRACKED.add_columns(_C.changed_at).order_by(_C.id).limit(CHUNK)
    query = query.where(_C.changed_at.is_not(None)) if changed_only else query
    query = query.where(_C.id.in_(only)) if only is not None else query
    while True:
        with database.read() as connection:
            rows = connection.execute(query.where(_C.id > last)).mappings().all()
            ids = [row["id"] for row in rows]
            mine = select(*COLUMNS).where(_W.commitment_id.in_(ids))
            watches = [Watch(**row) for row in connection.execute(mine).mappings()]
            changed = with_changes(connection, watches)
            fresh = with_occurrences(connection, (tracked_of(row) for row in rows if row["id"] not in changed))
        if not rows:
            return
        last = ids[-1]
        by_id: dict[int, dict[tuple[str, str], Watch]] = defaultdict(dict)
        for watch in watches:
            by_id[watch.commitment_id][watch.rule, watch.occurrence] = watch
        tracked = changed | {item.id: item for item in fresh}
        yield [WatchedCommitment(tracked[row["id"]], by_id[row["id"]], row["changed_at"]) for row in rows]
        if len(rows) < CHUNK:
            return
