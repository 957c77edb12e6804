"""A series that was closed, as it is for what depends on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.series_bounds import occurrence_bounds


def ended_series(bounds: Bounds, at: datetime) -> Bounds:
    """Return the bounds of a series that was closed at an instant, without the occurrences that had not come by then.

    Where single ones were moved makes no difference.
    """
    recurs = bounds.recurrence
    for name in recurs.names_about(at) if recurs else ():
        one = occurrence_bounds(bounds, name)
        comes_at = one.comes_at
        if recurs and (comes_at is None or comes_at > at):
            return replace(bounds, recurrence=replace(recurs, ends=datetime.fromisoformat(name)))
    return bounds
