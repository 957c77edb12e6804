"""The moments at which a rule reminds of a commitment, and when each of them goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

from alerts.core.reminders import Kind
from alerts.core.rules import Overdue, Rule
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_days import BusinessCalendar, supported_calendars
from alerts.deadlines.durations import BusinessDays, Duration, Lead
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.values import frozen

ONE_SECOND = timedelta(seconds=1)  # firings lie on whole seconds


class Firings(Protocol):
    """The instants at which a rule may send alerts (those of its cron)."""

    @property
    def at_or_after(self) -> Callable[[datetime], datetime | None]: ...

    @property
    def before(self) -> Callable[[datetime], datetime | None]: ...


@frozen
class Moment:
    """An instant that a rule means, and the firing at which it goes out."""

    kind: Kind
    at: datetime
    send_at: datetime
    offset: str | None = None
    early: bool = False


@frozen
class RepeatingMoments:
    """Moments that repeat: `instant(k)` for k = 0, 1, … rises, and is None beyond the year 9999."""

    kind: Kind
    instant: Callable[[int], tuple[datetime, Duration] | None]
    firings: Firings

    def after(self, at: datetime | None) -> Iterator[Moment]:
        """Return the moments later than an instant (all, if None), oldest first."""
        return self._from(0 if at is None else self._first_after(at))

    def due_after(self, at: datetime) -> Iterator[Moment]:
        """Return the moments whose firing is later than an instant: those after the last firing up to it."""
        return self.after(self._last_firing(at))

    def last_due_by(self, at: datetime) -> Moment | None:
        """Return the latest moment whose firing lies at or before an instant."""
        firing = self._last_firing(at)
        index = self._first_after(firing) if firing else 0
        return next(self._from(index - 1), None) if index else None

    def _last_firing(self, at: datetime) -> datetime | None:
        return self.firings.before(at.replace(microsecond=0) + ONE_SECOND)

    def _from(self, index: int) -> Iterator[Moment]:
        last = None
        while (found := self.instant(index)) is not None:
            moment, offset = found
            send_at = self.firings.at_or_after(moment)
            if send_at is None:
                return
            if moment != last:  # a day that a zone left out starts when the next one does
                yield Moment(self.kind, moment, send_at, str(offset))
            last = moment
            index += 1

    def _first_after(self, at: datetime) -> int:
        def passed(index: int) -> bool:
            found = self.instant(index)
            return found is not None and found[0] <= at

        low, high = 0, 1
        if not passed(0):
            return 0
        while passed(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if passed(middle) else (low, middle)
        return high


def one_time_moments(rule: Rule, bounds: Bounds, firings: Firings) -> list[Moment]:
    """Return the moments that come once: leads, the day itself, the opening."""
    found: list[Moment | None] = []
    named, first = bounds.named, bounds.first
    if named is not None:
        found += [_lead(bounds, lead, firings) for lead in rule.leads]
        opening_says_it = rule.remind.opens and bounds.opens and named == first
        if rule.remind.on_the_day and not opening_says_it:
            found.append(_on_the_day(named, firings))
    if rule.remind.opens and bounds.opens and first is not None:
        at = first.counted_start
        send_at = firings.at_or_after(at)
        found.append(Moment("opens", at, send_at) if send_at else None)
    return list({(moment.kind, moment.at): moment for moment in found if moment}.values())


def first_overdue(rule: Rule, bounds: Bounds) -> datetime | None:
    """Return the first moment at which a rule sends a reminder of what is late."""
    if bounds.last is None or rule.remind.overdue is None:
        return None
    found = _overdue(_late_from(bounds.last), rule.remind.overdue)(0)
    return found[0] if found else None


def repeating_moments(rule: Rule, tracked: Tracked, firings: Firings) -> RepeatingMoments | None:
    """Return the moments that repeat: overdue from the latest bound on, or reviews where there is none."""
    bounds = tracked.bounds
    if bounds.recurrence is not None:
        return None
    if bounds.last is not None:
        if rule.remind.overdue is None:
            return None
        return RepeatingMoments("overdue", _overdue(_late_from(bounds.last), rule.remind.overdue), firings)
    if rule.remind.review is None:
        return None
    every = Duration.parse(tracked.commitment.review_every or rule.remind.review)
    base = bounds.first or _reviewed_from(tracked)
    return RepeatingMoments("review", cache(lambda index: _later(base, every.times(index + 1))), firings)


def _reviewed_from(tracked: Tracked) -> Point:
    """Return what the reviews of what has no date count from: an occurrence that lies ahead is not reviewed yet."""
    recorded, stands_at = Instant(tracked.recorded_at, "UTC"), tracked.bounds.stands_at
    return stands_at if stands_at and stands_at.counted_start > recorded.at else recorded


def _lead(bounds: Bounds, lead: Lead, firings: Firings) -> Moment | None:
    named = bounds.named
    assert named is not None
    try:
        at = named.before(lead) if isinstance(lead, Duration) else _business_days_before(named, lead, bounds.calendars)
    except (InputError, OverflowError):
        return None  # a lead that begins before the year 1 has no moment
    day = _day_of(named).counted_start
    limit = named.counted_start if at >= day else day
    return _at_firing_before("before", at, limit, firings, str(lead))


def _business_days_before(named: Point, lead: BusinessDays, calendars: tuple[str, ...]) -> datetime:
    """Return the start of the day a number of business days before a day; before an instant, its wall clock then."""
    day, _ = BusinessCalendar(supported_calendars(calendars)).count(named.date, -lead.count)
    return named.on(Day(day)).counted_start


def _on_the_day(named: Point, firings: Firings) -> Moment | None:
    return _at_firing_before("on_the_day", _day_of(named).counted_start, named.counted_end, firings)


def _at_firing_before(kind: Kind, at: datetime, limit: datetime, firings: Firings, offset: str | None = None) -> Moment:
    """Return a moment at its firing, or, where that would come too late, at the last firing before it."""
    send_at = firings.at_or_after(at)
    if send_at is not None and send_at < limit:
        return Moment(kind, at, send_at, offset)
    return Moment(kind, at, firings.before(at) or at, offset, early=True)


def _day_of(point: Point) -> Day:
    return point if isinstance(point, Day) else Day(point.date, point.zone)


def _late_from(last: Point) -> Point:
    if isinstance(last, Day) and last.zone:
        return Day(last.shift(Duration(days=1)).date, last.zone)
    return Instant(last.end, last.zone or "UTC")


def _overdue(base: Point, overdue: Overdue) -> Callable[[int], tuple[datetime, Duration] | None]:
    after, every, then = (Duration.parse(text) for text in (overdue.after, overdue.every, overdue.then))

    @cache  # one evaluation asks for the first six times
    def instant(index: int) -> tuple[datetime, Duration] | None:
        interval = index if overdue.at_most is None else min(index, overdue.at_most - 1)
        return _later(base, after.plus(every.times(interval)).plus(then.times(index - interval)))

    return instant


def _later(base: Point, duration: Duration) -> tuple[datetime, Duration] | None:
    try:
        if isinstance(base, Day):
            return Day(duration.shift(base.date), base.zone).counted_start + duration.time, duration
        return base.shift(duration).at, duration
    except (InputError, OverflowError):
        return None
