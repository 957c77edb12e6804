"""What is told elsewhere of a delivery that fails."""

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
        ("relief", sa.Text()),
    ):
        op.add_column("deliveries", sa.Column(name, kind, nullable=True))
    due = sa.text("relief = 'due'")
    op.create_index("ix_deliveries_relief", "deliveries", ["created_at"], postgresql_where=due, sqlite_where=due)
    # Nobody was told of what had died by then.
    op.execute("UPDATE deliveries SET relief = 'due' WHERE state = 'dead'")
