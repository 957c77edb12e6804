"""Watches of new commitments: a watch that sends nothing yet is stored as its first evaluation leaves it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from alerts.core.rules import Rule
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.tracked import Tracked
from alerts.store import planning_tables
from alerts.store.watch_rows import watch_row

log = logging.getLogger(__name__)

_R, _W = planning_tables.rules.c, planning_tables.watches.c
# Without rules that are still being matched with all commitments: that wakes all watches which they have by then.
_SETTLED = select(_R.name, _R.hash).where(
    _R.name.in_(bindparam("names", expanding=True)),
    _R.removed_at.is_(None),
    ~_R.ending,
    or_(_R.settled_to.is_(None), _R.name.in_(bindparam("settling", expanding=True))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstEvaluation:
    """Evaluates new watches by `now`, in the transaction that makes them. `rules` are those of this process."""

    rules: Mapping[str, Rule]
    now: datetime
    evaluate: Callable[[Tracked, Watch], Evaluation]

    def of_registered(self, connection: Connection, settling: Collection[str] = ()) -> FirstEvaluation:
        """Return a copy with only the rules whose registered form is ours. `settling`: rules being matched now."""
        rows = connection.execute(_SETTLED, {"names": list(self.rules), "settling": list(settling)}).tuples()
        return replace(self, rules={name: self.rules[name] for name, what in rows if self.rules[name].hash == what})

    def after(self, tracked: Tracked, watch: Watch) -> Watch:
        """Return a new watch as its evaluation leaves it, or unchanged and due if it must be claimed.

        It must be claimed if there is more to write than the watch, such as a reminder, or if an evaluation needs more
        than is read here: for what recurs, has changed since it was recorded, or awaits an answer.
        """
        rule = self.rules.get(watch.rule)
        if rule is None or watch.since > self.now:
            return watch
        # An answer raises the revision. What was read with it may be older than the lock.
        if tracked.revision > 1 or tracked.recurs or rule.remind.unanswered is not None:
            return watch
        try:
            found = self.evaluate(tracked, watch)
        except Exception:
            log.debug("rule %s cannot evaluate %s", watch.rule, tracked.commitment.key, exc_info=True)
            return watch  # it is claimed at once, and the error is reported then
        return watch if found.reminders or found.skipped or found.new_watches else found.watch


def new_watch_row(
    rule: str,
    tracked: Tracked,
    since: datetime,
    seen: tuple[str | None, int] | None,
    first: FirstEvaluation | None,
) -> dict[str, Any]:
    """Return the row of a new watch. `seen`: the fingerprint and the revision of the watch from which it takes over."""
    fingerprint, revision = seen or (None, tracked.revision)
    if seen or not tracked.recurs:  # of a series, each occurrence has its own: a move of the whole may leave it alone
        since = max(since, tracked.stated_at or tracked.recorded_at)
    watch = Watch(
        rule=rule, commitment_id=tracked.id, since=since, next_at=since, fingerprint=fingerprint, revision=revision
    )
    return watch_row(first.after(tracked, watch) if first else watch)
