"""A globally unique UID and a rising SEQUENCE for calendar entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What was sent (or rendered, and so is sent as it is) bore the bare key, an occurrence with its name behind it.
SENT = """
    INSERT INTO calendar_uids (commitment_id, occurrence, uid)
    SELECT DISTINCT link.commitment_id, link.occurrence,
           CASE link.occurrence WHEN '' THEN it.key ELSE it.key || '.' || link.occurrence END
    FROM delivery_reminders AS link
    JOIN deliveries AS sent ON sent.id = link.delivery_id AND (sent.attempts > 0 OR sent.payload IS NOT NULL)
    JOIN commitments AS it ON it.id = link.commitment_id
"""
# The SEQUENCE that was sent was at most the version of the bounds at that time, the whole's or the occurrence's own; a
# sum of all that there are is more than each.
SEQUENCE = """
    UPDATE commitments SET sequence = revision + bounds_version
    + coalesce((SELECT max(version) FROM occurrences WHERE commitment_id = commitments.id), 0)
    + coalesce((SELECT max(bounds_version) FROM delivery_reminders WHERE commitment_id = commitments.id), 0)
"""


def upgrade() -> None:
    op.create_table(
        "calendar_uids",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name="fk_calendar_uids_commitment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commitment_id", "occurrence", name="pk_calendar_uids"),
    )
    op.add_column("commitments", sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
    op.execute(SENT)
    op.execute(SEQUENCE)
