"""Reopened commitments, and files that state closed ones anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count how often an occurrence was reopened; keep what a file states of what is closed until that is decided."""
    op.add_column("occurrences", sa.Column("reopened", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("commitments", sa.Column("restated", sa.JSON(none_as_null=True), nullable=True))
