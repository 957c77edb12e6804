"""Absences, deputies, and people who have left. Nobody was away before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("people", sa.Column("deputy", sa.Text()))
    op.add_column("people", sa.Column("left_at", _TIME))
    op.add_column("deliveries", sa.Column("on_behalf_of", sa.JSON(none_as_null=True)))
    op.create_table(
        "absences",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("deputy", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("recorded_at", _TIME, nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_proof", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="pk_absences"),
    )
