"""Whether a deadline counts from a series, and the series that this gives."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.deadlines.business_days import Roll
from alerts.deadlines.dependent_series import DependentSeries, names_of
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Deadline, Every, references, terms
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.shift_range import shift_range
from alerts.deadlines.term_ends import Resolved


def dependent_series(
    deadline: Deadline, key: str, base: Recurrence, calendars: tuple[str, ...], roll: Roll
) -> DependentSeries:
    """Return the series that counts from each occurrence of another one; `calendars` are those of that.

    Raises InputError for one whose next occurrence is known only once the last is done.
    """
    if isinstance(base, DoneSeries):
        raise InputError(f"{key} counts from when it was last done, so `{deadline}` cannot count from it: give {key} a "
                         "lead in a rule instead")  # fmt: skip
    days = (base.earliest, base.latest) if isinstance(base, DependentSeries) else (0, 0)
    earliest, latest = shift_range(deadline, days)
    return DependentSeries(
        **names_of(base),
        roll=roll,
        ends=base.ends,
        key=key,
        deadline=str(deadline),
        base=base,
        base_calendars=calendars,
        earliest=earliest,
        latest=latest,
    )


def series_named(deadline: Deadline, known: Mapping[str, Resolved]) -> str | None:
    """Return the key of the series that a deadline counts from, if it names one.

    Raises InputError where it counts from something else, too: then its occurrences have no place in time by which they
    could be found.
    """
    series = [key for key in sorted(references(deadline)) if key in known and known[key].recurs]
    if not series or isinstance(deadline, Every | AfterDone):
        return None
    others = [str(one) for one in terms(deadline) if str(one) != series[0]]
    if others:
        raise InputError(
            f"{series[0]} recurs, so `{deadline}` is worked out for each of its occurrences and cannot count from "
            f"{others[0]} as well"
        )
    return series[0]
