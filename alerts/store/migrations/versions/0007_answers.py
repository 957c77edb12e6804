"""Answers: the stage of an acknowledgement, snoozes."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in by the change that needs it."""
