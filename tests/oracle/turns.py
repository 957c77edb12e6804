"""A commitment through time: which turns it has under each deadline that it was given, with their bounds.

Readings of the design where it leaves a choice:

* A turn is tracked if its latest bound (or its first, where that is unknown) lies after the moment at which the present
  deadline was recorded, or if it was tracked already before a move that still has it: tracked at the last tick, for
  what nobody has seen is not. One without any date stands where the turn that it counts from begins.
* A move of a recurrence there and back before a tick is no move: what was tracked stays tracked, what was closed stays
  closed, and a turn that was moved by itself stays moved. If a tick comes in between, the turns that the move left out
  are forgotten: one that comes back after its latest bound has passed is history.
* A turn that was moved by itself keeps its name and has the bounds of its new date, and stays closed or moved for as
  long as the recurrence has a turn of that name. It is tracked from then on, as a commitment is that is recorded late,
  unless it is taken back before a tick.
* An acknowledgement ends when the bounds of its own turn change, when a move leaves the turn out, or when its turn or
  the whole is reopened.
* A move to a date that names no zone keeps the one that the deadline before named (`placing.py`).
* What is reopened gets the bounds that its deadline means now: it did not follow while it was closed.
* What counts from what recurs has a turn for each of the other's, with its name. A turn that was moved by itself takes
  along the one that counts from it, unless that was moved by hand. What has ended as a whole leaves what counts from it
  the turns that had begun (or, where no beginning is known, ended) by then.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from dateutil.rrule import rrulestr

from tests.oracle.data import (
    Acknowledged,
    Closed,
    Commitment,
    Edited,
    Event,
    History,
    Moved,
    Party,
    Reopened,
    Snoozed,
    TakenBack,
)
from tests.oracle.expressions import Day, Every, Expression, LastDone, Wall, references
from tests.oracle.last_done import due_dates
from tests.oracle.placing import kept
from tests.oracle.resolving import UNKNOWN, Bounds, Setting, resolve

ALONE = "the one turn of what does not recur"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn, with when it came to its present bounds; what has passed by then is not tracked."""

    since: datetime
    bounds: Bounds
    tracked: bool = True
    follows_closing: bool = False  # of another turn: what would have gone out before was never missed


@dataclass(frozen=True, slots=True)
class Stated:
    """What is true of a commitment from `at` on; `moved` names the turn that was moved by itself."""

    at: datetime
    fingerprint: Any
    turns: dict[str, Turn]
    moved: str = ""


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
    left: set[str] | None = None  # the turns that had come when it ended
    unmoved: dict[str, Bounds] = field(default_factory=dict)  # where its turns would be had none been moved by itself
    alone: dict[str, Bounds] = field(default_factory=dict)  # of turns that were moved by themselves
    own: dict[str, Expression] = field(default_factory=dict)  # and what to
    closed: list[tuple[str, datetime]] = field(default_factory=list)
    reopened: list[tuple[str, datetime]] = field(default_factory=list)  # or forgotten
    spells: list[tuple[datetime, bool]] = field(default_factory=list)  # when the whole was closed (True) or reopened
    acknowledged: list[Acknowledged] = field(default_factory=list)
    snoozed: list[Snoozed] = field(default_factory=list)
    ends: list[tuple[str, datetime]] = field(default_factory=list)  # of acknowledgements
    woken: list[tuple[str, datetime]] = field(default_factory=list)  # snoozes that are forgotten; "" is all
    taken_back: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def now(self) -> Stated:
        return self.stated[-1]

    def state(self, deadline: Expression) -> None:
        """Give it a deadline; what is true of it then is yet to be worked out."""
        self.deadline = deadline
        self.needs = references(deadline)

    def stated_at(self, at: datetime) -> Stated | None:
        return next((stated for stated in reversed(self.stated) if stated.at <= at), None)

    def is_closed(self, name: str, at: datetime) -> bool:
        """Whether a turn was closed by itself, and not forgotten since."""
        known = [(when, True) for one, when in self.closed if one == name and when <= at]
        known += [(when, False) for one, when in self.reopened if one == name and when <= at]
        return max(known)[1] if known else False

    def was_open(self, at: datetime) -> bool:
        """Whether the whole was open at a time."""
        return not next((closed for when, closed in reversed(self.spells) if when <= at), False)

    def forget(self, names: Sequence[str], at: datetime) -> None:
        """Let go what has happened to turns that a tick has not found any more."""
        for name in names:
            self.alone.pop(name, None)
            self.own.pop(name, None)
            if self.is_closed(name, at):
                self.reopened.append((name, at))

    def reopen(self, name: str, at: datetime) -> None:
        """Open a turn or, where it has no name, the whole again: whoever has seen it has seen something else."""
        if name:
            self.reopened.append((name, at))
        else:
            self.ended, self.left = False, None
            self.spells.append((at, False))
        for seen in {one.occurrence for one in self.acknowledged if name in ("", one.occurrence)}:
            self.ends.append((seen, at))

    def end_answers(self, turns: dict[str, Bounds], at: datetime) -> None:
        """End those of turns whose bounds are now others, or that are left out."""
        before = self.now.turns if self.stated else {}
        for name in {one.occurrence for one in (*self.acknowledged, *self.snoozed)}:
            was, now = before.get(name), turns.get(name)
            if was is None or now is None or was.bounds.fingerprint != now.fingerprint:
                self.ends.append((name, at))
                self.woken.append((name or ALONE, at))

    def answer(self, event: Acknowledged | Snoozed | TakenBack) -> None:
        match event:
            case Acknowledged():
                self.acknowledged.append(event)
            case Snoozed():
                self.snoozed.append(event)
            case TakenBack():
                self.taken_back.append((event.occurrence, event.at))

    def acknowledged_at(self, name: str, tick: datetime) -> Acknowledged | None:
        """Return the acknowledgement of a turn as it is known at a tick."""
        one = next((one for one in reversed(self.acknowledged) if one.occurrence == name and one.at <= tick), None)
        if one is None:
            return None
        taken = [at for which, at in self.taken_back if which == name and one.at < at <= tick]
        ended = [at for which, at in self.ends if which == name and one.at < at <= tick]
        until = min([*taken, *([one.until] if one.until else [])], default=None)
        return replace(one, until=until, ended=min(ended, default=None))

    def snoozed_at(self, name: str, tick: datetime) -> Snoozed | None:
        """Return the snooze of a turn as it is known at a tick, though its time may be over."""
        one = next((one for one in reversed(self.snoozed) if one.occurrence == name and one.at <= tick), None)
        if one is None or any(which in ("", name or ALONE) and one.at < at <= tick for which, at in self.woken):
            return None
        taken = [at for which, at in self.taken_back if which == name and one.at < at <= tick]
        return replace(one, until=min([one.until, *taken]))


def courses(history: History, until: date) -> dict[str, Course]:
    """Follow every commitment through all moves, its own and those of what it depends on."""
    found: dict[str, Course] = {}
    changes: list[tuple[datetime, Commitment | Event]] = [
        *((one.recorded_at, one) for one in history.commitments),
        *((event.at, event) for event in history.events),
    ]
    for at, change in sorted(changes, key=lambda change: change[0]):
        looked = last_before(history.ticks, at)
        match change:
            case Commitment(key=key):
                found[key] = begin(change, history.parties, history.timezone)
            case Moved(key=key, occurrence=""):
                found[key].state(kept(found[key].deadline, change.deadline))
            case Moved(key=key):
                move_alone(found[key], found, change, looked)
                continue
            case Closed(key=key, occurrence=""):
                end_whole(found[key], found, at, until, looked)
                continue
            case Closed(key=key):
                found[key].woken.append((change.occurrence, at))
                close_turn(found[key], found, change.occurrence, at)
                continue
            case Reopened(key=key, occurrence=""):
                found[key].reopen("", at)
            case Reopened(key=key):
                reopen_turn(found[key], found, change.occurrence, at)
                continue
            case Acknowledged(key=key) | Snoozed(key=key) | TakenBack(key=key):
                found[key].answer(change)
                continue
            case Edited():
                continue
        for name in dependants(key, found):
            restate(found[name], found, at, until, looked)
    return found


def close_turn(course: Course, found: dict[str, Course], name: str, at: datetime) -> None:
    """Close one turn; another one may count from that."""
    course.closed.append((name, at))
    follow_closing(course, found, at)


def reopen_turn(course: Course, found: dict[str, Course], name: str, at: datetime) -> None:
    """Open one turn again; what counted from its closing is gone."""
    course.reopen(name, at)
    follow_closing(course, found, at)


def follow_closing(course: Course, found: dict[str, Course], at: datetime) -> None:
    """Bring the turns of what counts from when it was last done to what was closed and reopened up to now."""
    if not isinstance(course.deadline, LastDone):
        return
    now, turns = course.now, dict(turns_of(course, found, date.max))
    new = {name: Turn(at, bounds, follows_closing=True) for name, bounds in turns.items() if name not in now.turns}
    kept_turns = {name: turn for name, turn in now.turns.items() if name in turns}
    for name in now.turns.keys() - turns.keys():
        course.alone.pop(name, None)
        course.own.pop(name, None)
    course.end_answers({name: turn.bounds for name, turn in (kept_turns | new).items()}, at)
    course.stated.append(Stated(at, now.fingerprint, kept_turns | new, moved="by a closing"))


def last_before(ticks: Sequence[datetime], at: datetime) -> datetime | None:
    """Return the last tick that knew nothing of what happened at an instant."""
    place = bisect_left(ticks, at)
    return ticks[place - 1] if place else None


def end_whole(
    course: Course, found: dict[str, Course], at: datetime, until: date, looked: datetime | None = None
) -> None:
    """Close the whole; what counts from its turns keeps those that have come."""
    if recurs(course, found):
        course.left = {name for name, bounds in course.unmoved.items() if bounds.comes and bounds.comes <= at}
    course.ended = True
    course.spells.append((at, True))
    course.woken.append(("", at))
    for name in dependants(course.one.key, found):
        if course.left is not None and name != course.one.key:
            restate(found[name], found, at, until, looked)


def recurs(course: Course, found: dict[str, Course]) -> bool:
    return isinstance(course.deadline, Every | LastDone) or base_of(course, found) is not None


def base_of(course: Course, found: dict[str, Course]) -> Course | None:
    """Return what recurs that a commitment counts from, if it does."""
    if isinstance(course.deadline, Every | LastDone):
        return None
    return next((found[key] for key in sorted(course.needs) if key in found and recurs(found[key], found)), None)


def begin(new: Commitment, parties: tuple[Party, ...], timezone: str | None) -> Course:
    """Choose the zone and the calendars: its own, else those of the one party that owes it, else the settings'."""
    sole = next(party for party in parties if party.key == new.by[0]) if len(new.by) == 1 else None
    zone = new.timezone or (sole and sole.timezone) or timezone
    calendars = new.calendars or ((sole.calendar,) if sole and sole.calendar else ())
    course = Course(new, new.deadline, zone, calendars)
    course.state(new.deadline)
    return course


def dependants(key: str, found: dict[str, Course]) -> Iterator[str]:
    """Yield the commitment and its dependants, each after what it depends on; what has ended keeps its bounds."""
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


def setting_of(course: Course, found: dict[str, Course], turn: Bounds | None = None) -> Setting:
    """Return what a commitment's deadline is resolved in; `turn` is the one of another that it counts from."""

    def bounds_of(key: str) -> Bounds:
        if turn is not None:
            return turn
        return found[key].now.turns[""].bounds if key in found else UNKNOWN

    return Setting(course.zone, course.calendars, course.one.roll, bounds_of)


def restate(
    course: Course, found: dict[str, Course], at: datetime, until: date, looked: datetime | None = None
) -> None:
    """Write down what is true from now on, if that differs. `looked`: the last tick before."""
    turns = dict(turns_of(course, found, until))
    course.unmoved = unmoved(course, found, turns)
    mark = mark_of(course, found) or turns[""].fingerprint
    before = course.stated[-1] if course.stated else None
    if before and before.fingerprint == mark:
        follow_late(course, turns, at, looked)
        return
    if before and looked and before.at <= looked:
        course.forget([name for name in (*course.alone, *dict(course.closed)) if name not in before.turns], at)
    turns |= {name: bounds for name, bounds in course.alone.items() if name in turns and name in course.own}
    course.end_answers(turns, at)
    course.stated.append(Stated(at, mark, {name: come(course, name, turns[name], at, looked) for name in turns}))


def follow_late(course: Course, turns: dict[str, Bounds], at: datetime, looked: datetime | None) -> None:
    """Bring turns to where those that they count from went while the whole was closed; nobody is told of a move."""
    now = course.now
    gone = {
        name: bounds
        for name, bounds in turns.items()
        if name and name not in course.own and bounds.scheduled_by != now.turns[name].bounds.scheduled_by
    }
    if gone:
        course.end_answers({name: turn.bounds for name, turn in now.turns.items()} | gone, at)
        moved = {name: come(course, name, bounds, at, looked) for name, bounds in gone.items()}
        course.stated.append(Stated(at, now.fingerprint, now.turns | moved, moved="while it was closed"))


def mark_of(course: Course, found: dict[str, Course]) -> Any:
    """Return what must differ for what recurs to have moved as a whole; None for what does not recur."""
    base = base_of(course, found)
    if isinstance(course.deadline, LastDone):
        return str(course.deadline)
    if base is None:
        return stated_in_zone(course.deadline, course.zone) if isinstance(course.deadline, Every) else None
    counted_from = base.now.fingerprint
    texts, ended = counted_from if isinstance(counted_from, tuple) else ((counted_from,), ())
    gone = set(base.now.turns) - base.left if base.left is not None else ()
    stated = str(course.deadline).replace("until after", "after")  # the same, in other words
    return (stated, *texts), tuple(sorted({*ended, *gone})[:1])  # whichever of them has ended


def stated_in_zone(deadline: Every, zone: str | None) -> str:
    """Return a recurrence as text; one that names the zone that it has anyway is the same."""
    start = deadline.start
    named = start.zone if isinstance(start, Wall) or not start.aoe else "AoE"
    plain = replace(start, zone=None) if isinstance(start, Wall) else Day(start.on)
    return f"{replace(deadline, start=plain)} in {named or zone}"


def come(course: Course, name: str, bounds: Bounds, at: datetime, looked: datetime | None) -> Turn:
    """Return a turn as a statement makes it."""
    here = course.now.turns.get(name) if course.stated else None
    since = here.since if here and here.bounds.fingerprint == bounds.fingerprint else at
    seen = course.stated_at(looked) if looked else None
    already = bool(seen and name in seen.turns and seen.turns[name].tracked)
    ends = bounds.passes
    return Turn(
        since, bounds, name == "" or isinstance(course.deadline, LastDone) or already or ends is None or ends > at
    )


def move_alone(course: Course, found: dict[str, Course], move: Moved, looked: datetime | None) -> None:
    """Move one turn by itself; the others stay as they are."""
    assert not isinstance(move.deadline, Every | LastDone)
    now, name = course.now, move.occurrence
    deadline = kept(course.own.get(name, course.deadline), move.deadline)
    assert not isinstance(deadline, Every | LastDone)
    bounds = resolve(deadline, setting_of(course, found))
    if bounds.fingerprint != now.turns[name].bounds.fingerprint:
        course.own[name] = deadline
        put_alone(course, found, name, bounds, at=move.at, looked=looked)


def put_alone(
    course: Course, found: dict[str, Course], name: str, bounds: Bounds, *, at: datetime, looked: datetime | None
) -> None:
    """Give one turn other bounds, and what counts from it."""
    now = course.now
    course.alone[name] = bounds
    course.end_answers({other: turn.bounds for other, turn in now.turns.items()} | {name: bounds}, at)
    seen = course.stated_at(looked) if looked else None
    here = seen.turns.get(name) if seen else None
    same = here is not None and here.bounds.scheduled_by == bounds.scheduled_by
    undated = bounds.anchor is None and here is not None and here.tracked and here.bounds.anchor is None
    turn = Turn(here.since if here and undated else at, bounds, here.tracked if here and same else True)
    course.stated.append(Stated(at, now.fingerprint, now.turns | {name: turn}, moved=name))
    for other in found.values():
        if other.ended or base_of(other, found) is not course or name not in other.now.turns or name in other.own:
            continue
        following = counted(other, found, bounds)
        if following.scheduled_by != other.now.turns[name].bounds.scheduled_by:
            put_alone(other, found, name, following, at=at, looked=looked)


def unmoved(course: Course, found: dict[str, Course], turns: dict[str, Bounds]) -> dict[str, Bounds]:
    """Return where turns would be had none been moved by itself. What has ended stays where it was then."""
    base = base_of(course, found)
    if base is None:
        return dict(turns)
    others = {name: base.unmoved[name] for name in turns}
    return {
        name: bounds if others[name] == base.now.turns[name].bounds else counted(course, found, others[name])
        for name, bounds in turns.items()
    }


def counted(course: Course, found: dict[str, Course], base: Bounds) -> Bounds:
    """Return the bounds of a turn that counts from one of another."""
    assert not isinstance(course.deadline, Every | LastDone)
    return standing(resolve(course.deadline, setting_of(course, found, base)), base)


def turns_of(course: Course, found: dict[str, Course], until: date) -> Iterator[tuple[str, Bounds]]:
    """Yield each turn's name and its bounds; what does not recur has one, without a name."""
    deadline, base = course.deadline, base_of(course, found)
    if isinstance(deadline, LastDone):
        for name, due in due_dates(deadline, course):
            yield name, resolve(due, setting_of(course, found))
        return
    if not isinstance(deadline, Every):
        others = {"": None} if base is None else {name: turn.bounds for name, turn in base.now.turns.items()}
        for name, bounds in others.items():
            if base is None or base.left is None or name in base.left:
                yield name, counted(course, found, bounds) if bounds else resolve(deadline, setting_of(course, found))
        return
    setting = setting_of(course, found)
    start = deadline.start
    first = start.at if isinstance(start, Wall) else datetime.combine(start.on, time())
    for wall in rrulestr(deadline.rule, dtstart=first):
        if wall.date() > until:
            return
        if wall.date() not in deadline.excepted:
            yield name_of(wall, deadline), resolve(on(wall, deadline), setting)


def standing(turn: Bounds, base: Bounds) -> Bounds:
    """Return a turn's bounds, with where it stands if it has no date: where the turn that it counts from begins."""
    return turn if turn.anchor else replace(turn, stands=base.first or base.named or base.last or base.stands)


def name_of(wall: datetime, deadline: Every) -> str:
    """Name a turn by its day, or by its wall clock where it has a time."""
    return wall.isoformat(timespec="minutes") if isinstance(deadline.start, Wall) else wall.date().isoformat()


def on(wall: datetime, deadline: Every) -> Day | Wall:
    """Return the date of a turn."""
    match deadline.start:
        case Wall(zone=zone):
            return Wall(wall, zone)
        case Day(aoe=aoe, zone=zone):
            return Day(wall.date(), aoe, zone)
