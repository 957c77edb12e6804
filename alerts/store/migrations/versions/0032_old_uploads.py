"""Which uploads are old is known without reading their content."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_uploads_uploaded_at", "uploads", ["uploaded_at"])
