"""The bounds of one occurrence of a series that counts from another one."""

from __future__ import annotations

from dataclasses import replace

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_windows import count_from
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.grammar import parse
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.zone_choice import ZoneChoice


def counted_occurrence(bounds: Bounds, name: str, base: Bounds) -> Bounds:
    """Return the bounds of one occurrence of what depends on a series; `base` are those that it is counted from.

    One without a date stands where the other begins. Otherwise the search for those to review would never end.
    """
    recurs = bounds.recurrence
    assert isinstance(recurs, DependentSeries)
    work = Resolution(ZoneChoice(base.zone, calendars=bounds.calendars, roll=recurs.roll, obligor=recurs.obligor))
    found = count_from(parse(recurs.deadline), recurs.key, base, work)
    explanation = dict.fromkeys([f"{recurs.to_text}, for the occurrence of {name}", *work.explanation])
    assumptions = dict.fromkeys([*bounds.assumptions, *work.assumptions, *work.business_days.provisional])
    stands_at = None if found.has_date else base.first or base.named or base.last or base.stands_at
    return replace(
        found,
        stands_at=stands_at,
        explanation=tuple(explanation),
        assumptions=tuple(assumptions),
        calendars=bounds.calendars,
    )
