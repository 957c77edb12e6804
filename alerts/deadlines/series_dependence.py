"""Whether a deadline counts from a series, and the series that this gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alerts.deadlines.dependent_series import DependentSeries, days_of, names_of
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.durations import BusinessDays, Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Deadline, Every, terms
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.shift_range import needs_fiscal_year, needs_hours, shift_range
from alerts.deadlines.stated_dates import Reference
from alerts.deadlines.term_ends import Resolved
from alerts.deadlines.terms import EachPeriodEnd, Shifted
from alerts.deadlines.zone_choice import Obligor, ZoneChoice


def dependent_series(
    deadline: Deadline, key: str, base: Recurrence, calendars: tuple[str, ...], zone: ZoneChoice
) -> DependentSeries:
    """Return the series that counts from each occurrence of another one; `calendars` are those of that.

    Raises InputError for one whose next occurrence is known only once the last is done.
    """
    if isinstance(base, DoneSeries):
        raise InputError(
            f"{key} counts from when it was last done, so only its next date is known and `{deadline}` cannot count "
            f"from it: let a rule remind of {key} before that (`before: [{_lead_text(deadline)}]`), or state this one "
            f"by itself, as in `{base.to_text} from 2026-07-01`"
        )
    earliest, latest = shift_range(deadline, days_of(base))
    return DependentSeries(
        **names_of(base),
        roll=zone.roll,
        ends=base.ends,
        key=key,
        deadline=str(deadline),
        base=base,
        base_calendars=calendars,
        earliest=earliest,
        latest=latest,
        obligor=_needed(deadline, zone.obligor),
    )


def _lead_text(deadline: Deadline) -> str:
    """Return the lead of a rule that stands for a deadline, such as `30 days`."""
    term = getattr(deadline, "term", deadline)
    shift = term.duration if isinstance(term, Shifted) and term.direction == "before" else None
    return shift.to_text if isinstance(shift, Duration | BusinessDays) else "30 days"


def _needed(deadline: Deadline, obligor: Obligor | None) -> Obligor | None:
    """Return what a deadline needs of who owes it, so that a change of the rest moves nothing; None for nothing."""
    if obligor is None or not (needs_hours(deadline) or needs_fiscal_year(deadline)):
        return None
    hours = obligor.hours if needs_hours(deadline) else None
    return replace(obligor, hours=hours, fiscal_year=obligor.fiscal_year if needs_fiscal_year(deadline) else None)


def series_named(deadline: Deadline, known: Mapping[str, Resolved]) -> Reference | EachPeriodEnd | None:
    """Return the series that a deadline counts from, if it names one: its key, or the ends of which periods.

    Raises InputError where it counts from something else, too: then its occurrences have no place in time by which they
    could be found.
    """
    if isinstance(deadline, Every | AfterDone):
        return None
    stated = sorted(terms(deadline), key=str)
    series = next((one for one in stated if _is_series(one, known)), None)
    if not isinstance(series, Reference | EachPeriodEnd):
        return None
    others = [str(one) for one in terms(deadline) if one != series]
    if others:
        raise InputError(
            f"{series} recurs, so `{deadline}` is worked out for each of its occurrences and cannot count from "
            f"{others[0]} as well"
        )
    return series


def _is_series(term: object, known: Mapping[str, Resolved]) -> bool:
    if isinstance(term, Reference):
        return term.key in known and known[term.key].recurs
    return isinstance(term, EachPeriodEnd)
