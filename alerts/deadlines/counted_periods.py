"""Periods counted by a rule: which day is the first, which days are left out, and where the last day moves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from alerts.deadlines.counting import RULES, BusinessHours, Counted, CountingRule, Span
from alerts.deadlines.durations import BusinessDays, Duration
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.terms import Direction
from alerts.deadlines.wording import format_day
from alerts.deadlines.zones import at_wall, zone_info

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PLAIN = CountingRule("")


def move(point: Point | None, span: Span, direction: Direction, work: Resolution) -> Point | None:
    """Move a point by a duration, as it is counted."""
    if point is None:
        return None
    if isinstance(span, BusinessHours):
        return _by_business_hours(point, span, direction, work)
    if isinstance(span, Counted):
        return _by_rule(point, span, direction, work)
    return work.shift(point, span, direction)


def _by_rule(point: Point, span: Counted, direction: Direction, work: Resolution) -> Point:
    rule, step = RULES.get(span.rule or "", PLAIN), DAY if direction == "after" else -DAY
    if isinstance(span.lead, Duration) and span.lead.time:
        return _by_hours(point, span, step, rule, work)
    start = _served(point, span, work)
    short = isinstance(span.lead, Duration) and 0 < span.lead.days <= rule.short
    if span.excluded or short or isinstance(span.lead, BusinessDays):
        found = _one_by_one(start, span, step, work, business=short or isinstance(span.lead, BusinessDays))
    else:
        assert isinstance(span.lead, Duration)
        found = (span.lead if step > timedelta() else span.lead.negated()).shift(start)
    found += step * (rule.gap_after if step > timedelta() else rule.gap_before)
    named = f" by {span.rule} ({rule.source})" if span.rule else ""
    work.explanation.append(
        f"{span.lead.to_text} {direction} {format_day(start)}, counted{named}: {format_day(start + step)} is day 1, "
        f"{format_day(found)} the last"
    )
    if rule.two_business_days and step > timedelta():
        found = _with_two_business_days(start, found, work)
    return Day(_rolled(found, rule, step, work), point.zone)


def _one_by_one(start: date, span: Counted, step: timedelta, work: Resolution, *, business: bool) -> date:
    """Count days, and leave out those that do not count."""
    left_out: dict[date, str] = {}
    found, number = start, span.lead.count if isinstance(span.lead, BusinessDays) else span.lead.days
    while number:
        found += step
        why = work.business_days.why_off(found) if business else None
        if span.leaves_out(found):
            why = "excluded"
        if why:
            left_out[found] = why
        else:
            number -= 1
    if left_out:
        work.explanation.append(f"left out: {', '.join(_name_runs(left_out))}")
    return found


def _name_runs(days: dict[date, str]) -> Iterable[str]:
    """Name days with why they are left out; those that follow each other for one reason together."""
    run: list[date] = []
    for day in sorted(days):
        if run and (day - run[-1] != DAY or days[day] != days[run[-1]]):
            yield _name_run(run, days[run[0]])
            run = []
        run.append(day)
    if run:
        yield _name_run(run, days[run[0]])


def _name_run(run: list[date], why: str) -> str:
    named = format_day(run[0]) + (f" to {format_day(run[-1])}" if len(run) > 1 else "")
    return f"{named} ({why})"


def _with_two_business_days(start: date, end: date, work: Resolution) -> date:
    """Return the end of a period of two days or more, which has two business days at least."""
    if end - start < 2 * DAY:
        return end
    second = work.business_days.count(start, 2)[0]
    if second <= end:
        return end
    work.explanation.append(f"a period of two days or more has two business days, the second is {format_day(second)}")
    return second


def _rolled(day: date, rule: CountingRule, step: timedelta, work: Resolution) -> date:
    moved = work.business_days.roll(day, rule.roll_after if step > timedelta() else rule.roll_before)
    if moved != day:
        why = work.business_days.why_off(day)
        work.explanation.append(f"{format_day(day)} is no business day ({why}): it ends on {format_day(moved)}")
    return moved


def _served(point: Point, span: Counted, work: Resolution) -> date:
    """Return the day from which is counted: the next business day for what is served after hours."""
    if span.served_by is None:
        return point.date
    late = isinstance(point, Instant) and _wall(point).time() > span.served_by
    if not late and work.business_days.why_off(point.date) is None:
        return point.date
    day = work.business_days.count(point.date, 1)[0]
    work.explanation.append(f"served after {span.served_by:%H:%M} or on a day off: counted from {format_day(day)}")
    return day


def _wall(point: Instant) -> datetime:
    return point.at.astimezone(zone_info(point.zone or "UTC")).replace(tzinfo=None)


def _by_hours(point: Point, span: Counted, step: timedelta, rule: CountingRule, work: Resolution) -> Point:
    assert isinstance(span.lead, Duration)
    if isinstance(point, Instant) and rule.whole_hours and step > timedelta():
        start = point.at.replace(minute=0, second=0) + HOUR
        work.explanation.append(f"the hour in which it occurs does not count ({rule.source})")
        point = Instant(start, point.zone)
    moved = work.shift(point, span.lead, "after" if step > timedelta() else "before")
    assert moved is not None
    if not isinstance(moved, Instant) or rule.whole_hours:
        return moved
    return moved.on(Day(_rolled(moved.date, rule, step, work)))


def _by_business_hours(point: Point, span: BusinessHours, direction: Direction, work: Resolution) -> Instant:
    """Count hours between opening and closing, on business days."""
    forward = direction == "after"
    left = timedelta(hours=span.count)
    wall = _wall(point) if isinstance(point, Instant) else datetime.combine(point.date + DAY * forward, time())
    while True:
        opens, closes = datetime.combine(wall.date(), span.opens), datetime.combine(wall.date(), span.closes)
        open_today = work.business_days.why_off(wall.date()) is None
        available = (closes - max(wall, opens)) if forward else (min(wall, closes) - opens)
        if open_today and left <= available:
            wall = max(wall, opens) + left if forward else min(wall, closes) - left
            break
        left -= max(available, timedelta()) if open_today else timedelta()
        wall = datetime.combine(wall.date() + (DAY if forward else -DAY), time() if forward else time.max)
    zone = point.zone
    found = Instant(at_wall(wall, zone_info(zone or "UTC")), zone)
    work.explanation.append(f"{span} {direction} it is {format_day(wall.date())} {wall:%H:%M}")
    return found
