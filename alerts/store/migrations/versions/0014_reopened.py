"""Reopened commitments, and files that state closed ones anew."""

from __future__ import annotations

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the change that needs it."""
