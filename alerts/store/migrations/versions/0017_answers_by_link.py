"""How it is known who answered, calendar feeds, revoked answer links. Revisions of before were made on the shell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("revisions", sa.Column("proof", sa.Text(), nullable=False, server_default="shell"))
    op.create_table(
        "feeds",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.Column("alarms", sa.Boolean(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("last_used_at", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.PrimaryKeyConstraint("token_hash", name="pk_feeds"),
    )
    op.create_table(
        "link_revocations",
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("revoked_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("recipient", name="pk_link_revocations"),
    )
