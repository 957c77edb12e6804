"""On which calendars a commitment counts business days, and whether its last day rolls to one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    calendars = sa.Column("calendars", sa.JSON(none_as_null=True), nullable=False, server_default="[]")
    op.add_column("commitments", calendars)
    op.add_column("commitments", sa.Column("roll", sa.Text(), nullable=False, server_default="none"))
