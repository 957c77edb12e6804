"""Claims of watches: a planner evaluates them outside of a transaction. Watches of before are free."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("watches", sa.Column("claimed_by", sa.Text(), nullable=True))
    op.add_column("watches", sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
