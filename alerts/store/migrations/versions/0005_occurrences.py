"""What happens to single occurrences of what recurs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (("status", sa.Text()), ("deadline", sa.Text()), ("bounds", sa.JSON(none_as_null=True))):
        op.add_column("occurrences", sa.Column(name, kind, nullable=True))
    op.add_column("occurrences", sa.Column("version", sa.Integer(), nullable=True))
    op.add_column("occurrences", sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revisions", sa.Column("occurrence", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("stated", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("commitments", sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True))
