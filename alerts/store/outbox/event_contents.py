"""The changes that deliveries of events are about, each with its commitment before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    tracked = connection.execute(TRACKED.where(_C.key.in_(about))).mappings().all()
    history = _history(connection, [now["id"] for now in tracked])
    for now in tracked:
        wanted = about[now["key"]]
        known = [one for one in history[now["id"]] if one.number <= max(wanted)]
        for before, revision, after in _steps(tracked_of(now), known):
            for row in wanted.get(revision.number, ()):
                found[row["id"]] = ChangeEvent(
                    name=row["event"]["name"],
                    revision=revision,
                    before=before and _about(before, revision.occurrence),
                    after=_about(after, revision.occurrence),
                )
    return found


def _history(connection: Connection, ids: Sequence[int]) -> Mapping[int, Sequence[Revision]]:
    """Return the revisions of commitments, oldest first."""
    found: dict[int, list[Revision]] = defaultdict(list)
    query = select(tables.revisions).where(_R.commitment_id.in_(ids)).order_by(_R.commitment_id, _R.number)
    for row in connection.execute(query).mappings():
        found[row["commitment_id"]].append(revision_of(row))
    return found


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
