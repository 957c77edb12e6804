"""A globally unique UID and a rising SEQUENCE for calendar entries."""

from __future__ import annotations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the change that needs it."""
