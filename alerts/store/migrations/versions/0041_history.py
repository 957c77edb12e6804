"""Keep since when an occurrence is history: after a move, it was taken for one that had been tracked before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("occurrences", sa.Column("history_since", sa.DateTime(timezone=True), nullable=True))
