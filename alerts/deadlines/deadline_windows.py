"""From a stated deadline to the window that it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.counted_periods import move
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import (
    After,
    AfterDone,
    Before,
    Between,
    By,
    Deadline,
    During,
    Every,
    From,
    On,
    OneOf,
    To,
    Undated,
    Within,
    kind_of,
)
from alerts.deadlines.points import is_reversed
from alerts.deadlines.resolution import Resolution, ends_of_choice
from alerts.deadlines.rolled_windows import rolled, window_between
from alerts.deadlines.series_resolution import done_series_of, recurrence_of
from alerts.deadlines.term_ends import end_before, end_of_period, ends_of, opening_after, opening_of
from alerts.deadlines.terms import Shifted
from alerts.deadlines.wording import UNDATED_TEXTS


def window_of(deadline: Deadline, known: Mapping[str, Bounds], work: Resolution) -> Bounds:
    if isinstance(deadline, OneOf):
        return _one_of(deadline, known, work)
    bounds = _window(deadline, known, work)
    if is_reversed(bounds.first, bounds.last):
        raise InputError(f"`{deadline}` ends before it begins")
    return bounds


def _window(
    deadline: On | After | By | Before | Between | From | To | Within | Shifted | During | Every | AfterDone | Undated,
    known: Mapping[str, Bounds],
    work: Resolution,
) -> Bounds:
    match deadline:
        case On(term) | During(term):
            return window_between(*ends_of(term, known, work))
        case Shifted():
            return window_between(*ends_of(deadline, known, work))
        case After(term):
            last = ends_of(term, known, work)[1]
            return Bounds(first=opening_after(last), named=last)
        case Before(term):
            return window_between(None, end_before(ends_of(term, known, work)[0], work))
        case By(term) | To(term):
            return window_between(None, ends_of(term, known, work)[1])
        case From(term):
            return window_between(opening_of(term, known, work), None)
        case Between(one, other):
            return window_between(opening_of(one, known, work), ends_of(other, known, work)[1])
        case Within(duration, base):
            first, last = ends_of(base, known, work)
            return window_between(first, end_of_period(move(last, duration, "after", work), duration, work))
        case Every():
            return Bounds(recurrence=recurrence_of(deadline, known, work))
        case AfterDone():
            return Bounds(recurrence=done_series_of(deadline, known, work))
        case Undated(meaning):
            return Bounds(explanation=(UNDATED_TEXTS[meaning],))


def _one_of(deadline: OneOf, known: Mapping[str, Bounds], work: Resolution) -> Bounds:
    """Return the bounds of the earlier, or the later, of several deadlines."""
    found = [(part, replace(window_of(part, known, work), form=kind_of(part))) for part in deadline.parts]
    work.explanation += [f"`{part}`: {describe_bounds(bounds)}" for part, bounds in found]
    return window_between(*ends_of_choice(deadline.which, found, work))


def count_from(deadline: Deadline, key: str, base: Bounds, work: Resolution) -> Bounds:
    try:
        found = replace(rolled(window_of(deadline, {key: base}, work), work), form=kind_of(deadline))
        assert found.fingerprint  # as in `resolve`
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    return found
