"""Rows of the tables as values of the core, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from alerts.core.commitments import Party, Source
from alerts.core.reminders import Reminder
from alerts.core.stated_values import STATED, commitment_of
from alerts.core.tracked import Acknowledgement, Revision, Snooze, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.store import tables
from alerts.store.conflict_clauses import insert_or_leave, insert_or_update
from alerts.store.event_deliveries import enqueue_events

T = TypeVar("T")
CHUNK = 500
KEYS_COMPARED = 10_000  # stored keys that a suggestion is looked up in


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut what is long into pieces that a statement can take."""
    pieces = iter(items)
    while piece := list(islice(pieces, size)):
        yield piece


def insert_new(connection: Connection, table: Any) -> Any:
    """An INSERT that leaves rows alone that are there already (`ON CONFLICT DO NOTHING`)."""
    return insert_or_leave(connection.dialect.name, table)


def upsert(connection: Connection, table: Any, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or bring those up to date that are there already."""
    if rows:
        names = tuple(name for name in rows[0] if name not in key)
        connection.execute(insert_or_update(connection.dialect.name, table, tuple(key), names), list(rows))


def add_missing(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose primary key is there already is passed over."""
    if rows:
        connection.execute(insert_new(connection, table), list(rows))


def bounds_columns(bounds: Bounds) -> dict[str, Any]:
    """The columns that hold the bounds of a commitment."""
    return {
        "bounds": bounds.to_json(),
        "earliest": bounds.earliest,
        "latest": bounds.latest,
        "fingerprint": bounds.fingerprint,
    }


_C, _O = tables.commitments.c, tables.occurrences.c
# The first of several changes is when the watches were last up to date.
CHANGED_AT = func.coalesce(_C.changed_at, bindparam("_changed_at", type_=_C.changed_at.type))
TRACKED = select(
    *(_C[name] for name in "id key status answer bounds bounds_version revision recorded_at stated_at".split()),
    *(_C[name] for name in STATED),
    _O.acknowledged_by,
    _O.acknowledged_at,
    _O.acknowledged_until,
    _O.acknowledged_stage,
    _O.acknowledged_ended,
    _O.snoozed_by,
    _O.snoozed_at,
    _O.snoozed_until,
).select_from(tables.commitments.outerjoin(tables.occurrences, (_O.commitment_id == _C.id) & (_O.occurrence == "")))
_BY_ID = TRACKED.where(_C.id.in_(bindparam("ids", expanding=True)))
_RAISE_SEQUENCE = update(tables.commitments).where(_C.id == bindparam("_id")).values(sequence=_C.sequence + 1)


def acknowledgement_of(row: RowMapping | Mapping[str, Any]) -> Acknowledgement | None:
    """The acknowledgement in a row, if there is one."""
    if row["acknowledged_at"] is None:
        return None
    names = ("by", "at", "until", "stage", "ended")
    return Acknowledgement(**{name: row[f"acknowledged_{name}"] for name in names})


def snooze_of(row: RowMapping | Mapping[str, Any]) -> Snooze | None:
    """The snooze for everybody in a row, if there is one."""
    if row["snoozed_until"] is None:
        return None
    return Snooze(**{name: row[f"snoozed_{name}"] for name in ("by", "at", "until")})


def tracked_of(row: RowMapping, changes: Iterable[Revision] = ()) -> Tracked:
    """A row of TRACKED as a value."""
    return Tracked(
        id=row["id"],
        commitment=commitment_of(row["key"], row["status"], {name: row[name] for name in STATED}),
        bounds=Bounds.from_json(row["bounds"]),
        bounds_version=row["bounds_version"],
        recorded_at=row["recorded_at"],
        stated_at=row["stated_at"],
        revision=row["revision"],
        answer=row["answer"],
        acknowledged=acknowledgement_of(row),
        snoozed=snooze_of(row),
        changes=tuple(changes),
    )


def fetch_tracked(connection: Connection, ids: Iterable[int]) -> dict[int, Tracked]:
    """Commitments by their id."""
    found: dict[int, Tracked] = {}
    for some in chunks(ids):
        rows = connection.execute(_BY_ID, {"ids": some}).mappings()
        found |= {row["id"]: tracked_of(row) for row in rows}
    return found


def revision_of(row: RowMapping) -> Revision:
    """A row of `revisions` as a value."""
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "commitment_id"}
    ends = {end: Bounds.from_json(row[end]) if row[end] else None for end in ("before", "after")}
    return Revision(**(values | ends | {"occurrence": row["occurrence"] or ""}))


def revision_row(commitment_id: int, revision: Revision) -> dict[str, Any]:
    """A revision as a row."""
    names: ReadOnlyColumnCollection[str, Any] = tables.revisions.c
    row = {name: getattr(revision, name) for name in names.keys() if name != "commitment_id"}  # noqa: SIM118
    ends = {end: row[end].to_json() if row[end] else None for end in ("before", "after")}
    return row | ends | {"commitment_id": commitment_id}


REMINDER = (
    "rule commitment_id occurrence bounds_version fingerprint kind moment send_at offset early catching_up revision "
    "first_revision skipped"
).split()


def reminder_of(row: RowMapping, key: str) -> Reminder:
    """A row of `reminders` as a value."""
    return Reminder(commitment=key, **{name: row[name] for name in REMINDER})


def party_of(row: RowMapping) -> Party:
    return Party(**row)


def source_of(row: RowMapping) -> Source:
    published = date.fromisoformat(row["published"]) if row["published"] else None
    return Source(**{**row, "published": published})


def source_row(source: Source) -> dict[str, Any]:
    published = source.published.isoformat() if source.published else None
    return {
        "key": source.key,
        "title": source.title,
        "publisher": source.publisher,
        "url": source.url,
        "published": published,
    }


def append_revisions(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add to the history, with an event for each subscriber; what calendars are sent from now on is newer."""
    if rows:
        connection.execute(insert(tables.revisions), rows)
        enqueue_events(connection, rows)
        raise_sequences(connection, {row["commitment_id"] for row in rows if row["number"] > 1})


def raise_sequences(connection: Connection, ids: Iterable[int]) -> None:
    """Raise the SEQUENCE of commitments, and so of all their occurrences (RFC 5545 §3.8.7.4)."""
    rows = [{"_id": one} for one in sorted(ids)]
    if rows:
        connection.execute(_RAISE_SEQUENCE, rows)
