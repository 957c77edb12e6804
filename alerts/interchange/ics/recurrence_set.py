"""The occurrences of a recurring component (RFC 5545, 3.8.5): DTSTART, RRULE and RDATE, each once, without EXDATE."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from alerts.deadlines.errors import InputError
from alerts.deadlines.recurrence import Recurrence, name_occurrence, read_rule
from alerts.deadlines.rule_expansion import wall_of
from alerts.deadlines.rule_parts import CLOCK_PARTS, split_rule
from alerts.interchange.ics.calendar_entries import CalendarEntry
from alerts.interchange.ics.event_times import Time, Times
from alerts.interchange.ics.series_clock import Moment, SeriesClock

NO_ZONE = SeriesClock(timed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceSet:
    """What of a component is tracked as a whole, and what by itself.

    `deadline` is None where no occurrence is left. `left_out` are the names that the series excludes. `alone` are
    the occurrences of RDATE that the rule does not give. `start` is DTSTART, if the rule does not give it.
    """

    deadline: str | None
    left_out: tuple[str, ...] = ()
    alone: dict[Moment, Time] = field(default_factory=dict)
    start: Moment | None = None
    ends_early: bool = False

    @property
    def assumed(self) -> tuple[str, ...]:
        """Return a note about a rule that gives nothing."""
        return ("its rule ends before it begins, so that only its first day counts",) if self.ends_early else ()


def clock_of(entry: CalendarEntry, times: Times) -> SeriesClock:
    """Return the clock of a component. Raises InputError for a zone in which nothing can recur."""
    at = times.at
    if at is None:
        return NO_ZONE
    timed = isinstance(at.wall, datetime)
    if at.tzid is None or not isinstance(at.wall, datetime):
        return SeriesClock(timed, entry.zones.iana(at.tzid) if at.tzid else None)
    if not at.tzid:
        return SeriesClock(timed, "UTC")
    if times.rule:
        return SeriesClock(timed, entry.zones.series_zone(at.tzid, at.wall))
    return SeriesClock(timed, entry.zones.iana(at.tzid) or "UTC")


def recurrence_set(entry: CalendarEntry, times: Times, clock: SeriesClock, stated: Collection[Moment]) -> RecurrenceSet:
    """Return the occurrences of a component; `stated` are those that the file states by themselves.

    Raises InputError for a rule that cannot be tracked.
    """
    zones = entry.zones
    if times.at is None:
        return RecurrenceSet(deadline="undated")
    start = clock.moment(times.at, zones)
    without = [clock.moment(one, zones) for one in times.without]
    more = {clock.moment(one, zones): one for one in times.more}
    alone = {at: one for at, one in more.items() if at not in stated and not _is_among(at, without, clock)}
    begins = clock.wall(start)
    rule, ends_early = rule_of(entry, times.rule, begins)
    if rule is None:
        alone.pop(start, None)
        gone = start in stated or _is_among(start, without, clock)
        deadline = None if gone and (times.rule or times.more or times.without) else times.deadline(zones)
        return RecurrenceSet(deadline=deadline, alone=alone, ends_early=ends_early)
    whole = Recurrence(rule, begins, clock.zone)
    outside = not whole.holds(wall_of(begins))
    if outside and start not in stated and not _is_among(start, without, clock):
        alone[start] = times.at
    elif not outside:
        alone.pop(start, None)
    names = _names(whole, clock, {*without, *stated, *(at for at in alone if at != start)})
    if next(Recurrence(rule, begins, clock.zone, names).names(), None) is None:
        return RecurrenceSet(deadline=None, alone=alone)
    zone = f"[{clock.zone}]" if clock.zone else ""
    but = f" except {', '.join(names)}" if names else ""
    return RecurrenceSet(
        deadline=f"every {rule} from {name_occurrence(begins)}{zone}{but}",
        left_out=names,
        alone=alone,
        start=start if start in alone else None,
    )


def gives(entry: CalendarEntry, times: Times, clock: SeriesClock, moment: Moment) -> bool:
    """Return whether a moment is that of an occurrence of a component. Raises InputError."""
    if times.at is None or _is_among(moment, [clock.moment(one, entry.zones) for one in times.without], clock):
        return False
    start = clock.moment(times.at, entry.zones)
    if moment in (start, *(clock.moment(one, entry.zones) for one in times.more)):
        return True
    rule, _ = rule_of(entry, times.rule, clock.wall(start))
    whole = Recurrence(rule, clock.wall(start), clock.zone) if rule else None
    return whole is not None and any(whole.holds(wall_of(wall)) for wall in clock.walls(moment))


def rule_of(entry: CalendarEntry, text: str | None, begins: date) -> tuple[str | None, bool]:
    """Return the rule as deadlines state it, and whether it gives nothing from its start on. Raises InputError."""
    if text is None:
        return None, False
    if not isinstance(begins, datetime):  # of a day such parts must be ignored (RFC 5545, section 3.3.10)
        text = ";".join(part for part in text.split(";") if part.partition("=")[0].upper() not in CLOCK_PARTS)
    try:
        return read_rule(text, begins), False
    except InputError as error:
        if _ends_too_early(text, begins):
            return None, True
        raise InputError(f"`{entry.stated('RRULE')[:80]}`: {error}") from None


def _ends_too_early(text: str, begins: date) -> bool:
    """Return whether a rule that cannot be read is right but for its UNTIL, which lies before the start."""
    try:
        parts = split_rule(text.upper())
        endless = ";".join(f"{name}={value}" for name, value in parts.items() if name != "UNTIL")
        return "UNTIL" in parts and bool(read_rule(endless, begins))
    except InputError:
        return False


def _is_among(moment: Moment, others: Iterable[Moment], clock: SeriesClock) -> bool:
    """Return whether a moment is one of others; a day stands for all of it."""
    wall = clock.wall(moment)
    day = wall.date() if isinstance(wall, datetime) else wall
    return any(one == moment if isinstance(one, datetime) else one == day for one in others)


def _names(whole: Recurrence, clock: SeriesClock, moments: Iterable[Moment]) -> tuple[str, ...]:
    """Return the names of occurrences: of those that the rule gives, and as they would be of the others."""
    found: set[str] = set()
    for moment in moments:
        if clock.timed and not isinstance(moment, datetime):
            found |= set(_names_on(whole, moment))
            continue
        walls = clock.walls(moment)
        given = [wall for wall in walls if whole.holds(wall_of(wall))]
        found |= {name_occurrence(wall) for wall in given or walls[:1]}
    return tuple(sorted(found, key=Recurrence.order))


def _names_on(whole: Recurrence, day: date) -> Iterator[str]:
    for name in whole.names(wall_of(day)):
        if not name.startswith(day.isoformat()):
            return
        yield name
