"""Several sources for a commitment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "commitments", sa.Column("earlier_sources", sa.JSON(none_as_null=True), nullable=False, server_default="[]")
    )
