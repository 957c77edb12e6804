"""People, and what rules sum up for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("of_settings", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_people"),
    )
    op.add_column("rules", sa.Column("summarised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("summary", sa.JSON(none_as_null=True), nullable=True))
    op.create_index("ix_commitments_owner", "commitments", ["owner"])
