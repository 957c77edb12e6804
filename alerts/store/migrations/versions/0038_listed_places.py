"""Keep where each commitment stands in a listing, so that the first thousand of a million are found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commitments", sa.Column("listed_rank", sa.Integer(), nullable=True))  # the next ticks fill them
    for name in ("listed_at", "listed_begins", "listed_ends"):
        op.add_column("commitments", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    names = ["listed_rank", "listed_at", "listed_begins", "listed_ends", "status"]
    op.create_index("ix_commitments_listed", "commitments", names)
