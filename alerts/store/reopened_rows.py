"""Reopen a closed commitment, or one occurrence of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, update

from alerts.core.change_set import Changed, reopen_to
from alerts.core.changes import Change
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store import occurrence_rows, tables
from alerts.store.rows import CHANGED_AT, append_revisions, revision_row

_C, _O = tables.commitments.c, tables.occurrences.c


def reopen(connection: Connection, changed: Sequence[Changed], now: datetime) -> None:
    """Store that commitments are open again, and end what was acknowledged of them; their bounds stay as they are."""
    history = [revision_row(one.before.id, one.revision) for one in changed if one.revision]
    rows = [
        {
            "_id": one.before.id, "_changed_at": now, "bounds_version": one.after.bounds_version,
            "revision": one.after.revision,
        }
        for one in changed
    ]  # fmt: skip
    if rows:
        ids = [row["_id"] for row in rows]
        occurrence_rows.end_acknowledgement(connection, _O.commitment_id.in_(ids), now)
        names: dict[str, Any] = {name: bindparam(name) for name in ("bounds_version", "revision")}
        names |= {"status": "open", "changed_at": CHANGED_AT}
        connection.execute(update(tables.commitments).where(_C.id == bindparam("_id")).values(names), rows)
    append_revisions(connection, history)


def reopen_one(connection: Connection, series: Tracked, name: str, change: Change) -> None:
    """Store that one occurrence is open again. Raises InputError where the whole is closed."""
    if not series.open:
        raise InputError(
            f"{series.commitment.key} is closed as a whole ({series.commitment.status}): reopen that first, without "
            "--occurrence"
        )
    now = series.at(name)
    require_closed(now)
    revision = reopen_to(now, change).after.changes[-1]
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
