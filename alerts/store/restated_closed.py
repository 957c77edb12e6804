"""What is closed and a file states anew: it stays closed and is named, until somebody decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from alerts.core.changes import Report, RestatedEntry, StatedCommitment
from alerts.core.stated_values import stated
from alerts.store import tables
from alerts.store.rows import chunks

LEFT = ""  # instead of the file of what is closed and has left it
_C = tables.commitments.c


def noted(connection: Connection) -> set[str]:
    """Return the keys of what was named before: few, so that a load need not look at each of its entries for them."""
    return set(connection.execute(select(_C.key).where(_C.restated.is_not(None))).scalars())


def note(
    connection: Connection, entries: Mapping[str, StatedCommitment], report: Report, before: Collection[str]
) -> None:
    """Keep what a load has named, and forget what was named `before` and is decided, or stated as ever."""
    named = {one.key: one for one in report.restated}
    for some in chunks(key for key in before if key in entries and key not in named):
        gone = update(tables.commitments).where(_C.key.in_(some), _C.restated.is_not(None))
        connection.execute(gone.values(restated=None))
    rows: list[dict[str, Any]] = [
        {"_key": key, "restated": asdict(one) | {"file": entries[key].file}} for key, one in named.items()
    ]
    mine = update(tables.commitments).where(_C.key == bindparam("_key"), _C.status != "open")
    if rows:
        connection.execute(mine.values(restated=bindparam("restated")), rows)
    kept = [entries[key] for key in report.kept]
    if kept:
        names: dict[str, Any] = {name: bindparam(name) for name in ("loaded", "loaded_from")}
        values = [
            {"_key": one.commitment.key, "loaded": stated(one.commitment), "loaded_from": one.file or LEFT}
            for one in kept
        ]
        connection.execute(mine.values(names), values)


def count_unchanged(report: Report) -> int:
    """How many were reopened with nothing else to change: these are not counted as unchanged."""
    return len({*report.reopened} - {*report.edited} - {move.key for move in report.moved})


def note_left(connection: Connection, file: str, present: Collection[str]) -> None:
    """Remember of what is closed that it has left its file, and let go what that stated anew."""
    concerned = or_(_C.loaded_from == file, _C.restated.is_not(None))
    query = select(_C.key, _C.loaded_from, _C.restated).where(_C.status != "open", concerned)
    rows = [row for row in connection.execute(query) if row.key not in present]
    left = [row.key for row in rows if row.loaded_from == file]
    undone = [row.key for row in rows if row.restated and row.restated["file"] == file]
    for keys, values in ((left, {"loaded_from": LEFT}), (undone, {"restated": None})):
        for some in chunks(keys):
            connection.execute(update(tables.commitments).where(_C.key.in_(some)).values(values))


def undecided(connection: Connection) -> list[RestatedEntry]:
    """What was named and is still closed, by key."""
    query = select(_C.restated).where(_C.restated.is_not(None), _C.status != "open").order_by(_C.key)
    return [_read(row) for row in connection.execute(query).scalars()]


def _read(row: Mapping[str, Any]) -> RestatedEntry:
    values = {name: value for name, value in row.items() if name != "file"}
    return RestatedEntry(**{**values, "fields": tuple(row["fields"])})
