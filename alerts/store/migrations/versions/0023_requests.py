"""Silences and absences that are recorded by links and programs: how it is known who did it, and each once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_requests"),
    )
    op.add_column("silences", sa.Column("proof", sa.Text(), nullable=False, server_default="shell"))
    op.add_column("silences", sa.Column("ended_by", sa.Text(), nullable=True))
    op.add_column("silences", sa.Column("ended_proof", sa.Text(), nullable=True))
