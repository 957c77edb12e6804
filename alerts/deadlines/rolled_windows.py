"""Windows of one or two points, and their last day moved to a business day."""

from __future__ import annotations

from dataclasses import replace

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Point, is_reversed
from alerts.deadlines.resolution import Resolution


def window_between(first: Point | None, last: Point | None) -> Bounds:
    return Bounds(first=first, last=last, named=last or first)


def rolled(bounds: Bounds, work: Resolution) -> Bounds:
    """Move the last day, if it is not a business day, as the commitment wants it; the rest of a window stays."""
    first, last = bounds.first, bounds.last
    moved = work.roll(last) if last else None
    if moved is None:
        return bounds
    whole = first == last or is_reversed(first, moved)
    return replace(bounds, first=moved if whole else first, last=moved, named=moved)
