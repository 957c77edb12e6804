"""From which file a commitment was last loaded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("commitments", sa.Column("loaded_from", sa.Text(), nullable=True))
    op.add_column("commitments", sa.Column("loaded_sequence", sa.Integer(), nullable=True))
