"""Answers: the stage of an acknowledgement, snoozes.

What was acknowledged silenced its repeats until its date changed. From now on an acknowledgement ends: each gets the
stage of its time, and one that would have ended by now ends a week from now, so that nothing falls silent and not all
alert at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from alerts.clock import utc_now
from alerts.core.stages import stage_of
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.errors import InputError
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.store.table_types import JSON, Utc

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GRACE = timedelta(days=7)
LASTED = {"overdue": timedelta(days=7), "under_review": timedelta(days=30)}
CHUNK = 500

_O = sa.table(
    "occurrences", sa.column("commitment_id"), sa.column("occurrence"), sa.column("acknowledged_at", Utc),
    sa.column("acknowledged_until", Utc), sa.column("acknowledged_stage"), sa.column("bounds", JSON),
)  # fmt: skip
_C = sa.table(
    "commitments", sa.column("id"), sa.column("bounds", JSON), sa.column("status"), sa.column("changed_at", Utc)
)  # fmt: skip
_M = sa.table("meta", sa.column("name"), sa.column("value"), sa.column("at", Utc))


def upgrade() -> None:
    op.add_column("occurrences", sa.Column("acknowledged_stage", sa.Text(), nullable=True))
    op.add_column("occurrences", sa.Column("snoozed_by", sa.Text(), nullable=True))
    for name in ("acknowledged_ended", "snoozed_at", "snoozed_until"):
        op.add_column("occurrences", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "snoozes",
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitments.id"], name="fk_snoozes_commitment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("commitment_id", "occurrence", "recipient", name="pk_snoozes"),
    )
    connection, now = op.get_bind(), utc_now().replace(microsecond=0)
    found = False
    for rows in _acknowledged(connection):
        found = True
        connection.execute(
            sa.update(_O)
            .where(
                _O.c.commitment_id == sa.bindparam("_id"),
                _O.c.occurrence == sa.bindparam("_occurrence"),
            )
            .values(acknowledged_stage=sa.bindparam("_stage"), acknowledged_until=sa.bindparam("_until", type_=Utc())),
            [_answered(row, now) for row in rows],
        )
        _wake(connection, {row["commitment_id"] for row in rows}, now)
    if found:
        connection.execute(sa.insert(_M).values(name="answers upgraded", value="0007", at=now))


def _wake(connection: Any, ids: set[int], now: datetime) -> None:
    """Let the watches of what was acknowledged look again: they sleep for ever where they had nothing more to say."""
    asleep = (_C.c.id.in_(ids), _C.c.status == "open", _C.c.changed_at.is_(None))
    connection.execute(sa.update(_C).where(*asleep).values(changed_at=now))


def _acknowledged(connection: Any) -> Iterator[list[Any]]:
    """All that is acknowledged, with the bounds of the whole, a chunk at a time."""
    last = (0, "")
    columns = (_O.c.commitment_id, _O.c.occurrence, _O.c.acknowledged_at, _O.c.acknowledged_until, _O.c.bounds)
    query = sa.select(*columns, _C.c.bounds.label("whole")).join(_C, _C.c.id == _O.c.commitment_id)
    query = query.where(_O.c.acknowledged_at.is_not(None)).order_by(_O.c.commitment_id, _O.c.occurrence).limit(CHUNK)
    key = sa.tuple_(_O.c.commitment_id, _O.c.occurrence)
    while rows := connection.execute(query.where(key > last)).mappings().all():
        yield rows
        last = (rows[-1]["commitment_id"], rows[-1]["occurrence"])


def _answered(row: Any, now: datetime) -> dict[str, Any]:
    """The stage and the end of an acknowledgement from now on."""
    at, until = row["acknowledged_at"], row["acknowledged_until"]
    stage, stands = _stages(row, at, now)
    if until is None or until > now:
        lasted = LASTED.get(stage)
        ended = until is None and lasted is not None and at + lasted <= now
        # It has passed into another stage since, or has stood for its time.
        if stands in LASTED and (stage != stands or ended):
            until = min(filter(None, (until, now + GRACE)))
            stage = stands
    return {"_id": row["commitment_id"], "_occurrence": row["occurrence"], "_stage": stage, "_until": until}


def _stages(row: Any, at: datetime, now: datetime) -> tuple[str, str]:
    """The stages at its time and now; of what is gone from a recurrence, nothing is said any more."""
    try:
        whole = Bounds.from_json(row["whole"])
        own = Bounds.from_json(row["bounds"]) if row["bounds"] else None
        bounds = own or (occurrence_bounds(whole, row["occurrence"]) if row["occurrence"] else whole)
    except (InputError, ValueError, KeyError, AssertionError):
        return "overdue", "overdue"
    return stage_of(bounds, at.astimezone(UTC)), stage_of(bounds, now)
