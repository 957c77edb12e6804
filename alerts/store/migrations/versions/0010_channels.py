"""Channels and recipients that no live process has, and deliveries that a person has retried.

Crons go by standard cron from now on: a fixed time that the clocks leave out fires right after the gap, up to an hour
earlier than before. A watch that waits for the old firing, and has looked since the new one, would take it for served.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

from alerts.deadlines.zones import zone_info
from alerts.store.table_types import JSON, Utc

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WIDEST = timedelta(hours=3)  # clocks are set forward by less

_W = sa.table(
    "watches", sa.column("commitment_id"), sa.column("rule"), sa.column("occurrence"), sa.column("next_at", Utc),
    sa.column("cursor", Utc), sa.column("changed", sa.Boolean()),
)  # fmt: skip
_R = sa.table("rules", sa.column("name"), sa.column("spec", JSON))


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("retried_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("tried_before", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "missing_recipients",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "recipient", name="pk_missing_recipients"),
    )
    look_behind(op.get_bind())


def look_behind(connection: sa.Connection) -> None:
    """Let watches that wait at a gap of their rule's clock look behind their cursor, as when their rule has changed."""
    zones = {name: spec.get("timezone", "UTC") for name, spec in connection.execute(sa.select(_R)).tuples()}
    query = sa.select(_W).where(_W.c.next_at.is_not(None), _W.c.cursor.is_not(None))
    waiting = [
        row
        for row in connection.execute(query)
        if row.next_at - row.cursor < WIDEST and row.rule in zones and _at_gap(row.next_at, zones[row.rule])
    ]
    for row in waiting:
        mine = [_W.c[name] == getattr(row, name) for name in ("commitment_id", "rule", "occurrence")]
        connection.execute(_W.update().where(*mine).values(changed=True))


def _at_gap(at: datetime, zone: str) -> bool:
    """Whether the clocks were set forward shortly before an instant."""
    before, after = ((at - back).astimezone(zone_info(zone)).utcoffset() for back in (WIDEST, timedelta()))
    return before is not None and after is not None and before < after
