"""What a calendar feed shows: commitments with their occurrences, UIDs and last revisions, some hundred at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from alerts.core.icalendar import FeedEntry
from alerts.core.tracked import Tracked
from alerts.store import tables
from alerts.store.calendar_uids import installation_id
from alerts.store.database import Database
from alerts.store.feeds import FeedFilter
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.rows import TRACKED, chunks, tracked_of

_C, _R, _U = tables.commitments.c, tables.revisions.c, tables.calendar_uids.c
_LAST_REVISION = and_(_R.commitment_id == _C.id, _R.number == _C.revision)
_REVISED_AT = func.coalesce(_R.recorded_at, _C.recorded_at, type_=_C.recorded_at.type).label("revised_at")
_ROWS = TRACKED.add_columns(_C.sequence, _REVISED_AT).outerjoin(tables.revisions, _LAST_REVISION)


def contents(database: Database, shown: FeedFilter, ended_since: datetime) -> Iterator[FeedEntry]:
    """Yield what is open, and what was closed since then, the earliest deadline first and series before the rest."""
    with database.look() as connection:
        installation = installation_id(connection)
        for ids in chunks(_ids(connection, shown, ended_since)):
            yield from _entries(connection, ids, installation)


def _ids(connection: Connection, shown: FeedFilter, ended_since: datetime) -> list[int]:
    """Return the ids of what a feed shows; of all rows only what it asks for is read."""
    query = select(_C.id, _C.tags, _C.by, _C.to).outerjoin(tables.revisions, _LAST_REVISION)
    query = query.where(or_(_C.status == "open", _REVISED_AT.element >= ended_since))
    if shown.owners:
        query = query.where(_C.owner.in_(shown.owners))
    if shown.priorities:
        query = query.where(_C.priority.in_(shown.priorities))
    query = query.order_by(func.coalesce(_C.latest, _C.earliest).nulls_first(), _C.id)
    return [
        row.id
        for row in connection.execute(query)
        if (not shown.tags or not {*shown.tags}.isdisjoint(row.tags))
        and (not shown.parties or not {*shown.parties}.isdisjoint((*row.by, *row.to)))
    ]


def _entries(connection: Connection, ids: Sequence[int], installation: str) -> Iterator[FeedEntry]:
    rows = {row["id"]: row for row in connection.execute(_ROWS.where(_C.id.in_(ids))).mappings()}
    found = with_occurrences(connection, [tracked_of(rows[one]) for one in ids if one in rows])
    uids = _kept_uids(connection, ids)
    ended = _ended(connection, found)
    for one in found:
        yield FeedEntry(
            tracked=one,
            installation=installation,
            sequence=rows[one.id]["sequence"],
            revised_at=rows[one.id]["revised_at"],
            kept_uids=uids.get(one.id, {}),
            ended=ended.get(one.id, {}),
        )


def _kept_uids(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, str]]:
    kept: dict[int, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(select(tables.calendar_uids).where(_U.commitment_id.in_(ids))):
        kept[row.commitment_id][row.occurrence] = row.uid
    return kept


def _ended(connection: Connection, found: Collection[Tracked]) -> dict[int, dict[str, datetime]]:
    """Return when single occurrences were closed; only what has a closed one needs a query."""
    ids = [one.id for one in found if any(state.status != "open" for state in one.occurrences.values())]
    if not ids:
        return {}
    ended: dict[int, dict[str, datetime]] = defaultdict(dict)
    closed = (_R.commitment_id.in_(ids), _R.what == "closed", _R.occurrence.is_not(None))
    query: Any = select(_R.commitment_id, _R.occurrence, _R.recorded_at).where(*closed).order_by(_R.number)
    for row in connection.execute(query):
        ended[row.commitment_id][row.occurrence] = row.recorded_at
    return ended
