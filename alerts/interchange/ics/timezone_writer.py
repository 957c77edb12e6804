"""The definition of a time zone in a calendar (VTIMEZONE; RFC 5545, section 3.6.5), from the zone data in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from alerts.deadlines.rule_parts import DAYS
from alerts.deadlines.zones import zone_info
from alerts.interchange.ics.content_lines import stamp, tzid_of

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC)
STEP = timedelta(days=7)  # no zone changes its clocks twice within it
ENOUGH = 3  # years in which the same rule held: fewer are listed one by one
WEEKDAYS = tuple(DAYS)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the clocks: its wall-clock time before, and what holds after it."""

    wall: datetime
    before: timedelta
    after: timedelta
    name: str
    daylight: bool

    @property
    def kind(self) -> tuple[str, timedelta, timedelta, str]:
        return ("DAYLIGHT" if self.daylight else "STANDARD", self.before, self.after, self.name)

    @property
    def rules(self) -> frozenset[str]:
        """Return the yearly rules that give this day: `BYMONTH=3;BYDAY=2SU`, or counted from the end of the month."""
        day, weekday = self.wall.day, WEEKDAYS[self.wall.weekday()]
        found = {f"BYMONTH={self.wall.month};BYDAY={(day - 1) // 7 + 1}{weekday}"}
        if (self.wall + timedelta(days=7)).month != self.wall.month:
            found.add(f"BYMONTH={self.wall.month};BYDAY=-1{weekday}")
        return frozenset(found)


@lru_cache(maxsize=64)
def timezone_lines(zone: str) -> tuple[str, ...]:
    """Return the lines that define a zone from 1970 on. After 2060 its last yearly rules go on."""
    found = ["BEGIN:VTIMEZONE", f"TZID:{tzid_of(zone)}"]
    at = FIRST.astimezone(zone_info(zone))
    start = Change(datetime(1970, 1, 1), at.utcoffset() or timedelta(), at.utcoffset() or timedelta(),  # noqa: DTZ001
                   at.tzname() or zone, bool(at.dst()))  # fmt: skip
    found += _observance(start, [])
    kinds: dict[tuple[str, timedelta, timedelta, str], list[Change]] = defaultdict(list)
    for change in _changes(zone):
        kinds[change.kind].append(change)
    for changes in kinds.values():
        single: list[Change] = []
        for run, rule in _runs(changes):
            if len(run) < ENOUGH or rule is None:
                single += run
                continue
            ends = "" if run[-1].wall.year >= LAST.year - 1 else f";UNTIL={stamp(_until(run[-1]))}"
            found += _observance(run[0], [f"RRULE:FREQ=YEARLY;{rule}{ends}"])
        if single:
            found += _observance(single[0], [f"RDATE:{stamp(one.wall)}" for one in single[1:]])
    return (*found, "END:VTIMEZONE")


def _until(change: Change) -> datetime:
    """Return a day after a change: some programs (dateutil) read UNTIL on the wall clock, though it is in UTC."""
    return (change.wall - change.before + timedelta(days=1)).replace(tzinfo=UTC)


def _observance(change: Change, recurring: Iterable[str]) -> list[str]:
    kind, before, after, name = change.kind
    offsets = [f"TZOFFSETFROM:{_offset(before)}", f"TZOFFSETTO:{_offset(after)}", f"TZNAME:{name}"]
    return [f"BEGIN:{kind}", f"DTSTART:{stamp(change.wall)}", *recurring, *offsets, f"END:{kind}"]


def _offset(offset: timedelta) -> str:
    seconds = abs(int(offset.total_seconds()))
    text = f"{'-' if offset < timedelta() else '+'}{seconds // 3600:02}{seconds // 60 % 60:02}"
    return text + (f"{seconds % 60:02}" if seconds % 60 else "")


def _changes(name: str) -> Iterator[Change]:
    """Yield the changes of a zone's clocks, oldest first."""
    zone = zone_info(name)
    at = FIRST
    while at < LAST:
        following = at + STEP
        before, after = at.astimezone(zone), following.astimezone(zone)
        if (before.utcoffset(), before.tzname()) != (after.utcoffset(), after.tzname()):
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                there = middle.astimezone(zone)
                if (there.utcoffset(), there.tzname()) == (before.utcoffset(), before.tzname()):
                    low = middle
                else:
                    high = middle
            old, new = before.utcoffset() or timedelta(), high.astimezone(zone)
            wall = (high + old).replace(tzinfo=None)
            yield Change(wall, old, new.utcoffset() or timedelta(), new.tzname() or name, bool(new.dst()))
        at = following


def _runs(changes: list[Change]) -> Iterator[tuple[list[Change], str | None]]:
    """Cut changes of one kind into runs of years in which one rule gives them."""
    run: list[Change] = []
    rules: frozenset[str] = frozenset()
    for change in changes:
        common = rules & change.rules
        follows = run and change.wall.year == run[-1].wall.year + 1 and change.wall.time() == run[-1].wall.time()
        if run and not (follows and common):
            yield run, min(rules, default=None)
            run, common = [], change.rules
        run, rules = [*run, change], common or change.rules
    if run:
        yield run, min(rules, default=None)
