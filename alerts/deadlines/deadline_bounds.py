"""From a stated deadline to its bounds, and how they are worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from alerts.deadlines.bounds import Bounds, describe_bounds
from alerts.deadlines.deadline_windows import count_from, window_of
from alerts.deadlines.dependent_series import EXAMPLES_FROM, SINCE_EVER
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Deadline, kind_of
from alerts.deadlines.period_ends import period_end_series
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.rolled_windows import rolled
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.series_dependence import dependent_series, series_named
from alerts.deadlines.series_resolution import explain_dates
from alerts.deadlines.stated_dates import Reference
from alerts.deadlines.terms import EachPeriodEnd
from alerts.deadlines.zone_choice import ZoneChoice


def resolve(
    deadline: Deadline, zone: ZoneChoice, known: Mapping[str, Bounds], before: Recurrence | None = None
) -> Bounds:
    """Return the bounds of a deadline; `known` are those of the commitments that it depends on.

    `before` is what it recurred by until now, with the closings from which the next occurrence may count.

    Raises InputError for a key that is not in `known`, an offset that contradicts its zone, a window that ends before
    it begins, and for a result outside the years 1 to 9999.
    """
    if (series := series_named(deadline, known)) is not None:
        base = _period_ends(series, zone) if isinstance(series, EachPeriodEnd) else known[series.key]
        return _resolve_series(deadline, zone, series, base)
    work = Resolution(zone, before)
    try:
        bounds = rolled(window_of(deadline, known, work), work)
        assert bounds.fingerprint  # worked out here, where leaving the years 1 to 9999 can still be refused
        bounds = replace(bounds, form=kind_of(deadline), calendars=zone.calendars)
        dates = explain_dates(deadline, bounds.recurrence) or (bounds.named and describe_bounds(bounds))
    except OverflowError:
        raise InputError(f"`{deadline}` leaves the years 1 to 9999") from None
    work.explain_calendars()
    work.explain_no_zone(begins=bool(bounds.first or bounds.recurs), ends=bool(bounds.last or bounds.recurs))
    explanation = (*work.explanation, *([dates] if dates else []), *bounds.explanation)
    return replace(
        bounds, explanation=tuple(dict.fromkeys(explanation)), assumptions=tuple(dict.fromkeys(work.assumptions))
    )


def _period_ends(term: EachPeriodEnd, zone: ZoneChoice) -> Bounds:
    """Return the bounds of the series of the ends of periods. Only what counts from them is rolled."""
    work = Resolution(replace(zone, roll="none"))
    bounds = Bounds(recurrence=period_end_series(term, work), calendars=zone.calendars)
    work.explain_no_zone(begins=True, ends=True)
    return replace(bounds, explanation=tuple(work.explanation), assumptions=tuple(work.assumptions))


def _resolve_series(deadline: Deadline, zone: ZoneChoice, series: Reference | EachPeriodEnd, base: Bounds) -> Bounds:
    """Return the bounds of what depends on a series: its first occurrence shows that it can be worked out."""
    assert base.recurrence is not None
    key, is_key = str(series), isinstance(series, Reference)
    recurs = dependent_series(deadline, key, base.recurrence, base.calendars, zone)
    work = Resolution(zone, assumptions=[f"{key}: {one}" if is_key else one for one in base.assumptions])
    no_start = recurs.start == SINCE_EVER
    first = list(islice(recurs.names(EXAMPLES_FROM if no_start else None), 4))
    examples = [
        count_from(deadline, key, occurrence_bounds(base, name), work if number == 0 else work.anew())
        for number, name in enumerate(first[:3])
    ]
    if not all(one.has_date for one in examples):
        recurs = recurs.undated
    dates = [describe_bounds(one) for one in examples]
    work.explain_calendars()
    shown = ", ".join([*dates, "…"] if len(first) > 3 else dates or ["no occurrence is left"])
    stated, assumptions = f"{key}: {base.text}" if is_key else base.explanation[-1], dict.fromkeys(work.assumptions)
    explanation = (stated, recurs.to_text if no_start else f"{recurs.to_text}: {shown}")
    return Bounds(
        form=kind_of(deadline), explanation=explanation, assumptions=tuple(assumptions), calendars=zone.calendars,
        recurrence=recurs,
    )  # fmt: skip
