"""Deadlines of every kind, at random about a day. A kind can be switched off by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from tests.oracle.expressions import (
    After,
    Base,
    Between,
    BusinessShift,
    By,
    Choice,
    Day,
    During,
    Every,
    Expression,
    Interval,
    LastDone,
    Period,
    Reference,
    Shift,
    Simple,
    Undated,
    Wall,
    Within,
)
from tests.oracle.spans import Span

ZONES = (
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "America/New_York",
    "Asia/Shanghai",
    "Asia/Seoul",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Chatham",
    "America/Havana",
)
OFFSETS = ("Z", "-05:00", "+05:45", "+08:00")
SPANS = [
    *(Span(days=n) for n in (1, 10, 45, 90)),
    *(Span(months=n) for n in (1, 3, 6)),
    Span(years=1),
    Span(weeks=2),
    Span(months=1, days=3),
    Span(hours=48),
    Span(hours=7, minutes=30),
    Span(days=2, hours=6),
]
EVERY = (
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYMONTHDAY=15;COUNT=9",
    "FREQ=WEEKLY;BYDAY=FR;COUNT=12",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;COUNT=20",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY",
    "FREQ=DAILY;COUNT=10",
    "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31",
)


class Deadlines:
    """A source of deadlines. `without` are the kinds that it does not state."""

    def __init__(self, random: Random, without: frozenset[str]) -> None:
        self.random = random
        kinds: dict[str, tuple[int, Callable[[date, Sequence[str]], Expression]]] = {
            "day": (9, lambda day, _: self.day(day)),
            "wall": (6, lambda day, _: self.wall(day)),
            "after": (6, lambda *about: After(self.base(*about), until=random.random() < 0.3)),
            "by": (5, lambda *about: By(self.base(*about), random.choice(("by", "until")))),
            "between": (4, self.between),
            "within": (4, lambda *about: Within(random.choice(SPANS), self.base(*about))),
            "shift": (6, lambda *about: Shift(random.choice(SPANS), self.base(*about), random.random() < 0.3)),
            "during": (4, self.during),
            "undated": (2, lambda *_: Undated(random.choice(("", "tbd", "none")))),
            "period": (3, lambda day, _: self.period(day)),
            "interval": (3, lambda day, _: self.interval(day)),
            "business": (4, self.business),
            "choice": (3, self.choice),
            "every": (3, lambda day, _: self.every(day)),
            "last_done": (2, lambda day, _: self.last_done(day)),
        }
        self.kinds = {name: kind for name, kind in kinds.items() if name not in without}
        self.periods = "period" in self.kinds

    def days(self, low: int, high: int) -> timedelta:
        return timedelta(days=self.random.randint(low, high))

    def about(self, day: date, keys: Sequence[str], besides: frozenset[str] = frozenset()) -> Expression:
        """State a deadline about a day; it may depend on one of the keys."""
        names = [name for name in self.kinds if name not in besides]
        name = self.random.choices(names, [self.kinds[name][0] for name in names])[0]
        return self.kinds[name][1](day, keys)

    def dated(self, day: date) -> Day | Wall | Period:
        chance = self.random.random()
        if self.periods and chance < 0.1:
            return self.period(day)
        return self.wall(day) if chance < 0.35 else self.day(day)

    def base(self, day: date, keys: Sequence[str]) -> Base:
        """A date, or, four times in ten where there is one, another commitment."""
        if keys and self.random.random() < 0.4:
            return Reference(self.random.choice(keys))
        return self.dated(day)

    def day(self, day: date) -> Day:
        chance = self.random.random()
        return Day(day, aoe=chance < 0.1, zone=self.random.choice(ZONES) if chance > 0.9 else None)

    def wall(self, day: date) -> Wall:
        clock = time(self.random.choice((0, 0, 1, 2, 9, 12, 17, 23)), self.random.choice((0, 1, 15, 30, 59)))
        chance = self.random.random()
        zone = None if chance < 0.4 else self.random.choice(OFFSETS if chance < 0.6 else ZONES)
        return Wall(datetime.combine(day, clock), zone)

    def between(self, day: date, keys: Sequence[str]) -> Between:
        return Between(self.dated(day), self.base(day + self.days(1, 60), keys))

    def period(self, day: date) -> Period:
        chance = self.random.random()
        return Period(day.year, None if chance < 0.2 else day.month)

    def interval(self, day: date) -> Interval:
        first, last = self.day_or_period(day), self.day_or_period(day + self.days(40, 90))
        return self.random.choice((Interval(first, last), Interval(first, None), Interval(None, last)))

    def day_or_period(self, day: date) -> Day | Period:
        return self.period(day) if self.periods and self.random.random() < 0.2 else Day(day)

    def during(self, day: date, keys: Sequence[str]) -> Simple:
        return During(Reference(self.random.choice(keys))) if keys else self.day(day)

    def business(self, day: date, keys: Sequence[str]) -> Simple:
        count = self.random.choice((1, 2, 5, 10, 20))
        return BusinessShift(count, self.base(day, keys), self.random.random() < 0.3)

    def choice(self, day: date, keys: Sequence[str]) -> Choice:
        """State two to choose from; a window between two is none of them, for one that is reversed is refused."""
        besides = frozenset({"choice", "every", "last_done", "between"})
        parts = [self.about(day + self.days(0, 30), keys, besides) for _ in range(2)]
        return Choice(self.random.choice(("earlier", "later")), tuple(parts))

    def counted(self, key: str) -> Expression:
        """State what is counted from each turn of what recurs."""
        base, random = Reference(key), self.random
        kinds: dict[str, Callable[[], Simple]] = {
            "shift": lambda: Shift(random.choice(SPANS), base, random.random() < 0.5),
            "business": lambda: BusinessShift(random.choice((1, 2, 5, 10, 20)), base, random.random() < 0.5),
            "after": lambda: After(base, until=random.random() < 0.3),
            "by": lambda: By(base, random.choice(("by", "until"))),
            "within": lambda: Within(random.choice(SPANS), base),
            "during": lambda: During(base),
        }
        chances = {"shift": 6, "business": 3}
        names = [name for name in kinds if name in self.kinds] or ["shift"]
        some = random.choices(names, [chances.get(name, 1) for name in names], k=2)
        if "choice" in self.kinds and random.random() < 0.1:
            return Choice(random.choice(("earlier", "later")), tuple(kinds[name]() for name in some))
        return kinds[some[0]]()

    def every(self, day: date) -> Every:
        return Every(self.random.choice(EVERY), self.first_turn(day), self.some_days(day))

    def last_done(self, day: date) -> LastDone:
        span = Span(**self.random.choice(({"days": 10}, {"weeks": 2}, {"months": 1}, {"months": 3}, {"years": 1})))
        return LastDone(span, self.first_turn(day))

    def first_turn(self, day: date) -> Day | Wall:
        if self.random.random() < 0.3:
            return Wall(self.wall(day).at, self.random.choice((None, *ZONES)))
        return Day(day, aoe=self.random.random() < 0.1)

    def some_days(self, day: date) -> tuple[date, ...]:
        return tuple(sorted({day + self.days(0, 40) for _ in range(self.random.choice((0, 0, 2)))}))

    def amended(self, old: Every, day: date) -> Every:
        """State most of its turns again: others are left out, or they are of another zone, or fewer."""
        match self.random.random(), old.start:
            case chance, _ if chance < 0.4:
                return replace(old, excepted=self.some_days(day))
            case chance, Day(on, aoe) if chance < 0.7:
                return replace(old, start=Day(on, aoe=not aoe))
            case chance, Wall(at) if chance < 0.7:
                return replace(old, start=Wall(at, self.random.choice(ZONES)))
            case _:
                return replace(old, rule=self.random.choice(EVERY))
