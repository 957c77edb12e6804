"""A history of registered rule sets, and the processes that plan them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=True),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registrations"),
    )
    op.create_table(
        "processes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=True),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("problems", JSON, nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("reload", JSON, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_processes"),
    )
    op.add_column("rules", sa.Column("removed_at", TIME, nullable=True))
    op.add_column("rules", sa.Column("ending", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("people", sa.Column("removed_at", TIME, nullable=True))
