"""What is needed to merge alerts of one state and to seal digests."""

from __future__ import annotations

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the change that needs it."""
