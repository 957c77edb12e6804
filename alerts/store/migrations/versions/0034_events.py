"""Channels that subscribe to changes of commitments, and the deliveries of these in their order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("event", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("deliveries", sa.Column("event_revision", sa.Integer(), nullable=True))
    op.create_table(
        "subscriptions",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_subscriptions"),
    )
    op.drop_index("ix_deliveries_open", "deliveries")
    where = sa.text("state IN ('pending', 'retry', 'leased')")
    columns = ["channel", "next_at", "event_revision"]
    op.create_index("ix_deliveries_open", "deliveries", columns, sqlite_where=where, postgresql_where=where)
