"""Write back what evaluated watches have led to, where all that they were evaluated from is as it was read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from alerts.core.envelopes import AddressedReminder, Routes
from alerts.core.reminders import Reminder
from alerts.core.schedule.watches import Evaluation
from alerts.store import planning_tables, tables
from alerts.store.claimed_watches import ClaimedWatches, release
from alerts.store.database import Database
from alerts.store.outbox import digests, enqueue
from alerts.store.rows import chunks, insert_new
from alerts.store.rule_rows import registered_hashes
from alerts.store.watch_rows import BY_KEY, COLUMNS, LOCK_ORDER, VALUES, key_parameters, values, watch_row

_C, _W = tables.commitments.c, planning_tables.watches.c
_NEW_VALUES: dict[str, Any] = {name: bindparam(name) for name in VALUES} | {"claimed_by": None, "claimed_until": None}
_ADVANCE = update(planning_tables.watches).where(*BY_KEY).values(_NEW_VALUES)
# What was read for a claim, locked as `_changed` says.
_READ = (
    select(_C.id, _C.revision, _C.changed_at)
    .where(_C.id.in_(bindparam("ids", expanding=True)))
    .order_by(_C.id)
    .with_for_update(read=True, skip_locked=True)
)
_CLAIMED = (
    select(*COLUMNS)
    .where(_W.commitment_id.in_(bindparam("ids", expanding=True)), _W.claimed_by == bindparam("claim"))
    .order_by(*LOCK_ORDER)
    .with_for_update(skip_locked=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How many watches were written back, and how many were left due; how many deliveries are new.

    `skipped` are the reminders that are not sent to anybody, with the reason of each.
    """

    watches: int
    left: int
    deliveries: int
    skipped: Sequence[tuple[Reminder, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """Evaluations of claimed watches, and the addresses of their reminders."""

    evaluations: Sequence[Evaluation]
    addressed: Sequence[AddressedReminder]

    def without(self, commitments: Collection[int]) -> Evaluated:
        """Return those of all other commitments."""
        return Evaluated(
            evaluations=[one for one in self.evaluations if one.watch.commitment_id not in commitments],
            addressed=[one for one in self.addressed if one.reminder.commitment_id not in commitments],
        )


def write_back(
    database: Database,
    claimed: ClaimedWatches,
    evaluated: Evaluated,
    routes: Routes,
    now: datetime,
    *,
    planned_rules: Collection[str],
) -> Written:
    """Store reminders and deliveries, advance the watches, and end the claim.

    Watches of a commitment of which anything has changed since the claim stay due: they are evaluated anew.
    `planned_rules` are the rules whose reminders may join the same digests, those of other processes included.
    """
    with database.write() as connection:
        changed = _changed(connection, claimed)
        kept = evaluated.without(changed)
        recorded = enqueue.Recorded(deliveries=0, skipped=())
        if kept.evaluations:
            _advance(connection, kept.evaluations)
            gather = digests.others_may_join(connection, planned_rules, now)
            recorded = enqueue.record_planned(connection, _planned(claimed, kept), routes, now, gather=gather)
    if changed:  # somebody may hold these, and wait for what has just been written: nothing is held any more
        release(database, claimed.claim, changed)
    watches = len(kept.evaluations)
    left = len(claimed.watches) - watches
    return Written(watches=watches, left=left, deliveries=recorded.deliveries, skipped=recorded.skipped)


def _changed(connection: Connection, claimed: ClaimedWatches) -> set[int]:
    """Return the commitments of which anything differs from what was read, or is being changed now.

    They are locked first, then their watches, as in settling. A change that comes after this waits until we are done,
    and its settling wakes the advanced watch. We wait for nobody: a change may hold what we want and wait for what we
    hold. SQLite has one writer, and no such clauses.
    """
    ids = sorted(claimed.read)
    rows = connection.execute(_READ, {"ids": ids})
    read = {row.id: (row.revision, row.changed_at) for row in rows}
    mine = connection.execute(_CLAIMED, {"ids": ids, "claim": claimed.claim})
    watches = set(map(tuple, mine))
    rules = registered_hashes(connection, claimed.rules)
    changed = {one for one, seen in claimed.read.items() if read.get(one) != seen}
    changed |= {watch.commitment_id for watch, _ in claimed.watches if values(watch) not in watches}
    changed |= {
        watch.commitment_id for watch, _ in claimed.watches if rules.get(watch.rule) != claimed.rules[watch.rule]
    }
    return changed


def _advance(connection: Connection, evaluations: Sequence[Evaluation]) -> None:
    watches = [evaluation.watch for evaluation in evaluations]
    rows = [key_parameters(watch) | {name: getattr(watch, name) for name in VALUES} for watch in watches]
    connection.execute(_ADVANCE, rows)
    new_watches = (watch_row(watch) for evaluation in evaluations for watch in evaluation.new_watches)
    for some in chunks(new_watches):
        connection.execute(insert_new(connection, planning_tables.watches), some)


def _planned(claimed: ClaimedWatches, kept: Evaluated) -> enqueue.PlannedReminders:
    watches = [evaluation.watch for evaluation in kept.evaluations]
    return enqueue.PlannedReminders(
        reminders=[reminder for evaluation in kept.evaluations for reminder in evaluation.reminders],
        skipped=[reminder for evaluation in kept.evaluations for reminder in evaluation.skipped],
        addressed=kept.addressed,
        tracked={(item.id, item.occurrence): item for _, item in claimed.watches},
        next_alert_at={(watch.rule, watch.commitment_id, watch.occurrence): watch.next_at for watch in watches},
    )
