"""Which events of a calendar feed stand for a commitment, and for each occurrence that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile

from icalendar import vRecur

from alerts.core.icalendar import EventTimes, FeedEntry, event_times
from alerts.core.tracked import Tracked
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.rule_expansion import expand, last_wall, wall_of
from alerts.deadlines.rule_parts import split_rule
from alerts.deadlines.standalone import standalone
from alerts.deadlines.zones import AOE, at_wall, zone_info
from alerts.interchange.ics.content_lines import stamp

ENDED_STAYS = timedelta(days=30)
PAST, FUTURE = timedelta(days=30), timedelta(days=731)  # of what recurs in a way that no rule can state
AOE_ZONE = "Etc/GMT+12"  # IANA's name for UTC-12


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One VEVENT. `about` is the commitment or the occurrence; `stated` the deadline that loads to its bounds.

    Times on the wall clock are those of `zone`. `original` is the start of an occurrence that differs from its series.
    """

    uid: str
    about: Tracked
    times: EventTimes
    stated: str
    zone: str | None = None
    cancelled: bool = False
    original: date | None = None
    rule: str | None = None
    without: tuple[date, ...] = ()


def events_of(entry: FeedEntry, now: datetime) -> Iterator[FeedEvent]:
    """Yield the events of a commitment; none for what has no date, and for what ended more than 30 days ago."""
    tracked = entry.tracked
    if not tracked.open and now - entry.revised_at > ENDED_STAYS:
        return
    recurs = tracked.bounds.recurrence
    if recurs is None:
        if times := event_times(tracked.bounds):
            yield _single(entry.uid(), tracked, times)
    elif _is_a_rule(recurs):
        yield from _series(entry, recurs, now)
    else:
        yield from _each(entry, recurs, now)


def _single(uid: str, about: Tracked, times: EventTimes) -> FeedEvent:
    return FeedEvent(uid=uid, about=about, times=times, stated=str(standalone(about.bounds)), cancelled=not about.open)


def _is_a_rule(recurs: Recurrence) -> bool:
    """Return whether RFC 5545 can state the series, in a way that all programs read alike.

    It knows no rolling, no business days, and no series that counts from another. Widespread programs (ical.js,
    libical) differ about places in a week, and about what picks days of a year other than by month.
    """
    if recurs.roll != "none" or not recurs.is_rule:
        return False
    parts = split_rule(recurs.rule)
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
        return False
    return parts["FREQ"] != "YEARLY" or _is_a_plain_year(parts, recurs.start)


def _is_a_plain_year(parts: Mapping[str, str], start: date) -> bool:
    months, days = "BYMONTH" in parts, parts.get("BYMONTHDAY", "")
    if parts.keys() & {"BYSETPOS", "BYWEEKNO", "BYYEARDAY"} or "-" in days or (days and "BYDAY" in parts):
        return False
    if days or "BYDAY" in parts:
        return months
    return (start.month, start.day) != (2, 29)  # some programs show it on 1 March in other years


def _series(entry: FeedEntry, recurs: Recurrence, now: datetime) -> Iterator[FeedEvent]:
    """Yield the series, which begins with the first day that its rule gives, and the occurrences that differ."""
    tracked, clock = entry.tracked, _Clock(recurs)
    states = {name: tracked.at(name) for name in tracked.occurrences if tracked.open and recurs.has(name)}
    gone = {name for name, one in states.items() if not one.open and not _is_recent(entry, name, now)}
    first = next(expand(recurs.rule, wall_of(recurs.start), recurs.zone).times(wall_of(recurs.start)))
    yield FeedEvent(
        uid=entry.uid(),
        about=tracked,
        times=clock.times(first),
        stated=str(standalone(tracked.bounds)),
        zone=clock.zone,
        cancelled=not tracked.open,
        rule=clock.rule,
        without=tuple(clock.start(_wall(name)) for name in sorted({*recurs.without, *gone}, key=Recurrence.order)),
    )
    for name in sorted(states.keys() - gone, key=Recurrence.order):
        state = states[name]
        moved = event_times(state.bounds)
        if state.open and tracked.occurrences[name].bounds is None:
            continue
        yield FeedEvent(
            uid=entry.uid(),
            about=state,
            times=moved or clock.times(_wall(name)),
            stated=str(standalone(state.bounds)),
            zone=clock.zone,
            cancelled=not (state.open and moved),
            original=clock.start(_wall(name)),
        )


def _wall(name: str) -> datetime:
    return datetime.fromisoformat(name)


def _is_recent(entry: FeedEntry, name: str, now: datetime) -> bool:
    return name in entry.ended and now - entry.ended[name] <= ENDED_STAYS


class _Clock:
    """The start of each occurrence as a series states it: a day, or a time on the wall clock of its zone or in UTC."""

    def __init__(self, recurs: Recurrence) -> None:
        self._recurs = recurs
        self._timed = isinstance(recurs.start, datetime)
        zone = {None: "UTC", AOE: AOE_ZONE}.get(recurs.zone, recurs.zone)
        self.zone = zone if self._timed and zone != "UTC" else None

    def start(self, wall: datetime) -> date:
        if not self._timed:
            return wall.date()
        return wall if self.zone else wall.replace(tzinfo=UTC)

    def times(self, wall: datetime) -> EventTimes:
        start = self.start(wall)
        return start, None if self._timed else start + timedelta(days=1)

    @property
    def rule(self) -> str:
        return _rule(self._recurs.rule, self._recurs.zone, timed=self._timed)


@lru_cache(maxsize=4096)
def _rule(rule: str, zone: str | None, *, timed: bool) -> str:
    """Return the rule with an UNTIL of the type of its start: a day, or an instant in UTC (RFC 5545, 3.3.10)."""
    parts = split_rule(rule)
    if until := parts.get("UNTIL"):
        wall = last_wall(until, zone)
        try:
            last = datetime.strptime(wall, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # on the wall clock
            parts["UNTIL"] = stamp(at_wall(last, zone_info(zone or "UTC"))) if timed else wall[:8]
        except OverflowError:  # it ends with the calendar
            del parts["UNTIL"]
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    return str(vRecur.from_ical(text).to_ical(), "ascii")


def _each(entry: FeedEntry, recurs: Recurrence, now: datetime) -> Iterator[FeedEvent]:
    """Yield an event for each occurrence from 30 days ago to two years ahead, and for what was moved into that time."""
    tracked, today = entry.tracked, now.astimezone(UTC).date()
    since, until = today - PAST, today + FUTURE
    start, end = (datetime.combine(day, time(), UTC) for day in (since, until))
    regular = takewhile(lambda name: not recurs.begins_after(name, end), recurs.names_about(start))
    changed = {name for name in tracked.occurrences if recurs.has(name)}
    for name in sorted({*regular, *changed}, key=Recurrence.order):
        one = tracked.at(name)
        times = event_times(one.bounds)
        is_gone = tracked.open and not one.open and not _is_recent(entry, name, now)
        if times and not is_gone and since <= _day(times[0]) <= until:
            yield _single(entry.uid(name), one, times)


def _day(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at
