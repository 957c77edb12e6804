"""Keep the subject of a message and the dates that it told, when its text is no longer kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("dates_told", sa.JSON(none_as_null=True), nullable=True))
