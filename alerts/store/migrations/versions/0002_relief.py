"""How failed deliveries are reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (
        ("template_error", sa.Text()),
        ("instead_of", sa.JSON(none_as_null=True)),
        ("notice", sa.JSON(none_as_null=True)),
    ):
        op.add_column("deliveries", sa.Column(name, kind, nullable=True))
    for name in ("trouble", "told"):
        op.add_column("deliveries", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    due = sa.text("trouble > told")
    op.create_index("ix_deliveries_relief", "deliveries", ["created_at"], postgresql_where=due, sqlite_where=due)
    # Deliveries that are dead by now were never reported.
    op.execute("UPDATE deliveries SET trouble = 3 WHERE state = 'dead'")
