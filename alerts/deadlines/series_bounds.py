"""The bounds of one occurrence of what recurs."""

from __future__ import annotations

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.dependent_series import DependentSeries


def occurrence_bounds(bounds: Bounds, name: str) -> Bounds:
    """Return the bounds of one occurrence of a recurring deadline. Raises InputError for an unknown name."""
    recurs = bounds.recurrence
    assert recurs is not None
    if isinstance(recurs, DependentSeries):
        from alerts.deadlines.counted_occurrence import counted_occurrence  # both only for what recurs

        recurs.point(name)  # raises where there is none
        base = Bounds(recurrence=recurs.base, calendars=recurs.base_calendars, explanation=("",))
        return counted_occurrence(bounds, name, occurrence_bounds(base, name))
    from alerts.deadlines.rule_occurrence import rule_occurrence

    return rule_occurrence(bounds, recurs, name)
