"""The lives of commitments at random: recorded, moved, acknowledged, closed, through ten years with outages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count as counter
from random import Random

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
from tests.oracle.expressions import Every, Expression, LastDone
from tests.oracle.placing import kept
from tests.oracle.resolving import Bounds, plain
from tests.oracle.turns import (
    Course,
    base_of,
    begin,
    close_turn,
    dependants,
    end_whole,
    move_alone,
    on,
    recurs,
    reopen_turn,
    restate,
    setting_of,
)
from tests.simulation.deadlines import ZONES, Deadlines
from tests.simulation.rules import REVIEWS, TAGS, some_rules
from tests.simulation.ticking import some_ticks

START = datetime(2011, 1, 3, tzinfo=UTC)
YEARS = timedelta(days=3652)
DAY = timedelta(days=1)
PARTIES = (
    Party("cn", "Asia/Shanghai", "CN"),
    Party("us", "America/New_York", "US"),
    Party("kr", "Asia/Seoul", "KR"),
    Party("br", "America/Sao_Paulo", "BR"),
    Party("nobody"),
)
CALENDARS = ("US", "CN", "KR", "BR", "AE")
SERIES = frozenset({"every", "last_done"})
SETTINGS_ZONE = "Europe/Brussels"


class Lives:
    """One seed's world; `history` is what comes of it."""

    def __init__(self, seed: int, count: int, without: frozenset[str], years: timedelta = YEARS) -> None:
        self.random = random = Random(seed)
        self.without = without
        self.deadlines = Deadlines(random, without)
        self.timezone = SETTINGS_ZONE if seed % 2 else None
        self.start, self.end = START, START + years
        self.until = (self.end + 4 * 366 * DAY).date()
        self.courses: dict[str, Course] = {}
        self.commitments: list[Commitment] = []
        self.events: list[Event] = []
        self.taken: set[datetime] = set()
        self.order = counter()
        self.ahead: list[tuple[datetime, int, str, str]] = []
        for number, at in enumerate(sorted(self.instant(START, self.end) for _ in range(count))):
            self.plan(at, "record", f"c{number:05}")
        self.live()
        rules = some_rules(random, business_leads="business_leads" not in without)
        changes = [one.recorded_at for one in self.commitments] + [event.at for event in self.events]
        self.history = History(
            parties=PARTIES,
            commitments=tuple(self.commitments),
            rules=rules,
            events=tuple(self.events),
            ticks=some_ticks(random, rules, changes, self.start, self.end),
            timezone=self.timezone,
        )

    def instant(self, low: datetime, high: datetime) -> datetime:
        """Return an instant between two, of its own; now and then on a full hour, at which rules fire."""
        minutes = max(1, int((high - low) / timedelta(minutes=1)))
        at = low.replace(second=0, microsecond=0) + timedelta(minutes=self.random.randint(1, minutes), seconds=1)
        if self.random.random() < 0.05:
            at = at.replace(minute=0, second=0) + timedelta(hours=1)
        while at in self.taken:
            at += timedelta(seconds=1)
        self.taken.add(at)
        return at

    def plan(self, at: datetime, what: str, key: str) -> None:
        if at < self.end:
            heappush(self.ahead, (at, next(self.order), what, key))

    def live(self) -> None:
        while self.ahead:
            at, _, what, key = heappop(self.ahead)
            if what == "record":
                self.record(at, key)
            elif what == "reopen" and key in self.courses:
                self.reopen(at, key)
            elif key in self.courses and not self.courses[key].ended:
                {
                    "move": self.move, "edit": self.edit, "acknowledge": self.acknowledge, "close": self.close,
                    "snooze": self.snooze, "take back": self.withdraw_answers,
                }[what](at, key)  # fmt: skip

    def record(self, at: datetime, key: str) -> None:
        random = self.random
        day = at.date() + self.days(-60, 400)
        chance, extra = random.random(), {"calendars": (), "roll": "none"}
        if "calendars" not in self.without and random.random() < 0.4:
            extra["calendars"] = tuple(random.sample(CALENDARS, random.choice((1, 1, 2))))
        if "roll" not in self.without and random.random() < 0.3:
            extra["roll"] = random.choice(("following", "modified following", "preceding"))
        one = Commitment(
            key=key,
            deadline=self.counted(key) or self.deadlines.about(day, self.open_keys(key)),
            recorded_at=at,
            kind=random.choice(("obligation", "expiry", "event", "request", "expectation")),
            priority=random.choices(("low", "normal", "high", "critical"), (3, 6, 3, 1))[0],
            tags=tuple(random.sample(TAGS, random.choice((1, 2, 2, 3)))),
            by=tuple(random.sample([party.key for party in PARTIES], random.choice((0, 1, 1, 2)))),
            timezone=random.choice(ZONES) if chance < 0.6 else None,
            review_every=random.choice(REVIEWS) if random.random() < 0.2 else None,
            **extra,
        )
        if isinstance(one.deadline, LastDone):  # with its first turn ahead
            one = replace(one, deadline=self.deadlines.last_done(max(day, at.date() + self.days(1, 30))))
        self.courses[key] = begin(one, PARTIES, self.timezone)
        if not self.state(key, one.deadline, at):
            del self.courses[key]
            return
        self.commitments.append(one)
        self.foresee(at, key)

    def open_keys(self, key: str) -> list[str]:
        """Return what a deadline may depend on: older ones that are open and have one turn only."""
        some = [older for older in list(self.courses)[-120:] if older < key]
        return [older for older in some if not self.recurs(older)]

    def recurs(self, key: str) -> bool:
        return recurs(self.courses[key], self.courses)

    def follows_closings(self, key: str) -> bool:
        return isinstance(self.courses[key].deadline, LastDone)

    def counted(self, key: str, chance: float = 0.07) -> Expression | None:
        """State, now and then, what is counted from an older one that recurs."""
        if "counted" in self.without or self.random.random() > chance:
            return None
        some = [
            older
            for older in list(self.courses)[-120:]
            if older < key and self.recurs(older) and not self.follows_closings(older)
        ]
        return self.deadlines.counted(self.random.choice(some)) if some else None

    def state(self, key: str, deadline: Expression, at: datetime) -> bool:
        """Give a commitment a deadline; not, if a window would end before it begins, its own or a dependant's."""
        course = self.courses[key]
        old = course.deadline
        course.state(deadline)
        written = {name: len(self.courses[name].stated) for name in dependants(key, self.courses)}
        for name in written:
            restate(self.courses[name], self.courses, at, self.until)
        sound = not any(self.reversed(name) for name in written)
        if not sound:
            course.state(old)
            for name, length in written.items():
                del self.courses[name].stated[length:]
        return sound

    def reversed(self, key: str) -> bool:
        """Whether a window ends before it begins, as stated: rolling does not mend it."""
        course = self.courses[key]
        if self.recurs(key) or isinstance(course.deadline, Every | LastDone):
            return False
        return self.is_reversed(plain(course.deadline, setting_of(course, self.courses)))

    def is_reversed(self, bounds: Bounds) -> bool:
        if bounds.first is None or bounds.last is None or bounds.first == bounds.last:
            return False
        return bounds.first.counted >= bounds.last.over

    def foresee(self, at: datetime, key: str) -> None:
        """Plan what will happen to it."""
        random = self.random
        due = self.due(key, at)
        recurs = self.recurs(key)
        for _ in range(random.choice((1, 2, 4)) if recurs else random.random() < 0.45):
            self.plan(self.instant(at, max(due, at) + 20 * DAY), "move", key)
        if random.random() < 0.2:
            self.plan(self.instant(at, max(due, at) + 20 * DAY), "edit", key)
        if random.random() < 0.6:
            self.plan(self.instant(max(due, at), max(due, at) + 40 * DAY), "acknowledge", key)
        if random.random() < 0.4:
            self.plan(self.instant(at, max(due, at) + 20 * DAY), "snooze", key)
        lasts = random.choice((-20, 5, 30, 90, 200)) if recurs or random.random() < 0.9 else 700
        end = max(at, due + lasts * DAY)
        self.plan(self.instant(end, end + 3 * DAY), "close", key)

    def due(self, key: str, at: datetime) -> datetime:
        """When it is late, opens, or, where neither is known, is worth another look; at most three years ahead."""
        if self.recurs(key) and not self.follows_closings(key):
            return at + self.days(60, 400)
        bounds = list(self.courses[key].now.turns.values())[-1].bounds
        known = bounds.latest or bounds.earliest or at + self.days(30, 300)
        return min(known, at + 1100 * DAY)

    def days(self, low: int, high: int) -> timedelta:
        return self.random.randint(low, high) * DAY

    def move(self, at: datetime, key: str) -> None:
        """Move it forth, back, or into the past; one time in six somebody takes that back within hours."""
        random, course = self.random, self.courses[key]
        old, turn = course.deadline, ""
        day = at.date() + self.days(*random.choice(((-300, 0), (0, 30), (20, 300))))
        if self.recurs(key) and random.random() < 0.5 and (turn := self.turn(at, key) or ""):
            new = self.deadlines.about(day, (), SERIES)
            old = on(datetime.fromisoformat(turn), old) if isinstance(old, Every) else self.deadlines.day(day)
        elif base := base_of(course, self.courses):
            new = self.counted(key, 0.3) or self.deadlines.counted(base.one.key)
        elif isinstance(old, LastDone):
            return
        elif isinstance(old, Every):
            new = self.deadlines.amended(old, at.date()) if random.random() < 0.5 else self.deadlines.every(day)
        else:
            new = self.deadlines.about(day, self.open_keys(key), SERIES)
        self.moved(at, key, new, turn)
        if random.random() < 0.2:
            self.plan(self.instant(at, at + timedelta(hours=5)), "edit", key)
        again = random.random()
        if again < 0.17:
            back = self.instant(at, at + timedelta(hours=random.choice((1, 30))))
            if back < self.end and not any(at < planned[0] <= back for planned in self.ahead):
                self.moved(back, key, old, turn)
        elif again < 0.4:
            later = at + self.days(0, 200)
            self.plan(self.instant(later, later + 10 * DAY), "move", key)

    def moved(self, at: datetime, key: str, deadline: Expression, turn: str = "") -> None:
        move, course = Moved(at, key, deadline, turn), self.courses[key]
        if not turn:
            sound = self.state(key, kept(course.deadline, deadline), at)
        else:
            there = kept(course.own.get(turn, course.deadline), deadline)
            assert not isinstance(there, Every | LastDone)
            sound = not self.is_reversed(plain(there, setting_of(course, self.courses)))
            if sound:
                move_alone(course, self.courses, move, None)
        if sound:
            self.events.append(move)

    def edit(self, at: datetime, key: str) -> None:
        self.events.append(Edited(at, key, f"The {key} as of {at}"))

    def acknowledge(self, at: datetime, key: str) -> None:
        random = self.random
        name = self.turn(at, key)
        if name is None:
            return
        until = self.instant(at, at + 60 * DAY) if random.random() < 0.5 else None
        self.events.append(Acknowledged(at, key, name, until))
        if random.random() < (0.8 if name else 0.3):
            self.plan(self.instant(at, at + 40 * DAY), "acknowledge", key)
        if random.random() < 0.15:
            self.plan(self.instant(at, at + 20 * DAY), "take back", key)

    def snooze(self, at: datetime, key: str) -> None:
        """Put it off, now and then to the very instant from which it is late."""
        random, name = self.random, self.turn(at, key)
        if name is None:
            return
        latest = self.courses[key].now.turns[name].bounds.latest
        until = self.instant(at, at + self.days(1, 30))
        if latest and latest > at and random.random() < 0.3:
            until = latest
        self.events.append(Snoozed(at, key, name, until))
        if random.random() < (0.8 if name else 0.3):
            self.plan(self.instant(at, at + 60 * DAY), "snooze", key)
        if random.random() < 0.15:
            self.plan(self.instant(at, until), "take back", key)

    def withdraw_answers(self, at: datetime, key: str) -> None:
        """Take back what was answered last, if the turn is there still and has not ended."""
        course = self.courses[key]
        answers = [one for one in self.events if isinstance(one, Acknowledged | Snoozed) and one.key == key]
        name = answers[-1].occurrence
        turn = course.now.turns.get(name)
        if turn and turn.tracked and name not in {closed for closed, _ in course.closed}:
            self.events.append(TakenBack(at, key, name))

    def close(self, at: datetime, key: str) -> None:
        """Close it, or put that off where it has moved away; of a recurring one, often a turn at a time."""
        due, recurs = self.due(key, at), self.recurs(key)
        recorded = self.courses[key].one.recorded_at
        if not recurs and due > at and at < recorded + 800 * DAY and self.random.random() < 0.5:
            self.plan(self.instant(due, due + 40 * DAY), "close", key)
            return
        if self.follows_closings(key) and self.random.random() < 0.85:
            self.close_open_turn(at, key)
            return
        if recurs and self.random.random() < 0.6 and (name := self.turn(at, key)):
            self.events.append(Closed(at, key, name))
            close_turn(self.courses[key], self.courses, name, at)
            self.plan_reopening(at, key)
            self.plan(self.instant(at, at + 45 * DAY), "close", key)
            return
        self.events.append(Closed(at, key))
        end_whole(self.courses[key], self.courses, at, self.until)
        self.plan_reopening(at, key)

    def close_open_turn(self, at: datetime, key: str) -> None:
        """Close the one turn that is open, and plan to close the next about when that is due."""
        name = list(self.courses[key].now.turns)[-1]
        self.events.append(Closed(at, key, name))
        close_turn(self.courses[key], self.courses, name, at)
        self.plan_reopening(at, key)
        due = max(at, self.due(key, at) - self.days(0, 12))
        for what, days in (("close", 25), ("acknowledge", 30), ("snooze", 8), ("move", 5)):
            if what == "close" or self.random.random() < 0.3:
                self.plan(self.instant(due, due + days * DAY), what, key)

    def plan_reopening(self, at: datetime, key: str) -> None:
        """One time in four it was closed too early: somebody sees that within minutes, or weeks later."""
        if self.random.random() < 0.25:
            after = self.random.choice((timedelta(minutes=3), timedelta(hours=20), 50 * DAY))
            self.plan(self.instant(at, at + after), "reopen", key)

    def reopen(self, at: datetime, key: str) -> None:
        """Open the whole again, or else a turn that was closed by itself."""
        course, random = self.courses[key], self.random
        if course.ended:
            name, left = "", course.left
            course.ended, course.left = False, None
            if not self.state(key, course.deadline, at):
                course.ended, course.left = True, left
                return
        else:
            closed = {name for name, _ in course.closed if name in course.now.turns and course.is_closed(name, at)}
            if not closed:
                return
            name = random.choice(sorted(closed))
            if self.follows_closings(key):  # only the last can be reopened
                name = list(course.now.turns)[-2]
        if name:
            reopen_turn(course, self.courses, name, at)
        else:
            course.reopen(name, at)
        self.events.append(Reopened(at, key, name))
        later = at + random.choice((timedelta(minutes=5), 40 * DAY))
        for what in ("close", "move", "acknowledge"):
            if what == "close" or random.random() < 0.5:
                self.plan(self.instant(at, later), what, key)

    def turn(self, at: datetime, key: str) -> str | None:
        """Choose a turn that is late or soon due; what does not recur has but one, without a name."""
        course = self.courses[key]
        near = [
            name
            for name, turn in course.now.turns.items()
            if turn.tracked
            and not course.is_closed(name, at)
            and (not name or (turn.bounds.latest or turn.bounds.earliest or at) < at + 30 * DAY)
        ]
        return self.random.choice(near) if near else None
