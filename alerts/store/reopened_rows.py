"""Reopen a closed commitment, or one occurrence of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, update

from alerts.core.changes import Change, Entry
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store import occurrence_rows, tables
from alerts.store.revisions import revision_after
from alerts.store.rows import CHANGED_AT, TRACKED, append_revisions, revision_row, tracked_of

_C, _O = tables.commitments.c, tables.occurrences.c


def reopened(now: Tracked, change: Change) -> Tracked:
    """A closed commitment, or an occurrence that was closed by itself, as its reopening leaves it."""
    detail = f"it was {now.commitment.status}"
    version = now.bounds_version + 1
    revision = revision_after(now, change, "reopened", detail=detail, version=version)
    return replace(
        now,
        commitment=replace(now.commitment, status="open"),
        bounds_version=version,
        revision=revision.number,
        changes=(*now.changes, revision),
    )


def reopen(connection: Connection, closed: Sequence[Tracked], change: Change) -> None:
    """Store that commitments are open again, and end what was acknowledged of them; their bounds stay as they are."""
    rows, history = [], []
    for now in closed:
        after = reopened(now, change)
        history.append(revision_row(now.id, after.changes[-1]))
        rows.append({
            "_id": now.id, "_changed_at": change.now, "bounds_version": after.bounds_version,
            "revision": after.revision,
        })  # fmt: skip
    if rows:
        ids = [row["_id"] for row in rows]
        occurrence_rows.end_acknowledgement(connection, _O.commitment_id.in_(ids), change.now)
        names: dict[str, Any] = {name: bindparam(name) for name in ("bounds_version", "revision")}
        names |= {"status": "open", "changed_at": CHANGED_AT}
        connection.execute(update(tables.commitments).where(_C.id == bindparam("_id")).values(names), rows)
    append_revisions(connection, history)


def reopened_of(
    connection: Connection, keys: Sequence[str], wanted: Mapping[str, Entry], change: Change
) -> dict[str, Tracked]:
    """Those of some commitments that are closed and wanted open, as their reopening would leave them."""
    return {now.commitment.key: reopened(now, change) for now in _closed(connection, keys, wanted)}


def reopen_stated(connection: Connection, keys: Sequence[str], wanted: Mapping[str, Entry], change: Change) -> None:
    """Open those of some commitments again that are closed and wanted open."""
    reopen(connection, _closed(connection, keys, wanted), change)


def _closed(connection: Connection, keys: Sequence[str], wanted: Mapping[str, Entry]) -> list[Tracked]:
    some = [key for key in keys if key in wanted and wanted[key].commitment.status == "open"]
    rows = connection.execute(TRACKED.where(_C.key.in_(some), _C.status != "open")).mappings()
    return [tracked_of(row) for row in rows]


def reopen_one(connection: Connection, series: Tracked, name: str, change: Change) -> None:
    """Store that one occurrence is open again. Raises InputError where the whole is closed."""
    if not series.open:
        raise InputError(
            f"{series.commitment.key} is closed as a whole ({series.commitment.status}): reopen that first, without "
            "--occurrence"
        )
    now = series.at(name)
    require_closed(now)
    revision = reopened(now, change).changes[-1]
    own = series.occurrences[name]
    values = {"version": revision.bounds_version} if own.bounds else {"reopened": own.reopened + 1}
    occurrence_rows.note(connection, now, name, status=None, **values)
    occurrence_rows.end_acknowledgement(connection, occurrence_rows.one(now, name), change.now)
    append_revisions(connection, [revision_row(now.id, revision)])
    changed = update(tables.commitments).where(_C.id == now.id)
    values_now: dict[str, Any] = {"revision": revision.number, "changed_at": CHANGED_AT}
    connection.execute(changed.values(values_now), {"_changed_at": change.now})


def require_closed(now: Tracked) -> None:
    """Raise InputError where the commitment is open."""
    if now.open:
        name = f"{now.commitment.key} {now.occurrence}".rstrip()
        raise InputError(f"{name} is open: there is nothing to reopen")
