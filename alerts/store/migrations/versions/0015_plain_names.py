"""Plain names for columns and indexes, and for the reasons that `alerts why` shows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMNS = (
    ("commitments", "mark", "fingerprint"),
    ("watches", "mark", "fingerprint"),
    ("watches", "spoken", "latest_moment"),
    ("reminders", "mark", "fingerprint"),
    ("references", "hangs_on", "depends_on"),
    ("deliveries", "speaks_next", "next_alert_at"),
    ("deliveries", "instead_of", "fallback_for"),
    ("deliveries", "trouble", "failure_level"),
    ("deliveries", "told", "reported_level"),
)
REASONS = (
    ("told by another rule", "already sent by another rule"),
    ("there was nobody to tell", "no recipient"),
    ("told with the reopening", "sent with the reopening"),
    ("moved there and back before it was told", "moved back before an alert went out"),
)
ALERT = ("commitment_id", "occurrence", "bounds_version", "kind", "moment", "channel", "recipient")


def upgrade() -> None:
    """Rename; no id, no hash and no stored message changes."""
    op.drop_index("ix_deliveries_relief", "deliveries")
    op.drop_index("ix_references_hangs_on", "references")
    for table, old, new in COLUMNS:
        op.execute(f'ALTER TABLE "{table}" RENAME COLUMN {old} TO {new}')
    due = sa.text("failure_level > reported_level")
    op.create_index("ix_deliveries_unreported", "deliveries", ["created_at"], postgresql_where=due, sqlite_where=due)
    op.create_index("ix_references_depends_on", "references", ["depends_on"])
    if op.get_bind().dialect.name == "sqlite":  # it cannot rename an index or a constraint
        op.drop_index("uq_told", "delivery_reminders")
        op.create_index("uq_delivery_reminders_alert", "delivery_reminders", list(ALERT), unique=True)
        with op.batch_alter_table("references", recreate="always") as batch:
            batch.drop_constraint("fk_references_hangs_on", type_="foreignkey")
            batch.create_foreign_key(
                "fk_references_depends_on", "commitments", ["depends_on"], ["id"], ondelete="CASCADE"
            )
    else:
        op.execute("ALTER INDEX uq_told RENAME TO uq_delivery_reminders_alert")
        op.execute('ALTER TABLE "references" RENAME CONSTRAINT fk_references_hangs_on TO fk_references_depends_on')
    reminders = sa.table("reminders", sa.column("skipped"))
    for old, new in REASONS:
        op.execute(sa.update(reminders).where(reminders.c.skipped == old).values(skipped=new))
