"""The moments that a rule means for one occurrence under given bounds, and when each goes out.

Readings of the design where it leaves a choice:

* The end of "that day" of an instant is the instant: a word on the day comes before it or at the latest firing there was.
* Repeats are counted from their base and never from one another: base + k × every, so a month's end does not wear off;
  `then` is counted from the last of the quicker ones.
* A review of what has no date counts from the first record by the clock of the commitment's zone (unknown: UTC).
* A rule that names no review speaks none, even where the commitment states `review_every`.
* Whenever the opening and the day itself are one moment, a rule that says both says the opening.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
            found.add(Moment(in_time(at, anchor.counted, fires), at, "before"))
        if rule.on_the_day and anchor.counted != opening:
            found.add(Moment(in_time(anchor.counted, anchor.over, fires), anchor.counted, "on_the_day"))
    if bounds.last and rule.overdue:
        found |= set(repeated("overdue", overdue(bounds.last, rule.overdue), fires, until))
    base = review_base(bounds, recorded)
    if base and rule.review:
        every = review_every or rule.review
        found |= set(repeated("review", (counted(base, every, k) for k in count(1)), fires, until))
    return sorted(one for one in found if one.send_at <= until)


def opening_of(bounds: Bounds) -> datetime | None:
    """Return when it opens, unless it opens and ends on one day."""
    if bounds.first is None or (bounds.last and bounds.last.day == bounds.first.day):
        return None
    return bounds.first.begins


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


def counted(base: Edge, every: Span, number: int) -> datetime:
    span = every.times(number)
    match base:
        case DayEdge(zone=zone):
            return start_of_day(span.civil(base.on), zone) + span.exact
        case InstantEdge():
            return base.moved(span).at


def overdue(last: Edge, how: Overdue) -> Iterator[datetime]:
    """Yield the repeats: `at_most` in quick turn, then slower."""
    base = late_from(last, how.after)
    quick = count() if how.at_most is None else range(how.at_most)
    for number in quick:
        yield counted(base, how.every, number)
    if how.then and how.at_most:
        base = after_that(base, how.every.times(how.at_most - 1))
        for number in count(1):
            yield counted(base, how.then, number)


def late_from(last: Edge, span: Span) -> Edge:
    """Return the edge at which it becomes late, moved: the day after a last day, or the instant."""
    if isinstance(last, DayEdge) and last.zone is not None:
        return after_that(DayEdge(Span(days=1).civil(last.on), last.zone), span)
    return InstantEdge(last.ends, last.zone).moved(span)


def after_that(base: Edge, span: Span) -> Edge:
    if isinstance(base, DayEdge) and not span.exact:
        return base.onto(span.civil(base.on))
    return InstantEdge(counted(base, span, 1), base.zone)


def review_base(bounds: Bounds, recorded: InstantEdge) -> Edge | None:
    """Return what reviews count from: the opening of what has no end, the first record of what has no date."""
    if bounds.last:
        return None
    return bounds.first or recorded


def repeated(kind: str, at: Iterator[datetime], fires: Firings, until: datetime) -> Iterator[Moment]:
    for moment in at:
        if moment > until:
            return
        yield Moment(fires.first_from(moment), moment, kind)
