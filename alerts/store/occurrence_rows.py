"""Single occurrences of a series as rows: acknowledged, closed or moved by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, delete, or_, select, tuple_, update

from alerts.core.tracked import Occurrence, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.stored_references import references_in
from alerts.store import answer_rows, tables
from alerts.store.rows import (
    acknowledgement_of,
    chunks,
    fetch_tracked,
    raise_sequences,
    snooze_of,
    tracked_of,
    upsert,
)

_O = tables.occurrences.c
KEY = ("commitment_id", "occurrence")
_SINGLE = (_O.commitment_id.in_(bindparam("ids", expanding=True)), _O.occurrence != "")
_OCCURRENCES = select(tables.occurrences).where(*_SINGLE)
_NAMES = select(_O.commitment_id, _O.occurrence).where(*_SINGLE)
_MOVED = select(tables.occurrences).where(
    _O.commitment_id.in_(bindparam("ids", expanding=True)), _O.deadline.is_not(None)
)


def with_occurrences(connection: Connection, tracked: Iterable[Tracked]) -> list[Tracked]:
    """Return commitments with the state of their occurrences; only series need a query."""
    tracked = list(tracked)
    return _joined(tracked, _single_rows(connection, (item.id for item in tracked if item.recurs)))


def occurrences_of(connection: Connection, rows: Iterable[RowMapping]) -> list[RowMapping]:
    """Return the rows of the occurrences of some commitments, which are rows of TRACKED."""
    return _single_rows(connection, (row["id"] for row in rows if "recurrence" in row["bounds"]))


def build(
    rows: Iterable[RowMapping],
    occurrences: Iterable[RowMapping],
    make: Callable[[RowMapping], Tracked | None] = tracked_of,
) -> list[Tracked]:
    """Make commitments of rows, after the transaction in which these were read: it takes longer than to read them.

    Those of which `make` returns None are left out.
    """
    return _joined([one for one in map(make, rows) if one is not None], occurrences)


def _single_rows(connection: Connection, ids: Iterable[int]) -> list[RowMapping]:
    return [row for some in chunks(ids) for row in connection.execute(_OCCURRENCES, {"ids": some}).mappings()]


def _joined(tracked: Sequence[Tracked], rows: Iterable[RowMapping]) -> list[Tracked]:
    found: dict[int, dict[str, Occurrence]] = defaultdict(dict)
    for row in rows:
        found[row["commitment_id"]][row["occurrence"]] = _occurrence(row)
    return [replace(item, occurrences=found[item.id]) if item.id in found else item for item in tracked]


def fetch_whole(connection: Connection, ids: Iterable[int]) -> dict[int, Tracked]:
    """Return commitments by id, with the state of their occurrences."""
    return {item.id: item for item in with_occurrences(connection, fetch_tracked(connection, ids).values())}


def note(connection: Connection, tracked: Tracked, occurrence: str, **values: Any) -> None:
    """Store the state of an occurrence (of the commitment itself, if the name is empty)."""
    row = {"commitment_id": tracked.id, "occurrence": occurrence, **values}
    upsert(connection, tables.occurrences, KEY, [row])


def end_acknowledgements(connection: Connection, moved: Sequence[tuple[Tracked, Bounds]], now: datetime) -> None:
    """End acknowledgements and snoozes after a move: a person who has seen the old date has not seen the new one.

    Alerts that were silenced until now stay silenced. An occurrence stays closed, and acknowledged if its own bounds
    are the same. The row of an occurrence that is gone stays until the next turn: the move may be reverted by then.
    """
    ended: list[tuple[int, str]] = []
    for old, bounds in _with_occurrences(connection, moved):
        ended.append((old.id, ""))
        for name, here in old.occurrences.items():
            after = _fingerprint_of(bounds, name)
            if after is None or (here.bounds is None and after != _fingerprint_of(old.bounds, name)):
                ended.append((old.id, name))
    for some in chunks(ended):
        end_acknowledgement(connection, tuple_(*(_O[name] for name in KEY)).in_(some), now)
        answer_rows.end_moved(connection, some, now)


def forget(connection: Connection, tracked: Iterable[Tracked]) -> None:
    """Remove the rows of occurrences that a move removed."""
    here = {item.id: item for item in tracked}
    for some in chunks(here):
        rows = connection.execute(_NAMES, {"ids": some})
        gone = [tuple(row) for row in rows if _fingerprint_of(here[row[0]].bounds, row[1]) is None]
        for few in chunks(gone):
            connection.execute(delete(tables.occurrences).where(tuple_(*(_O[name] for name in KEY)).in_(few)))


def end_acknowledgement(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """End acknowledgements now."""
    later = or_(_O.acknowledged_ended.is_(None), _O.acknowledged_ended > now)
    held = update(tables.occurrences).where(which, _O.acknowledged_at.is_not(None), later)
    connection.execute(held.values(acknowledged_ended=now))


def _with_occurrences(connection: Connection, moved: Sequence[tuple[Tracked, Bounds]]) -> list[tuple[Tracked, Bounds]]:
    old = with_occurrences(connection, [tracked for tracked, _ in moved])
    return [(tracked, bounds) for tracked, (_, bounds) in zip(old, moved, strict=True)]


def resolve_again(
    connection: Connection, tracked: Iterable[tuple[Tracked, Callable[[str], Bounds]]], now: datetime
) -> None:
    """Resolve occurrences that were moved by hand anew: the zone or calendars of the series may differ now."""
    ways = {item.id: resolve for item, resolve in tracked if item.recurs}
    for some in chunks(ways):
        for row in connection.execute(_MOVED, {"ids": some}).mappings().all():
            if references_in(row["deadline"]):  # it follows another one
                continue
            bounds = ways[row["commitment_id"]](row["deadline"])
            if bounds.to_json() == row["bounds"]:
                continue
            which = and_(_O.commitment_id == row["commitment_id"], _O.occurrence == row["occurrence"])
            values: dict[str, Any] = {"bounds": bounds.to_json()}
            if bounds.fingerprint != Bounds.from_json(row["bounds"]).fingerprint:
                values |= {"stated_at": now, "version": row["version"] + 1}
                raise_sequences(connection, [row["commitment_id"]])  # there may be no revision that raises it
            connection.execute(update(tables.occurrences).where(which).values(values))


def one(tracked: Tracked, occurrence: str) -> ColumnElement[bool]:
    """Return the condition for the row of one occurrence."""
    return and_(_O.commitment_id == tracked.id, _O.occurrence == occurrence)


def _fingerprint_of(bounds: Bounds, name: str) -> str | None:
    """Return the fingerprint of an occurrence, or None if there is none of that name."""
    recurs = bounds.recurrence
    return occurrence_bounds(bounds, name).fingerprint if recurs and recurs.has(name) else None


def _occurrence(row: RowMapping | Mapping[str, Any]) -> Occurrence:
    return Occurrence(
        status=row["status"] or "open",
        answer=row["answer"],
        bounds=Bounds.from_json(row["bounds"]) if row["bounds"] else None,
        version=row["version"],
        reopened=row["reopened"],
        stated_at=row["stated_at"],
        history_since=row["history_since"],
        acknowledged=acknowledgement_of(row),
        snoozed=snooze_of(row),
        follows=row["deadline"] is not None and bool(references_in(row["deadline"])),
    )
