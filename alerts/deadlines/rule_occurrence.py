"""The bounds of one occurrence of a series that counts from no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_day_series import business_day_of
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.rolled_windows import rolled, window_between
from alerts.deadlines.wording import MONTH_NAMES, format_day, print_position
from alerts.deadlines.zone_choice import ZoneChoice


def rule_occurrence(bounds: Bounds, recurs: Recurrence, name: str) -> Bounds:
    """Return the bounds of one occurrence. Raises InputError for an unknown name."""
    point = recurs.point(name)
    work = Resolution(ZoneChoice(point.zone, calendars=bounds.calendars, roll=recurs.roll))
    _explain_occurrence(recurs, name, work)
    found = rolled(window_between(point, point), work)
    explanation = (
        *bounds.explanation[:-1],
        f"the occurrence of {name} of what recurs {bounds.explanation[-1].partition(': ')[0]}",
        *work.explanation,
    )
    assumptions = (*bounds.assumptions, *work.business_days.provisional)
    return replace(found, form="on", explanation=explanation, assumptions=assumptions, calendars=bounds.calendars)


def _explain_occurrence(recurs: Recurrence, name: str, work: Resolution) -> None:
    """Add to the explanation of an occurrence which holidays its month passes, or from which closing it counts."""
    if isinstance(recurs, DoneSeries) and (counted := recurs.explain(name)):
        work.explanation.append(counted)
    if not recurs.business_day:
        return
    month, place = datetime.fromisoformat(name).date(), print_position(recurs.business_day)
    day, passed = business_day_of(month, recurs.business_day, work.business_days)
    if passed:
        text = f"the {place} business day of {MONTH_NAMES[month.month - 1]} {month.year}"
        work.explanation.append(f"{text} is {format_day(day)}, passing {work.name_days_off(passed)}")
