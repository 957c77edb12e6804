"""Deliveries whose mail came back: an index that finds them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bounced = sa.text("state = 'bounced'")
    op.create_index("ix_deliveries_bounced", "deliveries", ["ended_at"], postgresql_where=bounced, sqlite_where=bounced)
