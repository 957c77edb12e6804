"""The office hours and the fiscal year of parties. Nobody stated them before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("parties", sa.Column("hours", sa.Text()))
    op.add_column("parties", sa.Column("fiscal_year", sa.Text()))
