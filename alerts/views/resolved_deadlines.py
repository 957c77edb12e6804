"""Which dates a deadline gives that somebody states, without a commitment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import islice

from alerts.core.chosen_zones import choose_zone
from alerts.core.commitments import Commitment
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_days import Roll
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.expressions import Deadline, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.points import Point
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.values import frozen
from alerts.store import Store

COMING = 3  # dates of what recurs


@frozen
class ResolvedExpression:
    """A deadline as it was understood, and its bounds."""

    deadline: Deadline
    bounds: Bounds

    def coming(self, now: datetime) -> list[str]:
        """Return the next dates of what recurs: it may have no first one."""
        recurs = self.bounds.recurrence
        if recurs is None:
            return []
        found = (occurrence_bounds(self.bounds, name) for name in recurs.names_about(now))
        coming = (one.text for one in found if one.named and not _is_over(one.named, now))
        return list(islice(coming, COMING))


def _is_over(point: Point, now: datetime) -> bool:
    try:
        return point.counted_end <= now
    except OverflowError:  # it ends after the last day that there is
        return False


def resolve_stated(
    store: Store,
    expression: str,
    zone: str | None,
    *,
    timezone: str | None = None,
    calendars: Collection[str] = (),
    roll: Roll = "none",
    by: str | None = None,
    only_owner: str | None = None,
    most_references: int | None = None,
) -> ResolvedExpression:
    """Resolve a deadline. `zone`: where neither it nor the party that owes it states one.

    Raises InputError where it cannot be read, or names what is not known: for `only_owner`, what others own is not.
    """
    deadline = parse(expression)
    parties = store.ledger.parties() if by else {}
    if by and by not in parties:
        raise InputError(f"no party has the key {by!r}{did_you_mean(by, parties)}")
    stated = Commitment(
        key="", title="", deadline="", timezone=timezone, calendars=tuple(dict.fromkeys(calendars)), roll=roll,
        by=(by,) if by else (),
    )  # fmt: skip
    keys = sorted(references(deadline))
    if most_references is not None and len(keys) > most_references:
        raise InputError(f"it counts from {len(keys)} commitments: name {most_references} at most")
    known = store.commitments.bounds_of(keys, only_owner)
    return ResolvedExpression(deadline, resolve(deadline, choose_zone(stated, parties, zone), known))
