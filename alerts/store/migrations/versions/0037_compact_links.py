"""Links of deliveries and reminders that hold nothing twice, and ids of 16 octets in SQLite.

A year of daily digests to fifty people took 250 MB of links. What a link repeated of its reminder and its delivery is
looked up there, and a digest of the alert and its recipient keeps it unique.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

ALERT = ("commitment_id", "occurrence", "bounds_version", "kind", "moment", "channel", "recipient")
CHILDREN = ("attempts", "gathered", "delivery_reminders")


def upgrade() -> None:
    op.execute("UPDATE deliveries SET next_alert_at = '{}' WHERE message_form = 2")  # they are not rendered any more
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def _links(id_type: sa.types.TypeEngine[Any]) -> None:
    op.create_table(
        "delivery_reminders",
        sa.Column("alert", sa.LargeBinary(16), nullable=False),
        sa.Column("delivery_id", id_type, nullable=False),
        sa.Column("reminder_id", id_type, nullable=False),
        sa.Column("hours_begin", sa.DateTime(timezone=True), nullable=True),
        _refers("delivery_reminders", "delivery_id", "deliveries"),
        _refers("delivery_reminders", "reminder_id", "reminders"),
        sa.PrimaryKeyConstraint("alert", name="pk_delivery_reminders"),
    )


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE")


def _index_links() -> None:
    """Made once all rows are there, which is faster, and leaves pages full."""
    for column in ("delivery_id", "reminder_id"):
        op.create_index(f"ix_delivery_reminders_{column}", "delivery_reminders", [column])


def _upgrade_postgresql() -> None:
    op.execute("ALTER TABLE delivery_reminders RENAME TO kept_delivery_reminders")
    op.execute("ALTER TABLE kept_delivery_reminders DROP CONSTRAINT pk_delivery_reminders")
    op.execute("ALTER TABLE kept_delivery_reminders DROP CONSTRAINT fk_delivery_reminders_delivery_id")
    op.execute("ALTER TABLE kept_delivery_reminders DROP CONSTRAINT fk_delivery_reminders_reminder_id")
    op.execute("DROP INDEX ix_delivery_reminders_reminder_id")
    _links(sa.Uuid())
    moment = "to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    text = ", ".join(moment if name == "moment" else name for name in ALERT)
    digest = f"substring(sha256(convert_to(concat_ws(chr(31), {text}), 'UTF8')) FOR 16)"
    op.execute(
        "INSERT INTO delivery_reminders (alert, delivery_id, reminder_id, hours_begin) "  # noqa: S608  # of names that stand above
        f"SELECT {digest}, delivery_id, reminder_id, hours_begin FROM kept_delivery_reminders"
    )
    op.drop_table("kept_delivery_reminders")
    _index_links()


def _upgrade_sqlite() -> None:
    """Make every table that has an id anew: rows of children are put aside, since dropping a parent deletes them."""
    connection: Any = op.get_bind().connection.driver_connection
    connection.create_function("octets", 1, bytes.fromhex, deterministic=True)
    connection.create_function("alert_digest", len(ALERT), _digest, deterministic=True)
    for name in CHILDREN:
        op.execute(f"CREATE TABLE kept_{name} AS SELECT * FROM {name}")  # noqa: S608  # of names that stand above
        op.drop_table(name)
    for name in ("deliveries", "reminders"):
        op.execute(f"UPDATE {name} SET id = octets(id)")  # noqa: S608  # of names that stand above
        with op.batch_alter_table(name, recreate="always") as batch:
            batch.alter_column("id", existing_type=sa.Uuid(), type_=sa.LargeBinary(16))
    _attempts()
    _gathered()
    _links(sa.LargeBinary(16))
    digest = f"alert_digest({', '.join(ALERT)})"
    op.execute(
        "INSERT INTO delivery_reminders (alert, delivery_id, reminder_id, hours_begin) "  # noqa: S608  # as above
        f"SELECT {digest}, octets(delivery_id), octets(reminder_id), hours_begin FROM kept_delivery_reminders"
    )
    _index_links()
    for name in CHILDREN:
        op.drop_table(f"kept_{name}")


def _attempts() -> None:
    utc = sa.DateTime(timezone=True)
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", utc, nullable=False),
        sa.Column("ended_at", utc, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("server", sa.Text(), nullable=True),
        _refers("attempts", "delivery_id", "deliveries"),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_attempts"),
    )
    columns = "number, started_at, ended_at, outcome, remote, error, server"
    op.execute(
        f"INSERT INTO attempts (delivery_id, {columns}) SELECT octets(delivery_id), {columns} FROM kept_attempts"  # noqa: S608  # as above
    )


def _gathered() -> None:
    utc = sa.DateTime(timezone=True)
    op.create_table(
        "gathered",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("reminder_id", sa.LargeBinary(16), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=True),
        sa.Column("next_alert_at", utc, nullable=True),
        sa.Column("deadline", utc, nullable=True),
        sa.Column("planned_at", utc, nullable=False),
        sa.Column("held_until", utc, nullable=True),
        _refers("gathered", "reminder_id", "reminders"),
        sa.PrimaryKeyConstraint("channel", "recipient", "reminder_id", name="pk_gathered"),
    )
    op.create_index("ix_gathered_reminder_id", "gathered", ["reminder_id"])
    columns = "channel, recipient, digest, next_alert_at, deadline, planned_at, held_until"
    op.execute(
        f"INSERT INTO gathered (reminder_id, {columns}) SELECT octets(reminder_id), {columns} FROM kept_gathered"  # noqa: S608  # as above
    )


def _digest(*of: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, of)).encode()).digest()[:16]
