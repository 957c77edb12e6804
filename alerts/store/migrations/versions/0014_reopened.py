"""Reopened commitments, and files that state closed ones anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
COMMITMENTS = sa.table(
    "commitments",
    *map(sa.column, ("id", "key", "status", "deadline", "revision", "loaded_from")),
    sa.column("loaded", JSON),
)
REVISIONS = sa.table(
    "revisions",
    *map(sa.column, ("commitment_id", "number", "what", "recorded_by", "reason", "bounds_version", "detail")),
    sa.column("recorded_at", sa.DateTime(timezone=True)),
    sa.column("stated", JSON),
    sa.column("occurrence"),
)


def upgrade() -> None:
    """Count how often an occurrence was reopened; keep what a file states of what is closed until that is decided."""
    op.add_column("occurrences", sa.Column("reopened", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("commitments", sa.Column("restated", JSON, nullable=True))
    mend(op.get_bind())


def mend(connection: sa.Connection) -> None:
    """Bring up to date what is closed and has left its file, or was given another deadline while its bounds stayed."""
    _note_left(connection)
    for row in _contradicting(connection):
        _restore(connection, *row)


def _note_left(connection: sa.Connection) -> None:
    """What `load --close-missing` closed has left its file: should it come back, it is stated anew."""
    left = sa.exists().where(
        REVISIONS.c.commitment_id == COMMITMENTS.c.id,
        REVISIONS.c.what == "closed",
        REVISIONS.c.reason.like("no longer in %"),
    )
    connection.execute(sa.update(COMMITMENTS).where(COMMITMENTS.c.status != "open", left).values(loaded_from=""))


def _contradicting(connection: sa.Connection) -> list[tuple[Any, dict[str, Any]]]:
    """Return what was given another deadline after its end while its bounds stayed, with what was stated before."""
    closed, edited = REVISIONS.alias(), REVISIONS.alias()
    since = sa.and_(edited.c.commitment_id == closed.c.commitment_id, edited.c.number > closed.c.number)
    ids = (
        sa.select(COMMITMENTS.c.id, sa.func.max(closed.c.number).label("end"))
        .join(closed, closed.c.commitment_id == COMMITMENTS.c.id)
        .join(edited, sa.and_(since, edited.c.what == "edited", edited.c.detail.like("%deadline%")))
        .where(
            COMMITMENTS.c.status != "open", closed.c.what == "closed", sa.func.coalesce(closed.c.occurrence, "") == ""
        )
        .group_by(COMMITMENTS.c.id)
    )
    found = []
    for one in connection.execute(ids).all():
        before = (
            sa.select(REVISIONS.c.stated)
            .where(REVISIONS.c.commitment_id == one.id, REVISIONS.c.number < one.end, REVISIONS.c.stated.is_not(None))
            .order_by(REVISIONS.c.number.desc())
        )
        stated = connection.execute(before.limit(1)).scalar()
        row = connection.execute(sa.select(COMMITMENTS).where(COMMITMENTS.c.id == one.id)).one()
        if stated and stated["deadline"] != row.deadline:
            found.append((row, stated))
    return found


def _restore(connection: sa.Connection, row: Any, stated: dict[str, Any]) -> None:
    """Give back the deadline to which its bounds belong; the next load names what the file states instead."""
    last = (
        sa.select(REVISIONS.c.stated, REVISIONS.c.bounds_version)
        .where(REVISIONS.c.commitment_id == row.id, REVISIONS.c.stated.is_not(None))
        .order_by(REVISIONS.c.number.desc())
    )
    now = connection.execute(last.limit(1)).one()
    reason = f"closed, and so not moved when a file said `{row.deadline}`"
    values = {
        "commitment_id": row.id, "number": row.revision + 1, "what": "edited", "recorded_at": datetime.now(UTC),
        "recorded_by": "alerts", "reason": reason, "bounds_version": now.bounds_version, "detail": "deadline",
        "stated": {**now.stated, "deadline": stated["deadline"]},
    }  # fmt: skip
    connection.execute(sa.insert(REVISIONS).values(values))
    loaded = row.loaded and {**row.loaded, "deadline": stated["deadline"]}
    changed = {"deadline": stated["deadline"], "revision": row.revision + 1, "loaded": loaded}
    connection.execute(sa.update(COMMITMENTS).where(COMMITMENTS.c.id == row.id).values(changed))
