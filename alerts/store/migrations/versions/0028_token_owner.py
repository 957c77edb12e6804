"""Let an API token be limited to the commitments of one owner. Existing tokens have no limit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_tokens", sa.Column("owner", sa.Text(), nullable=True))
