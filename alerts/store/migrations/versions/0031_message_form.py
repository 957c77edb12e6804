"""Record how the message of a sent delivery is stored: whole, compressed, or without its text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("message_form", sa.Integer(), nullable=False, server_default="0"))
    for name, form in (("ix_deliveries_to_compress", 0), ("ix_deliveries_to_shorten", 1)):
        where = sa.text(f"state = 'sent' AND message_form = {form}")
        op.create_index(name, "deliveries", ["ended_at"], sqlite_where=where, postgresql_where=where)
