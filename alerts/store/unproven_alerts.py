"""Open commitments of which the stored watches do not show that an alert follows: only these need a forecast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Text, and_, cast, exists, or_, select, union

from alerts.deadlines.values import frozen
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.rows import chunks

_C, _W, _O = tables.commitments.c, planning_tables.watches.c, tables.occurrences.c
CHUNK = 5_000
_MINE = _W.commitment_id == _C.id
_HAS_STATES = exists().where(_O.commitment_id == _C.id)  # acknowledged, snoozed, or dates of it closed or moved
_RECURS = cast(_C.bounds, Text).like('%"recurrence"%')


@frozen(kw_only=True)
class AlertingRules:
    """The rules that reach somebody: `always`, or `owners` of these keys only. `dated` send alerts of each date.

    `starting`: those that do more than follow up on the alerts of others.
    """

    always: frozenset[str]
    owners_only: frozenset[str]
    owners: frozenset[str]
    dated: frozenset[str]
    starting: frozenset[str]

    @property
    def reaches(self) -> ColumnElement[bool]:
        """Return whether the rule of a watch reaches somebody with the commitment."""
        owned = and_(_W.rule.in_(sorted(self.owners_only)), _C.owner.in_(sorted(self.owners)))
        return or_(_W.rule.in_(sorted(self.always)), owned) if self.owners_only else _W.rule.in_(sorted(self.always))


@frozen
class UnprovenAlerts:
    """A commitment without a stored alert. `is_settled`: so nothing follows; else only a forecast tells.

    `changed`: the watches have not seen a change.
    """

    id: int
    key: str
    is_settled: bool
    changed: bool


def unproven_alerts(database: Database, rules: AlertingRules, end: datetime) -> Iterator[UnprovenAlerts]:
    """Yield the open commitments without a stored alert before `end`, of those that the rules reach somebody with.

    A watch of a series says when its next date is near. Where dates were closed, moved or answered, it says too little.
    """
    soon = and_(_MINE, rules.reaches, _W.next_at < end)
    proven = exists().where(soon, or_(_W.rule.in_(sorted(rules.dated)), ~_RECURS))
    reached = and_(exists().where(_MINE, rules.reaches), exists().where(_MINE, _W.rule.in_(sorted(rules.starting))))
    query = (
        select(_C.id, _C.key, _HAS_STATES, _RECURS, _C.changed_at.is_not(None))
        .where(_C.status == "open", or_(_C.changed_at.is_not(None), _HAS_STATES, ~proven))
        .where(or_(_C.changed_at.is_not(None), reached))
        .order_by(_C.id)
    )
    for some in chunks(perhaps_unproven(database, rules, end), CHUNK):
        with database.look() as connection:
            rows = connection.execute(query.where(_C.id.in_(some))).tuples().all()
        for number, key, has_states, recurs, changed in rows:
            yield UnprovenAlerts(number, key, not (has_states or recurs or changed), bool(changed))


def perhaps_unproven(database: Database, rules: AlertingRules, end: datetime) -> list[int]:
    """Return the ids, ascending, of all that may be without a stored alert: to look up the others takes a second.

    What is reached has a watch that reaches somebody. It proves an alert, unless it is not due before `end`, or is of a
    series and its rule does not send an alert of each date. Then another may.
    """
    reaching, other = rules.always | rules.owners_only, planning_tables.watches.alias("other").c
    soon = (other.next_at < end, other.rule.in_(sorted(rules.always & rules.dated)))
    mine = (_W.rule.in_(sorted(reaching)), ~exists().where(other.commitment_id == _W.commitment_id, *soon))
    parts = [
        select(_W.commitment_id).where(or_(_W.next_at.is_(None), _W.next_at >= end), *mine),
        select(_C.id).where(_C.changed_at.is_not(None)),
        select(_O.commitment_id),
    ]
    if not reaching <= rules.dated:
        undated = select(_W.commitment_id).join(tables.commitments, _MINE)
        parts.append(undated.where(_W.rule.not_in(sorted(rules.dated)), *mine, _RECURS))
    with database.look() as connection:
        return sorted(connection.execute(union(*parts)).scalars())
