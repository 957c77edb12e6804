"""The bounds of one occurrence of what recurs."""

from __future__ import annotations

from dataclasses import replace

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.dependent_series import DependentSeries


def occurrence_bounds(bounds: Bounds, name: str) -> Bounds:
    """Return the bounds of one occurrence of a recurring deadline. Raises InputError for an unknown name.

    One that has no date stands where its name says: without that, there would be no end of those to review now.
    """
    recurs = bounds.recurrence
    assert recurs is not None
    if isinstance(recurs, DependentSeries):
        from alerts.deadlines.counted_occurrence import counted_occurrence  # both only for what recurs

        start = recurs.point(name)  # raises where there is none
        base = Bounds(recurrence=recurs.base, calendars=recurs.base_calendars, explanation=("",))
        found = counted_occurrence(bounds, name, occurrence_bounds(base, name))
        return found if found.has_date else replace(found, original_start=start)
    from alerts.deadlines.rule_occurrence import rule_occurrence

    return rule_occurrence(bounds, recurs, name)
