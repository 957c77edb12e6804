"""From a stated deadline to its bounds, and how they are worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.deadline_windows import count_from, window_of
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Deadline, kind_of
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import FIRST_ON_EARTH, IN_UTC, LAST_ON_EARTH, NO_ZONE, Resolution
from alerts.deadlines.rolled_windows import rolled
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.series_dependence import dependent_series, series_named
from alerts.deadlines.series_resolution import explain_dates
from alerts.deadlines.zone_choice import ZoneChoice


def resolve(
    deadline: Deadline, zone: ZoneChoice, known: Mapping[str, Bounds], before: Recurrence | None = None
) -> Bounds:
    """Return the bounds of a deadline; `known` are those of the commitments that it depends on.

    `before` is what it recurred by until now, with the closings from which the next occurrence may count.

    Raises InputError for a key that is not in `known`, an offset that contradicts its zone, a window that ends before
    it begins, and for a result outside the years 1 to 9999.
    """
    if (key := series_named(deadline, known)) is not None:
        return _resolve_series(deadline, zone, key, known[key])
    work = Resolution(zone, before)
    try:
        bounds = rolled(window_of(deadline, known, work), work)
        assert bounds.fingerprint  # worked out here, where leaving the years 1 to 9999 can still be refused
        bounds = replace(bounds, form=kind_of(deadline), calendars=zone.calendars)
        dates = explain_dates(deadline, bounds.recurrence) or (bounds.named and describe_bounds(bounds))
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    work.explain_calendars()
    if work.unzoned:
        recurs = bounds.recurrence is not None
        ends = [FIRST_ON_EARTH] * (bounds.first is not None or recurs)
        ends += [LAST_ON_EARTH] * (bounds.last is not None or recurs)
        work.assumptions.append(NO_ZONE + "; ".join([*ends, IN_UTC]))
    explanation = (*work.explanation, *([dates] if dates else []), *bounds.explanation)
    return replace(
        bounds, explanation=tuple(dict.fromkeys(explanation)), assumptions=tuple(dict.fromkeys(work.assumptions))
    )


def _resolve_series(deadline: Deadline, zone: ZoneChoice, key: str, base: Bounds) -> Bounds:
    """Return the bounds of what depends on a series: its first occurrence shows that it can be worked out."""
    assert base.recurrence is not None
    recurs = dependent_series(deadline, key, base.recurrence, base.calendars, zone.roll)
    work = Resolution(zone, assumptions=[f"{key}: {assumption}" for assumption in base.assumptions])
    first = list(islice(recurs.names(), 4))
    dates = [
        describe_bounds(count_from(deadline, key, occurrence_bounds(base, name), work if number == 0 else work.anew()))
        for number, name in enumerate(first[:3])
    ]
    work.explain_calendars()
    shown = ", ".join([*dates, "…"] if len(first) > 3 else dates or ["no occurrence is left"])
    explanation, assumptions = (f"{key}: {base.text}", f"{recurs.to_text}: {shown}"), dict.fromkeys(work.assumptions)
    return Bounds(
        form=kind_of(deadline), explanation=explanation, assumptions=tuple(assumptions), calendars=zone.calendars,
        recurrence=recurs,
    )  # fmt: skip
