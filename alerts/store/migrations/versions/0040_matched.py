"""Find by indexes what is stated anew, what recurs and, on SQLite, what rules match by: all was read for each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("restated IS NOT NULL")
    op.create_index("ix_commitments_restated", "commitments", ["key"], sqlite_where=where, postgresql_where=where)
    where = sa.text("substr(deadline, 1, 6) = 'every '")
    op.create_index("ix_commitments_recurring", "commitments", ["id"], sqlite_where=where, postgresql_where=where)
    if op.get_bind().dialect.name == "sqlite":
        matched = ["kind", "priority", "owner", "by", "to", "tags"]
        op.create_index("ix_commitments_matched", "commitments", [*matched, "status"])
