"""The changes that deliveries of events are about, each with its commitment before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from alerts.core.change_events import ChangeEvent
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.errors import InputError
from alerts.store import tables
from alerts.store.as_of import stood
from alerts.store.rows import TRACKED, revision_of, tracked_of

_C, _R = tables.commitments.c, tables.revisions.c


def events_of(connection: Connection, rows: Iterable[Any]) -> dict[UUID, ChangeEvent]:
    """Return the event of each delivery that is about one, from the history of its commitment."""
    about: dict[str, dict[int, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["event"] is not None:
            about[row["event"]["key"]][row["event_revision"]].append(row)
    if not about:
        return {}
    found: dict[UUID, ChangeEvent] = {}
    for now in connection.execute(TRACKED.where(_C.key.in_(about))).mappings().all():
        wanted = about[now["key"]]
        for before, revision, after in _steps(tracked_of(now), _history(connection, now["id"], max(wanted))):
            for row in wanted.get(revision.number, ()):
                found[row["id"]] = ChangeEvent(
                    name=row["event"]["name"],
                    revision=revision,
                    before=before and _about(before, revision.occurrence),
                    after=_about(after, revision.occurrence),
                )
    return found


def _history(connection: Connection, commitment_id: int, last: int) -> Sequence[Revision]:
    query = select(tables.revisions).where(_R.commitment_id == commitment_id, _R.number <= last).order_by(_R.number)
    return [revision_of(row) for row in connection.execute(query).mappings()]


def _steps(now: Tracked, history: Sequence[Revision]) -> Iterator[tuple[Tracked | None, Revision, Tracked]]:
    """Yield each revision with what stood before and after it."""
    before: Tracked | None = None
    for revision, after in zip(history, stood(now, history), strict=True):
        yield before, revision, after
        before = after


def _about(one: Tracked, occurrence: str) -> Tracked:
    """Return the occurrence of a revision; the whole, where it did not have it."""
    try:
        return one.at(occurrence)
    except InputError:
        return one
