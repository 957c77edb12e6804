"""Revisions of commitments as they are written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from alerts.core.changes import Change
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.errors import InputError
from alerts.store import tables

MAX_ERRORS = 50


def stored_dependencies(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return the dependencies, by key."""
    one, other = tables.commitments.alias(), tables.commitments.alias()
    join = tables.references.join(one, one.c.id == tables.references.c.commitment_id)
    both = select(one.c.key, other.c.key).select_from(join.join(other, other.c.id == tables.references.c.depends_on))
    found: dict[str, list[str]] = defaultdict(list)
    for key, on in connection.execute(both):
        found[key].append(on)
    return {key: tuple(on) for key, on in found.items()}


def revision_after(
    now: Tracked, change: Change, what: Any, detail: str | None = None, version: int | None = None
) -> Revision:
    return Revision(
        number=now.revision + 1,
        what=what,
        recorded_at=change.now,
        recorded_by=change.by,
        reason=change.reason,
        source=change.source,
        cause=change.cause,
        bounds_version=version or now.bounds_version,
        detail=detail,
        occurrence=now.occurrence,
    )


def refuse(errors: Sequence[str]) -> None:
    if errors:
        more = len(errors) - MAX_ERRORS
        raise InputError("\n".join([*errors[:MAX_ERRORS], *([f"… and {more} more"] if more > 0 else [])]))
