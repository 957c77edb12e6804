"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.store.table_types import Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "commitments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("deadline", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("to", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("review_every", sa.Text(), nullable=True),
        sa.Column("source", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("assumptions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("bounds", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("earliest", Utc(timezone=True), nullable=True),
        sa.Column("latest", Utc(timezone=True), nullable=True),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("bounds_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Utc(timezone=True), nullable=False),
        sa.Column("loaded", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("changed_at", Utc(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('open', 'fulfilled', 'breached', 'withdrawn')", name=op.f("ck_commitments_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitments")),
        sa.UniqueConstraint("key", name=op.f("uq_commitments_key")),
    )
    op.create_index(
        "ix_commitments_changed",
        "commitments",
        ["changed_at"],
        unique=False,
        postgresql_where=sa.text("changed_at IS NOT NULL"),
        sqlite_where=sa.text("changed_at IS NOT NULL"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Utc(timezone=True), nullable=False),
        sa.Column("next_at", Utc(timezone=True), nullable=True),
        sa.Column("speaks_next", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("deadline", Utc(timezone=True), nullable=True),
        sa.Column("lease_until", Utc(timezone=True), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("payload_hash", sa.String(length=64), nullable=True),
        sa.Column("remote", sa.Text(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("ended_at", Utc(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        "ix_deliveries_dead",
        "deliveries",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state = 'dead'"),
        sqlite_where=sa.text("state = 'dead'"),
    )
    op.create_index(
        "ix_deliveries_open",
        "deliveries",
        ["channel", "next_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'retry', 'leased')"),
        sqlite_where=sa.text("state IN ('pending', 'retry', 'leased')"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", Utc(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "parties",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_parties")),
    )
    op.create_table(
        "rules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=16), nullable=False),
        sa.Column("spec", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("registered_at", Utc(timezone=True), nullable=False),
        sa.Column("settled_to", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rules")),
    )
    op.create_table(
        "sources",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("published", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sources")),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", Utc(timezone=True), nullable=False),
        sa.Column("ended_at", Utc(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempts")),
    )
    op.create_table(
        "occurrences",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", Utc(timezone=True), nullable=True),
        sa.Column("acknowledged_until", Utc(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name=op.f("fk_occurrences_commitment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commitment_id", "occurrence", name=op.f("pk_occurrences")),
    )
    op.create_table(
        "references",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("hangs_on", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name=op.f("fk_references_commitment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["hangs_on"], ["commitments.id"], name=op.f("fk_references_hangs_on"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commitment_id", "hangs_on", name=op.f("pk_references")),
    )
    op.create_index(op.f("ix_references_hangs_on"), "references", ["hangs_on"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("bounds_version", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("moment", Utc(timezone=True), nullable=False),
        sa.Column("send_at", Utc(timezone=True), nullable=False),
        sa.Column("offset", sa.Text(), nullable=True),
        sa.Column("early", sa.Boolean(), nullable=False),
        sa.Column("catching_up", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("skipped", sa.Text(), nullable=True),
        sa.Column("planned_at", Utc(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name=op.f("fk_reminders_commitment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "rule", "commitment_id", "occurrence", "bounds_version", "kind", "moment", name="uq_reminders"
        ),
    )
    op.create_index("ix_reminders_commitment_id", "reminders", ["commitment_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("recorded_at", Utc(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("bounds_version", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name=op.f("fk_revisions_commitment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commitment_id", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "watches",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("since", Utc(timezone=True), nullable=False),
        sa.Column("next_at", Utc(timezone=True), nullable=True),
        sa.Column("cursor", Utc(timezone=True), nullable=True),
        sa.Column("spoken", Utc(timezone=True), nullable=True),
        sa.Column("mark", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name=op.f("fk_watches_commitment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commitment_id", "rule", "occurrence", name=op.f("pk_watches")),
    )
    op.create_index(
        "ix_watches_next_at",
        "watches",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
        sqlite_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_table(
        "delivery_reminders",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("bounds_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("moment", Utc(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_reminders_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["reminder_id"], ["reminders.id"], name=op.f("fk_delivery_reminders_reminder_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "reminder_id", name=op.f("pk_delivery_reminders")),
    )
    op.create_index(op.f("ix_delivery_reminders_reminder_id"), "delivery_reminders", ["reminder_id"], unique=False)
    op.create_index(
        "uq_told",
        "delivery_reminders",
        ["commitment_id", "occurrence", "bounds_version", "kind", "moment", "channel", "recipient"],
        unique=True,
    )
