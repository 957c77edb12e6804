"""How a window has changed, and a series that has another open occurrence."""

from __future__ import annotations

from dataclasses import replace

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.recurrence import Recurrence


def describe_move(before: Bounds, after: Bounds) -> str:
    """Describe how a window has changed; where its days stay the same, by its zone and when it ends."""
    if describe_bounds(before) != describe_bounds(after):
        return f"{describe_bounds(before)} → {describe_bounds(after)}"
    return f"{describe_bounds(after)}: {_describe_zone(before)} → {_describe_zone(after)}"


def _describe_zone(bounds: Bounds) -> str:
    zone = bounds.zone or (bounds.recurrence and bounds.recurrence.zone) or "no time zone is stated"
    return f"{zone} (late from {bounds.latest:%a %-d %b %H:%M} UTC)" if bounds.latest else zone


def with_recurrence(bounds: Bounds, recurs: Recurrence) -> Bounds:
    """Return the bounds of a series that has another open occurrence now."""
    return replace(bounds, recurrence=recurs, explanation=(*bounds.explanation[:-1], recurs.explanation))
