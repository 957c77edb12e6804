"""Periods counted by a rule: which day is the first, which days are left out, and where the last day moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from alerts.deadlines.business_days import BusinessCalendar
from alerts.deadlines.counting import RULES, BusinessHours, Counted, CountingRule, Span
from alerts.deadlines.durations import MOST_BUSINESS_DAYS, BusinessDays, Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.left_out_days import LeftOut, days_off, name_left_out
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.terms import Direction
from alerts.deadlines.wording import format_day
from alerts.deadlines.zones import at_wall, zone_info

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PLAIN = CountingRule("")
NO_HOURS = (
    "business hours need their hours, as in `8 business hours (09:00-17:00) after X`, or the office hours of the party "
    "who owes it (`hours: 09:00-17:00`)"
)


def move(
    point: Point | None, span: Span, direction: Direction, work: Resolution, *, is_opening: bool = False
) -> Point | None:
    """Move a point by a duration, as it is counted. `is_opening`: something may happen from there on."""
    if point is None:
        return None
    if isinstance(span, BusinessHours):
        return _by_business_hours(point, span, direction, work)
    if not isinstance(span, Counted):
        return work.shift(point, span, direction)
    rule = RULES.get(span.rule or "", PLAIN)
    if is_opening and rule.gap_until:
        rule = replace(rule, gap_after=rule.gap_until, roll_after="none")
    count = _Count(span, rule, direction == "after", work)
    return count.by_hours(point) if isinstance(span.lead, Duration) and span.lead.time else count.by_days(point)


class _Count:
    """One count of days or hours by a rule, and the days that it leaves out."""

    def __init__(self, span: Counted, rule: CountingRule, forward: bool, work: Resolution) -> None:
        self.span, self.rule, self.forward, self.work = span, rule, forward, work
        self.step = DAY if forward else -DAY
        self.left_out: LeftOut = {}
        self.calendar = work.business_days
        if rule.national_before and not forward:
            self.calendar = _of_countries(work.business_days)

    def by_days(self, point: Point) -> Day:
        start = self._served(point)
        self.left_out[start] = "the day of the event"
        last = self._last(start)
        first = start + self.step
        while first in self.left_out:
            first += self.step
        direction = "after" if self.forward else "before"
        named = f", counted by {self.span.rule} ({self.rule.source})" if self.span.rule else ""
        self._explain(
            f"{self.span.lead.to_text} {direction} {format_day(start)}{named}: {format_day(first)} is day 1, "
            f"{format_day(last)} the last"
        )
        found = self._two_business_days(start, self._gap(last))
        found = self._added(self._rolled(found))
        self._explain_left_out()
        return Day(found, point.zone)

    def by_hours(self, point: Point) -> Point:
        assert isinstance(self.span.lead, Duration)
        if isinstance(point, Instant) and self.rule.whole_hours and self.forward:
            start = point.at.replace(minute=0, second=0) + HOUR
            self._explain(f"the hour in which it occurs does not count ({self.rule.source})")
            point = Instant(start, point.zone)
        moved = self.work.shift(point, self.span.lead, "after" if self.forward else "before")
        assert moved is not None
        if not isinstance(moved, Instant) or self.rule.whole_hours:
            return moved
        found = moved.on(Day(self._added(self._rolled(moved.date))))
        self._explain_left_out()
        return found

    def _served(self, point: Point) -> date:
        """Return the day from which is counted: the next business day for what is served after hours."""
        day, served_by = point.date, self.span.served_by
        if served_by is None:
            return day
        off = self.work.business_days.why_off(day)
        wall = _wall(point) if isinstance(point, Instant) else None
        late = wall is not None and wall.time() > served_by
        if not late and off is None:
            return day
        start = self.work.business_days.count(day, 1)[0]
        self.left_out |= days_off(day, start - DAY, self.work.business_days)
        self.left_out.setdefault(day, "served too late on it")
        when = f"at {wall:%H:%M}, after {served_by:%H:%M}" if late else f"no business day: {off}"
        self._explain(f"served on {format_day(day)} ({when}): counted from {format_day(start)}")
        return start

    def _last(self, start: date) -> date:
        """Return the last day that counts."""
        lead = self.span.lead
        by_business_days = isinstance(lead, BusinessDays) or 0 < lead.days <= self.rule.short
        if isinstance(lead, Duration) and not (self.span.excluded or by_business_days):
            return (lead if self.forward else lead.negated()).shift(start)
        found, number = start, lead.count if isinstance(lead, BusinessDays) else lead.days
        while number:
            found += self.step
            why = self.calendar.why_off(found) if by_business_days else None
            if self.span.leaves_out(found):
                why = "excluded"
            if why:
                self.left_out[found] = why
            else:
                number -= 1
        return found

    def _gap(self, last: date) -> date:
        gap = self.rule.gap_after if self.forward else self.rule.gap_before
        if not gap:
            return last
        found = last + gap * self.step
        self._explain(f"the days are clear ones, which lie between the two events: so this one is {format_day(found)}")
        return found

    def _two_business_days(self, start: date, end: date) -> date:
        """Return the end of a period of two days or more, which has two business days at least."""
        if not self.rule.two_business_days or abs(end - start) < 2 * DAY:
            return end
        second = self.calendar.count(start, 2 if self.forward else -2)[0]
        if abs(second - start) <= abs(end - start):
            return end
        off = name_left_out(days_off(start + self.step, second, self.calendar))
        self._explain(
            f"a period of two days or more has two business days, and these are none: {off}. The second is "
            f"{format_day(second)}"
        )
        return second

    def _rolled(self, day: date) -> date:
        moved = self.calendar.roll(day, self.rule.roll_after if self.forward else self.rule.roll_before)
        if moved != day:
            off = days_off(day, moved, self.calendar)
            self.left_out |= off
            self._explain(f"{format_day(day)} is no business day ({off[day]}): it ends on {format_day(moved)}")
        return moved

    def _added(self, end: date) -> date:
        """Return the end with the days that follow it where something was served by mail."""
        if not self.rule.added_days or not self.forward:
            return end
        found = end + self.rule.added_days * DAY
        self._explain(f"{self.rule.added_days} days are added: {format_day(found)}")
        return self._rolled(found)

    def _explain(self, text: str) -> None:
        self.work.explanation.append(text)

    def _explain_left_out(self) -> None:
        if self.left_out:
            self._explain(f"left out: {name_left_out(self.left_out)}")


def _of_countries(calendar: BusinessCalendar) -> BusinessCalendar:
    """Return the calendars of whole countries: `US` instead of `US-NY`."""
    return BusinessCalendar(
        tuple(dict.fromkeys(code.partition("-")[0] for code in calendar.calendars)), calendar.touched
    )


def _wall(point: Instant) -> datetime:
    return point.at.astimezone(zone_info(point.zone or "UTC")).replace(tzinfo=None)


def _by_business_hours(point: Point, span: BusinessHours, direction: Direction, work: Resolution) -> Instant:
    """Count hours between opening and closing, on business days."""
    forward = direction == "after"
    hours = span.hours or work.hours(NO_HOURS)
    if span.is_too_long(hours):
        raise InputError(f"{span} are more than {MOST_BUSINESS_DAYS:,} business days")
    left, left_out = timedelta(hours=span.count), LeftOut()
    wall = _wall(point) if isinstance(point, Instant) else datetime.combine(point.date + DAY * forward, time())
    while True:
        opens, closes = datetime.combine(wall.date(), hours.opens), datetime.combine(wall.date(), hours.closes)
        why = work.business_days.why_off(wall.date())
        available = (closes - max(wall, opens)) if forward else (min(wall, closes) - opens)
        if why is None and left <= available:
            wall = max(wall, opens) + left if forward else min(wall, closes) - left
            break
        if why is None:
            left -= max(available, timedelta())
        else:
            left_out[wall.date()] = why
        wall = datetime.combine(wall.date() + (DAY if forward else -DAY), time() if forward else time.max)
    zone = point.zone
    found = Instant(at_wall(wall, zone_info(zone or "UTC")), zone)
    work.explanation.append(f"{span} {direction} it is {format_day(wall.date())} {wall:%H:%M}")
    if left_out:
        work.explanation.append(f"left out: {name_left_out(left_out)}")
    return found
