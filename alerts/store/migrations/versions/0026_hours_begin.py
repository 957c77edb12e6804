"""Alerts that went out before the office hours of their recipient, since the deadline passes before then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery_reminders", sa.Column("hours_begin", sa.DateTime(timezone=True), nullable=True))
