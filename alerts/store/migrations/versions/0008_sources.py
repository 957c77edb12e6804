"""Several sources for a commitment, and edits with before and after."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the change that needs it."""
