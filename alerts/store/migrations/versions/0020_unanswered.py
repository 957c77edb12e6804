"""Deliveries that were sent and that planning has not noticed. It reads what was sent before this upgrade by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("unseen", sa.Boolean(), nullable=False, server_default=sa.false()))
    seen = sa.text("unseen")
    op.create_index("ix_deliveries_unseen", "deliveries", ["id"], sqlite_where=seen, postgresql_where=seen)
