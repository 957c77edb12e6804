"""The first and last point of what a deadline counts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from alerts.deadlines.counted_periods import move
from alerts.deadlines.counting import Counted, Span
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.period_ends import MONTHS_OF
from alerts.deadlines.points import Day, Instant, Point
from alerts.deadlines.resolution import Resolution
from alerts.deadlines.stated_dates import Reference
from alerts.deadlines.terms import ClockOn, DayIn, EachPeriodEnd, PeriodAt, Shifted, Term, Unit, WeekdayFrom
from alerts.deadlines.token_dates import read_token
from alerts.deadlines.wording import WEEKDAY_NAMES, format_day, print_position
from alerts.deadlines.zones import at_wall, zone_info

Ends = tuple[Point | None, Point | None]
NO_CLOSING = (
    "`close of business` states no hour: write one, as in `close of business (17:30)`, or write `end of day`, or state "
    "the office hours of the party who owes it (`hours: 09:00-17:30`)"
)


class Resolved(Protocol):
    """What is known of another commitment: its bounds."""

    @property
    def first(self) -> Point | None: ...
    @property
    def last(self) -> Point | None: ...
    @property
    def named(self) -> Point | None: ...
    @property
    def assumptions(self) -> tuple[str, ...]: ...
    @property
    def recurs(self) -> bool: ...
    @property
    def text(self) -> str: ...


def ends_of(term: Term, known: Mapping[str, Resolved], work: Resolution) -> Ends:
    """Return the first and last point of a term; of another commitment, those of its bounds."""
    match term:
        case Reference(key):
            return _ends_of_key(key, known, work)
        case Shifted(duration, direction, base):
            first, last = (move(point, duration, direction, work) for point in ends_of(base, known, work))
            return first, last
        case PeriodAt(unit, offset, base):
            first, last = ends_of(base, known, work)
            begins = first and Day(period_about(first.date, unit, offset, work)[0], first.zone)
            ends = last and Day(period_about(last.date, unit, offset, work)[1], last.zone)
            return begins, ends
        case DayIn():
            return _days_in(term, known, work)
        case WeekdayFrom(position, weekday, direction, base):
            step = position * (1 if direction == "after" else -1)
            first, last = (_weekday_from(point, step, weekday) for point in ends_of(base, known, work))
            _explain(work, f"the {print_position(position)} {weekday} {direction} it", last)
            return first, last
        case ClockOn():
            return _at_clock(term, known, work)
        case EachPeriodEnd():
            each = known[str(term)]
            work.explanation.append(f"{term}: {each.text}")
            return each.first, each.last
    return work.dated(term)


def opening_of(term: Term, known: Mapping[str, Resolved], work: Resolution) -> Point | None:
    """Return the point from which something may be done: `not earlier than 28 days after X`."""
    match term:
        case Shifted(Counted() as duration, "after", base):
            return move(ends_of(base, known, work)[0], duration, "after", work, is_opening=True)
    return ends_of(term, known, work)[0]


def _ends_of_key(key: str, known: Mapping[str, Resolved], work: Resolution) -> Ends:
    bounds = known.get(key)
    if bounds is None:
        found = read_token(key)
        meant = f"; if a date is meant, write `{found}`" if found and not isinstance(found, str) else ""
        raise InputError(f"no commitment has the key {key!r}{meant}")
    if bounds.recurs:
        raise InputError(f"{key} recurs, so it has no single date; a deadline cannot depend on it")
    if bounds.named is None:
        work.explanation.append(f"{key} has no date itself, so nothing follows from it yet")
    else:
        work.explanation.append(f"{key}: {bounds.text}")
        work.assumptions += [f"{key}: {assumption}" for assumption in bounds.assumptions]
    return bounds.first, bounds.last


def period_about(day: date, unit: Unit, offset: int, work: Resolution) -> tuple[date, date]:
    """Return the first and last day of the period in which a day falls, or of one counted from that.

    Weeks begin on Monday (ISO 8601). Raises OverflowError beyond the years 1 to 9999.
    """
    if unit == "day":
        return day + timedelta(days=offset), day + timedelta(days=offset)
    if unit == "week":
        monday = day + timedelta(days=7 * offset - day.weekday())
        return monday, monday + timedelta(days=6)
    length = MONTHS_OF[unit.removeprefix("fiscal ")]
    if unit.startswith("fiscal"):
        return work.fiscal_period(day, unit, length, offset)
    number = (day.year * 12 + day.month - 1) // length + offset
    after = _month(number * length + length)
    return _month(number * length), after - timedelta(days=1)


def _month(number: int) -> date:
    """Return the first day of a month that is counted from year 0."""
    if not 12 <= number < 120_000:
        raise OverflowError(number)
    return date(number // 12, number % 12 + 1, 1)


def _days_in(term: DayIn, known: Mapping[str, Resolved], work: Resolution) -> Ends:
    """Return the days by their place in a period."""
    base = term.base.base if isinstance(term.base, PeriodAt) else term.base
    points = ends_of(base, known, work)
    stated = [point.date for point in points if point]
    found: list[Day | None] = []
    for point, is_first in zip(points, (True, False), strict=True):
        if point is None:
            found.append(None)
            continue
        period = stated[0], stated[-1]
        if isinstance(term.base, PeriodAt):
            period = period_about(point.date, term.base.unit, term.base.offset, work)
        found.append(Day(_day_in(term, period, work, explain=not is_first), point.zone))
    return found[0], found[1]


def _day_in(term: DayIn, period: tuple[date, date], work: Resolution, *, explain: bool) -> date:
    first, last = period
    skipped: list[date] = []
    if term.counted == "business day":
        edge = first - timedelta(days=1) if term.position > 0 else last + timedelta(days=1)
        found, skipped = work.business_days.count(edge, term.position)
    else:
        found = _counted(first if term.position > 0 else last, term)
    if not first <= found <= last:
        raise InputError(
            f"there is no {print_position(term.position)} {term.counted} from {format_day(first)} to {format_day(last)}"
        )
    if explain:
        over = f", passing {work.name_days_off(skipped)}" if skipped else ""
        text = f"the {print_position(term.position)} {term.counted} from {format_day(first)} to {format_day(last)}"
        work.explanation.append(f"{text} is {format_day(found)}{over}")
    return found


def _counted(edge: date, term: DayIn) -> date:
    """Return a day or a weekday by its place, counted from one edge of a period."""
    forward = term.position > 0
    steps = term.position - (1 if forward else -1)
    if term.counted == "day":
        return edge + timedelta(days=steps)
    weekday = WEEKDAY_NAMES.index(term.counted)
    nearest = (weekday - edge.weekday()) % 7 if forward else -((edge.weekday() - weekday) % 7)
    return edge + timedelta(days=nearest + 7 * steps)


def _weekday_from(point: Point | None, step: int, weekday: str) -> Day | None:
    if point is None:
        return None
    wanted = WEEKDAY_NAMES.index(weekday)
    ahead = (wanted - point.date.weekday() - 1) % 7 + 1 if step > 0 else -((point.date.weekday() - wanted - 1) % 7 + 1)
    return Day(point.date + timedelta(days=ahead + 7 * (step - (1 if step > 0 else -1))), point.zone)


def _at_clock(term: ClockOn, known: Mapping[str, Resolved], work: Resolution) -> Ends:
    """Return the time of day on the days of a term, which are days in the zone that it names."""
    stated = work.zone
    if term.zone:
        work.zone = replace(stated, name=term.zone, assumed_from=None)
    first, last = ends_of(term.base, known, work)
    work.zone = stated
    clock = term.clock or work.hours(NO_CLOSING).closes
    return _clock(term, clock, first), _clock(term, clock, last)


def _clock(term: ClockOn, clock: time, point: Point | None) -> Instant | None:
    if point is None:
        return None
    zone = term.zone or point.zone
    return Instant(at_wall(datetime.combine(point.date, clock), zone_info(zone or "UTC")), zone)


def end_of_period(last: Point | None, duration: Span, work: Resolution) -> Point | None:
    """Return the end of a period: in days or longer it ends with its last day (Regulation 1182/71, Article 3)."""
    if not isinstance(last, Instant) or not isinstance(duration, Duration) or duration.time:
        return last
    day = Day(last.date, last.zone)
    work.explanation.append(f"a period of {duration.to_text} ends with its last day, {format_day(day.date)}")
    return day


def opening_after(last: Point | None) -> Point | None:
    """Return where `after` a point begins: after a day, on the next."""
    return Day(last.date + timedelta(days=1), last.zone) if isinstance(last, Day) else last


def end_before(first: Point | None, work: Resolution) -> Point | None:
    """Return where what must be done before a point ends: before a day, on the day before."""
    if not isinstance(first, Day):
        return first
    work.explanation.append(f"before {format_day(first.date)}: that day itself is excluded")
    return Day(first.date - timedelta(days=1), first.zone)


def _explain(work: Resolution, text: str, found: Point | None) -> None:
    if found is not None:
        work.explanation.append(f"{text} is {format_day(found.date)}")
