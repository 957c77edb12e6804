"""What was answered about a notice: so far it stood only in the reason of its closing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

COMMITMENTS = sa.table(
    "commitments", sa.column("id"), sa.column("kind"), sa.column("status"), sa.column("answer", sa.Text)
)
OCCURRENCES = sa.table(
    "occurrences", sa.column("commitment_id"), sa.column("occurrence"), sa.column("status"),
    sa.column("answer", sa.Text),
)  # fmt: skip
REVISIONS = sa.table(
    "revisions", sa.column("commitment_id"), sa.column("number"), sa.column("what"), sa.column("reason"),
    sa.column("occurrence"),
)  # fmt: skip
ANSWERS = ("cancelled", "renewed")


def upgrade() -> None:
    for table in ("commitments", "occurrences"):
        op.add_column(table, sa.Column("answer", sa.Text, nullable=True))
    note_answers(op.get_bind())


def note_answers(connection: sa.Connection) -> None:
    """Store the answers of notices that are closed, from the reasons of their closings."""
    c, o, r = COMMITMENTS.c, OCCURRENCES.c, REVISIONS.c
    closings = (
        sa.select(r.commitment_id, sa.func.coalesce(r.occurrence, ""), r.reason)
        .join(COMMITMENTS, c.id == r.commitment_id)
        .where(c.kind == "notice", r.what == "closed")
        .order_by(r.commitment_id, r.number)
    )
    for commitment_id, occurrence, reason in connection.execute(closings).all():  # the last one counts
        answer = next((one for one in ANSWERS if one == (reason or "").partition(": ")[0]), None)
        if occurrence:
            mine = sa.update(OCCURRENCES).where(o.commitment_id == commitment_id, o.occurrence == occurrence)
            connection.execute(mine.where(o.status == "fulfilled").values(answer=answer))
        else:
            mine = sa.update(COMMITMENTS).where(c.id == commitment_id, c.status == "fulfilled")
            connection.execute(mine.values(answer=answer))
