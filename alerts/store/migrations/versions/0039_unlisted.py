"""Find what has no place in listings yet by an index of its own: by the other, statistics led SQLite to read all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("listed_rank IS NULL AND changed_at IS NULL")
    op.create_index(
        "ix_commitments_unlisted", "commitments", ["listed_rank"], sqlite_where=where, postgresql_where=where
    )
