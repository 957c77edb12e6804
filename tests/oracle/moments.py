"""The moments that a rule means for one occurrence under given bounds, and when each goes out.

Readings of the design where it leaves a choice:

* The day itself, of an instant, is its civil day; a reminder of it is too late from the instant on.
* A lead before an instant is too late on the civil day of the instant, unless the lead itself falls on that day.
* An opening whose zone is unknown is counted in UTC, as leads are.
* Repeats are counted from where it became late (or from the base of the reviews) and never from one another, so a
  month's end does not wear off: k-th = base + after + every × quick ones + then × slow ones.
* A review of what has no date counts from the first record, in UTC; that of a turn which stands later, from there.
* A rule that names no review sends none, even where the commitment states `review_every`.
* Where what leads count from is the opening itself, a rule that reports the opening does not report the day as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import count

from tests.oracle import business
from tests.oracle.crons import Firings
from tests.oracle.data import BusinessDays, Overdue, Rule
from tests.oracle.resolving import Bounds, DayEdge, Edge, InstantEdge
from tests.oracle.spans import Span
from tests.oracle.zones import start_of_day


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """An instant that a rule means, and the firing at which it goes out."""

    send_at: datetime
    at: datetime
    kind: str


def moments(
    rule: Rule,
    bounds: Bounds,
    *,
    fires: Firings,
    until: datetime,
    calendars: tuple[str, ...],
    review_every: Span | None,
    recorded: InstantEdge,
) -> list[Moment]:
    """Return all moments that go out up to `until`, by the time at which they go out."""
    found: set[Moment] = set()
    anchor = bounds.anchor
    opening = opening_of(bounds) if rule.opens else None
    if opening:
        found.add(Moment(fires.first_from(opening), opening, "opens"))
    if anchor:
        for lead in rule.before:
            at = led(anchor, lead, calendars)
            day = start_of_day(anchor.day, anchor.zone)
            found.add(Moment(in_time(at, anchor.counted if at >= day else day, fires), at, "before"))
        if rule.on_the_day and not (opening and anchor == bounds.first):
            day = start_of_day(anchor.day, anchor.zone)
            found.add(Moment(in_time(day, anchor.over, fires), day, "on_the_day"))
    if bounds.last and rule.overdue:
        found |= set(repeated("overdue", overdue(bounds.last, rule.overdue), fires, until))
    base = review_base(bounds, recorded)
    if base and rule.review:
        every = review_every or rule.review
        found |= set(repeated("review", (counted(base, every.times(k)) for k in count(1)), fires, until))
    return sorted(one for one in found if one.send_at <= until)


def opening_of(bounds: Bounds) -> datetime | None:
    """Return when it opens, unless it opens and ends on one day."""
    if bounds.first is None or (bounds.last and bounds.last.day == bounds.first.day):
        return None
    return bounds.first.counted


def led(anchor: Edge, lead: Span | BusinessDays, calendars: tuple[str, ...]) -> datetime:
    """Return the moment of a lead: civil days first, hours by the clock from there."""
    match lead:
        case BusinessDays(number):
            return anchor.onto(business.count(anchor.day, -number, calendars)).counted
        case Span():
            back = lead.times(-1)
            civil = Span(back.years, back.months, back.weeks, back.days)
            return anchor.moved(civil).counted + back.exact


def in_time(at: datetime, too_late: datetime, fires: Firings) -> datetime:
    """Return the first firing from the moment on, or the last before it where that would come too late."""
    going = fires.first_from(at)
    return going if going < too_late else fires.last_before(at)


def counted(base: Edge, span: Span) -> datetime:
    match base:
        case DayEdge(zone=zone):
            return start_of_day(span.civil(base.on), zone) + span.exact
        case InstantEdge():
            return base.moved(span).at


def overdue(last: Edge, how: Overdue) -> Iterator[datetime]:
    """Yield the repeats: `at_most` in quick turn, then slower; each counts from where it became late."""
    base = late_from(last)
    for number in count():
        quick = number if how.at_most is None else min(number, how.at_most - 1)
        if number > quick and how.then is None:
            return
        span = how.after.plus(how.every.times(quick))
        yield counted(base, span.plus(how.then.times(number - quick)) if number > quick and how.then else span)


@lru_cache(maxsize=4096)
def first_overdue(last: Edge, how: Overdue) -> datetime:
    return next(overdue(last, how))


def late_from(last: Edge) -> Edge:
    """Return the edge at which it becomes late: the day after a last day, or the instant."""
    if isinstance(last, DayEdge) and last.zone is not None:
        return DayEdge(Span(days=1).civil(last.on), last.zone)
    return InstantEdge(last.ends, last.zone)


def review_base(bounds: Bounds, recorded: InstantEdge) -> Edge | None:
    """Return what reviews count from: the opening of what has no end, the first record of what has no date."""
    if bounds.last:
        return None
    if bounds.first:
        return bounds.first
    return bounds.stands if bounds.stands and bounds.stands.counted > recorded.at else recorded


def repeated(kind: str, at: Iterator[datetime], fires: Firings, until: datetime) -> Iterator[Moment]:
    for moment in at:
        if moment > until:
            return
        yield Moment(fires.first_from(moment), moment, kind)
