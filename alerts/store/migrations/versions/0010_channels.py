"""Channels and recipients that no live process has, and deliveries that a person has retried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("retried_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("tried_before", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "missing_recipients",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "recipient", name="pk_missing_recipients"),
    )
