"""The commitments of one UID: the component itself, and each occurrence that is stated by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import references
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.interchange.entry_collector import Reading
from alerts.interchange.file_contents import EndedEntry
from alerts.interchange.ics.calendar_entries import CalendarEntry
from alerts.interchange.ics.event_entry import entry_of, is_over, number_of
from alerts.interchange.ics.event_times import Time, Times, time_of, times
from alerts.interchange.ics.later_changes import SeriesPart, day_of, split_series
from alerts.interchange.ics.recurrence_set import RecurrenceSet, clock_of, gives, recurrence_set
from alerts.interchange.ics.series_clock import Moment, SeriesClock
from alerts.interchange.uid_keys import key_of, occurrence_key


@dataclass(slots=True)
class RecurringComponent:
    """What a file holds under one UID: the component itself, and occurrences that differ from it."""

    uid: str
    own: CalendarEntry | None = None
    occurrences: list[tuple[Time, CalendarEntry]] = field(default_factory=list)  # with the original start
    changes: list[tuple[Time, CalendarEntry]] = field(default_factory=list)  # of all occurrences from an original start
    is_unreadable: bool = False

    @property
    def changed(self) -> CalendarEntry | None:
        """Return the first entry that changes later occurrences."""
        return self.changes[0][1] if self.changes else None

    @property
    def entries(self) -> list[CalendarEntry]:
        return [*([self.own] if self.own else []), *(entry for _, entry in (*self.occurrences, *self.changes))]


def take_series(reading: Reading, series: RecurringComponent) -> None:
    """Create one commitment for a component, and one for each occurrence that differs or that its rule lacks."""
    key, own = key_of(series.uid), series.own
    try:
        whole = times(own) if own else None
        clock = clock_of(own, whole) if own and whole else _clock_of_first(series)
        differing = _by_start(reading, series, clock)
        gone = [at for at, one in differing.items() if own and whole and _is_outdated(own, whole, clock, at, one)]
        outdated = {at: differing.pop(at) for at in gone}
        parts: list[SeriesPart] = []
        if series.changes:
            whole, parts = _split(series, whole, clock)
        earlier = [at for at in differing if not parts or day_of(clock.wall(at)) < parts[0].since]
        found = recurrence_set(own, whole, clock, earlier) if own and whole else None
        later = [_later(part, following, differing, clock) for part, following in pairwise([*parts, None]) if part]
    except InputError as error:
        _leave_out(reading, key, series.changed or series.entries[0], str(error))
        return
    several = bool(whole and whole.rule and ("BYHOUR" in whole.rule or "BYMINUTE" in whole.rule))
    start = whole.at.wall.time() if whole and whole.at and isinstance(whole.at.wall, datetime) else None
    alone = found.alone if found else {}
    suffixes = clock.suffixes({*differing, *alone, *outdated}, start, several=several)
    keys = {moment: occurrence_key(series.uid, suffix) for moment, suffix in suffixes.items()}
    if own and whole and found:
        _take_whole(reading, own, whole, found, key=key, keys=keys)
    for part, found in zip(parts, later, strict=True):
        _take_whole(
            reading, part.entry, part.times, found, key=occurrence_key(series.uid, f"from-{part.since}"), keys={}
        )
    for moment, entry in differing.items():
        _take_occurrence(reading, keys[moment], entry)
    for moment, entry in outdated.items():
        reading.notes.append(f"{keys[moment]}: a newer version of {key} (SEQUENCE) no longer has this occurrence")
        reading.ended.append(EndedEntry(keys[moment], f"{reading.path}:{entry.line}"))


def _split(
    series: RecurringComponent, whole: Times | None, clock: SeriesClock
) -> tuple[Times | None, list[SeriesPart]]:
    """Return a series until its first change, and from each change on. Raises InputError."""
    if series.own is None or whole is None:
        raise InputError("RECURRENCE-ID with RANGE changes the later dates of a series that the file does not state")
    return split_series(series.own, whole, clock, series.changes)


def _later(
    part: SeriesPart, following: SeriesPart | None, differing: Iterable[Moment], clock: SeriesClock
) -> RecurrenceSet:
    """Return the occurrences of a part of a series; those that differ are named by their original day."""
    days = {day_of(clock.wall(at)) for at in differing}
    stated = {day for day in days if day >= part.since and (following is None or day < following.since)}
    return recurrence_set(part.entry, part.times, clock_of(part.entry, part.times), stated)


def _clock_of_first(series: RecurringComponent) -> SeriesClock:
    """Return the clock of occurrences whose series is not in the file: that of the first."""
    original, entry = [*series.occurrences, *series.changes][0]
    start = time_of(entry.component, "DTSTART") or original
    return replace(clock_of(entry, Times(start)), timed=isinstance(original.wall, datetime))


def _by_start(reading: Reading, series: RecurringComponent, clock: SeriesClock) -> dict[Moment, CalendarEntry]:
    """Return the occurrences that differ by their original start. Of one that is stated twice the newest counts."""
    found: dict[Moment, CalendarEntry] = {}
    for original, entry in series.occurrences:
        moment = clock.moment(original, entry.zones)
        kept = found.get(moment)
        if kept is None or number_of(entry.component) > number_of(kept.component):
            found[moment] = entry
        elif number_of(entry.component) == number_of(kept.component) and entry.lines != kept.lines:
            stated = f'the UID "{series.uid}" is used twice for `{entry.stated("RECURRENCE-ID")}`'
            reading.leave_out(entry.line, f"{entry.name}: {stated}, first on line {kept.line}", key_of(series.uid))
    return found


def _is_outdated(own: CalendarEntry, whole: Times, clock: SeriesClock, moment: Moment, entry: CalendarEntry) -> bool:
    """Return whether an occurrence that differs is older than its series, which no longer has it."""
    older = number_of(entry.component) < number_of(own.component)
    return older and not gives(own, whole, clock, moment)


def _take_whole(
    reading: Reading, own: CalendarEntry, whole: Times, found: RecurrenceSet, *, key: str, keys: dict[Moment, str]
) -> None:
    """Add the commitment of a component, and those of the dates that its rule does not give."""
    if found.deadline is None:
        reading.notes.append(f"{key}: EXDATE or other entries of its UID leave out each of its occurrences")
        reading.ended.append(EndedEntry(key, f"{reading.path}:{own.line}"))
    else:
        assumed = (*whole.assumed, *found.assumed, *_zone_note(own, whole))
        _add(reading, key, own, found.deadline, own_times=True, assumed=assumed, left_out=found.left_out)
    for moment, time in found.alone.items():
        note: tuple[str, ...] = ()
        if moment == found.start:
            reading.notes.append(f"{key}: its rule does not give its DTSTART, which is tracked as {keys[moment]}")
            note = (f"the rule of {key} does not give this day, on which it begins",)
        _add(reading, keys[moment], own, time.say(own.zones), assumed=note, is_occurrence=True)


def _take_occurrence(reading: Reading, key: str, entry: CalendarEntry) -> None:
    """Add an occurrence that differs. Its own RRULE, if it has one, makes no second series."""
    try:
        when = times(entry, recurs=False)
        deadline = when.deadline(entry.zones)
    except InputError as error:
        _leave_out(reading, key, entry, str(error))
        return
    _add(reading, key, entry, deadline, own_times=True, assumed=_zone_note(entry, when), is_occurrence=True)


def _zone_note(entry: CalendarEntry, when: Times) -> tuple[str, ...]:
    tzid = when.at.tzid if when.at else None
    return (
        (f'the time zone "{tzid}" is the one that the calendar defines',)
        if tzid and entry.zones.is_defined_here(tzid)
        else ()
    )


def _add(
    reading: Reading,
    key: str,
    entry: CalendarEntry,
    deadline: str,
    *,
    own_times: bool = False,
    assumed: Sequence[str] = (),
    left_out: Sequence[str] = (),
    is_occurrence: bool = False,
) -> None:
    if is_over(entry.component):
        reading.ended.append(EndedEntry(key, f"{reading.path}:{entry.line}"))
        return
    values = entry_of(entry.component, key, deadline, assumed, own=own_times, left_out=left_out)
    try:
        stated = parse(str(values["deadline"]))
        if references(stated):
            reading.depending.add(key)
        else:
            resolve(stated, ZoneChoice(), {})
    except InputError as error:
        _leave_out(reading, key, entry, f"`{entry.stated(_time_property(entry))[:80]}`: {error}")
        return
    if is_occurrence:
        reading.occurrences.add(key)
    reading.take(values, lambda _: entry.line, number_of(entry.component))


def _time_property(entry: CalendarEntry) -> str:
    return next(
        name for name in ("RRULE", "DUE", "DTSTART", "SUMMARY") if entry.component.get(name) or name == "SUMMARY"
    )


def _leave_out(reading: Reading, key: str, entry: CalendarEntry, why: str) -> None:
    reading.leave_out(entry.line, f"{entry.name}: {why}", key)
