"""Where commitments stand in a listing: kept with each, so that a page of a million is found by an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, update

from alerts.core.stages import begins_at
from alerts.core.tracked import Tracked
from alerts.store import tables
from alerts.store.commitments_in_order import CLOSED, DATED, NO_OCCURRENCE
from alerts.store.occurrence_rows import with_occurrences
from alerts.store.rows import CHUNK, TRACKED
from alerts.store.watched_commitments import tracked_or_none

_C = tables.commitments.c
_PLACE = ("listed_rank", "listed_at", "listed_begins", "listed_ends")
_PUT = (
    update(tables.commitments)
    .where(_C.id == bindparam("_id"))
    .values({name: bindparam(name, type_=_C[name].type) for name in _PLACE})
)
_PUT_SETTLED = _PUT.values(changed_at=None)
_SOME_WITHOUT = TRACKED.where(tables.UNLISTED).order_by(_C.id).limit(CHUNK)
_SOME_WITHOUT = _SOME_WITHOUT.with_for_update(key_share=True, skip_locked=True, of=tables.commitments)


def put_places(connection: Connection, tracked: Iterable[Tracked], *, settled: bool = False) -> None:
    """Store the places of commitments as they stand; `settled`: all else that follows from their change is stored."""
    rows = [{"_id": item.id, **_place(item)} for item in with_occurrences(connection, tracked)]
    if rows:
        connection.execute(_PUT_SETTLED if settled else _PUT, sorted(rows, key=lambda row: row["_id"]))


def put_missing_places(connection: Connection) -> int:
    """Store the places of some commitments that an earlier version left without; return how many."""
    rows = connection.execute(_SOME_WITHOUT).mappings().all()
    found = [(row, tracked_or_none(row)) for row in rows]
    put_places(connection, (tracked for _, tracked in found if tracked))
    if unreadable := [_last(row["id"], row["recorded_at"]) for row, tracked in found if tracked is None]:
        connection.execute(_PUT, unreadable)
    return len(rows)


def _last(commitment_id: int, at: datetime) -> dict[str, Any]:
    """Return the place of what cannot be read: else each tick would try it again."""
    return {"_id": commitment_id, **dict.fromkeys(_PLACE), "listed_rank": NO_OCCURRENCE, "listed_at": at}


def _place(tracked: Tracked) -> Mapping[str, Any]:
    """Return what a place follows from at any time: the stage is what begins and ends at that time."""
    current = tracked.current
    bounds = current.bounds
    return {
        "listed_rank": CLOSED if not tracked.open else NO_OCCURRENCE if current.recurs else DATED,
        "listed_at": bounds.latest or bounds.comes_at or current.recorded_at,
        "listed_begins": begins_at(bounds),
        "listed_ends": bounds.latest,
    }
