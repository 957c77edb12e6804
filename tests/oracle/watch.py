"""One rule applied to one commitment: what every part of its evaluation needs to know."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.crons import Firings
from tests.oracle.data import AddressedReminder, History, Reopened, Rule
from tests.oracle.turns import Course, Stated


@dataclass(slots=True)
class Watch:
    """One rule applied to one commitment. `reopened`: when the commitment, or one of its turns, was reopened."""

    rule: Rule
    course: Course
    fires: Firings
    history: History
    reopened: list[Reopened]

    def tick_from(self, at: datetime) -> datetime | None:
        """Return the first tick at or after an instant."""
        place = bisect_left(self.history.ticks, at)
        return self.history.ticks[place] if place < len(self.history.ticks) else None

    def first(self) -> datetime | None:
        """Return the first tick at which it is open: from then on it is evaluated."""
        begun = [self.course.one.recorded_at, *(event.at for event in self.reopened if not event.occurrence)]
        ticks = [tick for at in begun if (tick := self.tick_from(at))]
        return next((tick for tick in ticks if self.is_open("", tick)), None)

    def is_open(self, name: str, at: datetime) -> bool:
        """Whether the whole, and the turn if one is named, is open at an instant."""
        return self.course.was_open(at) and not (name and self.course.is_closed(name, at))

    def reminder(
        self, tick: datetime, name: str, kind: str, moment: datetime, *, sent: bool = True
    ) -> AddressedReminder:
        again = [event.at for event in self.reopened if event.at <= tick and event.occurrence in ("", name)]
        alone = [event.at for event in self.reopened if event.at <= tick and event.occurrence == name]
        since = version_since(self.course.stated, name, tick, again, alone)
        return AddressedReminder(tick, self.course.one.key, name, self.rule.name, kind, moment, sent, since)

    def closings(self, name: str) -> list[tuple[datetime, bool]]:
        """Return when the whole or one turn was closed (True) or reopened, in order."""
        if not name:
            return self.course.spells
        closed = [(at, True) for one, at in self.course.closed if one == name]
        return sorted([*closed, *((event.at, False) for event in self.reopened if event.occurrence == name)])

    def reopened_at(self, name: str, tick: datetime) -> datetime | None:
        """Return when a turn, or the whole with it, was last reopened, if a tick is the first to see it."""
        found = []
        for one in {"", name}:
            seen = [(at, closed) for at, closed in self.closings(one) if self.tick_from(at) == tick]
            found += [seen[-1][0]] if seen and not seen[0][1] and not seen[-1][1] else []
        return max(found, default=None)


def version_since(
    stated: Iterable[Stated], name: str, tick: datetime, again: Iterable[datetime], own: Iterable[datetime]
) -> datetime | None:
    """Return when the bounds version of a turn began; one that was moved by itself does not move with the whole.

    `again`: when it, alone (`own`) or with the whole, was reopened, which makes a version, too.
    """
    since, alone, before = None, False, None
    for one in stated:
        turn = one.turns.get(name)
        if one.at <= tick and one.moved in ("", name):
            unmoved = alone and turn and before and turn.bounds.fingerprint == before.bounds.fingerprint
            since = since if unmoved and not one.moved else one.at
            alone = turn is not None and (alone or one.moved == name != "")
        before = turn
    return max((at for at in (since, *(own if alone else again)) if at), default=None)
