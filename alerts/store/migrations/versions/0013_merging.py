"""What is needed to merge alerts of one state and to seal digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    utc = sa.DateTime(timezone=True)
    op.create_table(
        "gathered",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=True),
        sa.Column("next_alert_at", utc, nullable=True),
        sa.Column("deadline", utc, nullable=True),
        sa.Column("planned_at", utc, nullable=False),
        sa.ForeignKeyConstraint(["reminder_id"], ["reminders.id"], name="fk_gathered_reminder_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "recipient", "reminder_id", name="pk_gathered"),
    )
    op.create_index("ix_gathered_reminder_id", "gathered", ["reminder_id"])
    op.add_column("reminders", sa.Column("first_revision", sa.Integer(), nullable=True))
    op.add_column("deliveries", sa.Column("entries", sa.String(64), nullable=True))
