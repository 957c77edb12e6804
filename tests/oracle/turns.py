"""A commitment through time: which turns it has under each deadline that it was given, with their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from dateutil.rrule import rrulestr

from tests.oracle.data import Closed, Commitment, Event, History, Moved, Party
from tests.oracle.expressions import Day, Every, Expression, Wall, references
from tests.oracle.resolving import UNKNOWN, Bounds, Setting, resolve


@dataclass(frozen=True, slots=True)
class Stated:
    """What is true of a commitment from `at` on: each turn that is tracked, with when it came to these bounds."""

    at: datetime
    mark: Any
    turns: dict[str, tuple[datetime, Bounds]]


@dataclass(slots=True)
class Course:
    """One commitment, its zone and its calendars, and all that was ever true of it."""

    one: Commitment
    deadline: Expression
    zone: str | None
    calendars: tuple[str, ...]
    stated: list[Stated] = field(default_factory=list)

    needs: set[str] = field(default_factory=set)
    ended: bool = False

    @property
    def now(self) -> Stated:
        return self.stated[-1]

    def state(self, deadline: Expression) -> None:
        """Give it a deadline; what is true of it then is yet to be worked out."""
        self.deadline = deadline
        self.needs = references(deadline)


def courses(history: History, until: date) -> dict[str, Course]:
    """Follow every commitment through all moves, its own and those of what it hangs on."""
    found: dict[str, Course] = {}
    changes: list[tuple[datetime, Commitment | Event]] = [
        *((one.recorded_at, one) for one in history.commitments),
        *((event.at, event) for event in history.events),
    ]
    for at, change in sorted(changes, key=lambda change: change[0]):
        match change:
            case Commitment(key=key):
                found[key] = begin(change, history.parties, history.timezone)
            case Moved(_, key, deadline):
                found[key].state(deadline)
            case Closed(_, key, ""):
                found[key].ended = True
                continue
            case _:
                continue
        for name in hanging(key, found):
            restate(found[name], found, at, until)
    return found


def begin(new: Commitment, parties: tuple[Party, ...], timezone: str | None) -> Course:
    """Choose the zone and the calendars: its own, else those of the one party that owes it, else the settings'."""
    sole = next(party for party in parties if party.key == new.by[0]) if len(new.by) == 1 else None
    zone = new.timezone or (sole and sole.timezone) or timezone
    calendars = new.calendars or ((sole.calendar,) if sole and sole.calendar else ())
    course = Course(new, new.deadline, zone, calendars)
    course.state(new.deadline)
    return course


def hanging(key: str, found: dict[str, Course]) -> Iterator[str]:
    """Yield the commitment and all that hang on it, what is hung on first; what has ended keeps its bounds."""
    order, left = [key], [key]
    while left:
        base = left.pop(0)
        for name, course in found.items():
            if base in course.needs and not course.ended:
                if name in order:
                    order.remove(name)
                order.append(name)
                left.append(name)
    yield from order


def setting_of(course: Course, found: dict[str, Course]) -> Setting:
    """Return what a commitment's deadline is resolved in."""

    def bounds_of(key: str) -> Bounds:
        return found[key].now.turns[""][1] if key in found else UNKNOWN

    return Setting(course.zone, course.calendars, course.one.roll, bounds_of)


def restate(course: Course, found: dict[str, Course], at: datetime, until: date) -> None:
    """Write down what is true from now on, if that differs."""
    turns = dict(turns_of(course.deadline, setting_of(course, found), until))
    recurs = isinstance(course.deadline, Every)
    mark = str(course.deadline) if recurs else turns[""].mark
    before = course.stated[-1] if course.stated else None
    if before and before.mark == mark:
        return
    tracked = {}
    for name, bounds in turns.items():
        since = at
        if before and name in before.turns and before.turns[name][1].mark == bounds.mark:
            since = before.turns[name][0]
        elif recurs and bounds.latest is not None and bounds.latest <= at:
            continue
        tracked[name] = (since, bounds)
    course.stated.append(Stated(at, mark, tracked))


def turns_of(deadline: Expression, setting: Setting, until: date) -> Iterator[tuple[str, Bounds]]:
    """Yield each turn's name and its bounds; what does not recur has one, without a name."""
    if not isinstance(deadline, Every):
        yield "", resolve(deadline, setting)
        return
    start = deadline.start
    first = start.at if isinstance(start, Wall) else datetime.combine(start.on, time())
    for wall in rrulestr(deadline.rule, dtstart=first):
        if wall.date() > until:
            return
        if wall.date() in deadline.excepted:
            continue
        if isinstance(start, Wall):
            yield wall.isoformat(timespec="minutes"), resolve(Wall(wall, start.zone), setting)
        else:
            yield wall.date().isoformat(), resolve(Day(wall.date(), start.aoe), setting)
