"""What must be said at each tick of a history, and what is merged away: a second opinion, slow and plain.

Readings of the design where it leaves a choice:

* What was recorded and moved before the first tick has not moved for anybody; what was closed by then was never there.
* Each of several moves before a tick is told, unless the last leads back to what was true at the tick before. That
  was no move, then: nothing is missed by it, and what was due meanwhile goes out as usual; an acknowledgement ends by
  it all the same, for the bounds did change, and what it had silenced up to there stays silent.
* Where a rule tells a move, that word stands for what was missed under the new bounds: nothing is caught up with,
  nor of the turns of a recurrence that was moved.
* A turn that was moved by itself tells that as a turn. What a turn did that is gone by the next tick is not told.
* A move of the whole makes a new bounds version of all turns but those that were moved by themselves and stay; a move
  of one turn makes one of that turn only.
* What is closed says so (its moves, too, that were not told yet), and nothing else that was still due. A turn that ends
  with the whole does not say its own moves.
* What a silenced repeat means is neither said nor merged.
* Of moments that are one instant, the one with the later firing is the latest, then the kind that the design names
  first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.oracle.crons import Firings, firings
from tests.oracle.data import Acknowledged, Closed, History, Rule, Word
from tests.oracle.moments import Moment, moments
from tests.oracle.resolving import Bounds, recorded_edge
from tests.oracle.turns import Course, Stated, courses

REPEATING = ("overdue", "review")
MERGING = ("before", "on_the_day", "overdue", "review")
ORDER = ("before", "on_the_day", "opens", "overdue", "review")
YEAR = timedelta(days=366)


def words(history: History) -> list[Word]:
    """Return every word of the history, in the order of the ticks."""
    start, end = history.ticks[0], history.ticks[-1]
    found = courses(history, (end + 2 * YEAR).date())
    ended = {event.key: event.at for event in history.events if isinstance(event, Closed) and not event.occurrence}
    said: list[Word] = []
    for rule in history.rules:
        fires = firings(rule.cron, rule.zone, start - 12 * YEAR, end + 3 * YEAR)
        for course in found.values():
            if rule.matches(course.one):
                said += Watch(rule, course, fires, history, ended.get(course.one.key)).words()
    return sorted(said)


@dataclass(slots=True)
class Watch:
    """One rule's eye on one commitment."""

    rule: Rule
    course: Course
    fires: Firings
    history: History
    ended: datetime | None

    def words(self) -> Iterator[Word]:
        first = self.tick_from(self.course.one.recorded_at)
        if first is None or (self.ended and self.ended <= first):
            return
        names = {name: None for stated in self.course.stated for name in stated.turns}
        moves = {name: list(self.moves(name, first)) for name in ("", *names)}
        for told in moves.values():
            yield from told
        yield from self.ends(first)
        whole = {move.tick for move in moves[""]}
        for name in names:
            yield from self.turn(name, whole | {move.tick for move in moves[name]})

    def tick_from(self, at: datetime) -> datetime | None:
        """Return the first tick at or after an instant."""
        place = bisect_left(self.history.ticks, at)
        return self.history.ticks[place] if place < len(self.history.ticks) else None

    def word(self, tick: datetime, name: str, kind: str, moment: datetime, *, said: bool = True) -> Word:
        since = version_since(self.course.stated, name, tick)
        return Word(tick, self.course.one.key, name, self.rule.name, kind, moment, said, since)

    def moves(self, name: str, first: datetime) -> Iterator[Word]:
        """Yield a word for each move of the whole or of one turn, unless it leads back before anybody looked."""
        moves = [stated for stated in self.course.stated if stated.moved == name]
        for tick in sorted({tick for stated in moves if (tick := self.tick_from(stated.at)) and tick > first}):
            if not self.rule.moved or (self.ended and self.ended <= tick and not self.tells_end(name, tick)):
                return
            since = [stated for stated in moves if self.tick_from(stated.at) == tick]
            before = [stated for stated in self.course.stated if stated.at < since[0].at]
            looked = [stated for stated in before if self.tick_from(stated.at) != tick]
            known = [found for stated in (before[-1], *looked[-1:]) if (found := mark_of(stated, name))]
            now = self.course.stated_at(tick)
            mark = mark_of(now, name) if now else None
            if mark and mark != known[-1]:
                for stated in since:
                    yield self.word(tick, name, "moved", stated.at)

    def tells_end(self, name: str, tick: datetime) -> bool:
        """Whether something that has ended by a tick says so there: the whole, or a turn that ended by itself."""
        ends = [at for one, at in self.course.closed if one == name] if name else [self.ended]
        return any(at and self.tick_from(at) == tick for at in ends)

    def ends(self, first: datetime) -> Iterator[Word]:
        """Yield a word for each end that came after the first look; of a turn, if it is still there."""
        ends = [("", self.ended)] if self.ended else []
        for name, at in [*ends, *self.course.closed]:
            tick = self.tick_from(at)
            if self.rule.closed and tick and at > first:
                stated = self.course.stated_at(tick)
                if not name or (stated and name in stated.turns):
                    yield self.word(tick, name, "closed", at)

    def turn(self, name: str, told: set[datetime]) -> Iterator[Word]:
        """Look at one turn at every tick at which it may have something to say."""
        spells = [(stated.at, stated.turns.get(name)) for stated in self.course.stated]
        seen = {spell.bounds.mark: spell.bounds for _, spell in spells if spell and spell.tracked}
        schedules = {mark: self.schedule(bounds) for mark, bounds in seen.items()}
        times = {at for at, _ in spells} | {one.send_at for schedule in schedules.values() for one in schedule}
        acks = [one for one in self.course.acknowledged if one.occurrence == name]
        looked = self.course.one.recorded_at
        before: Bounds | None = None
        for tick in sorted({tick for at in times if (tick := self.tick_from(at)) and tick >= looked}):
            if self.ended and self.ended <= tick:
                return
            stated = self.course.stated_at(tick)
            spell = stated.turns.get(name) if stated else None
            if spell and spell.tracked and not self.course.is_closed(name, tick):
                since, bounds = spell.since, spell.bounds
                fresh = before is None or before.mark != bounds.mark
                ack = next((one for one in reversed(acks) if one.at <= tick), None)
                if fresh and ack and ack.until and ack.until <= since:
                    ack = None
                heard = [one for one in schedules[bounds.mark] if not silenced(one, ack)]
                new = [one for one in heard if (since <= one.send_at if fresh else looked < one.send_at)]
                due = [one for one in new if one.send_at <= tick]
                missed = [one for one in heard if one.send_at < since] if fresh and tick not in told else []
                for one, said in merged(due, missed):
                    yield self.word(tick, name, one.kind, one.at, said=said)
            looked, before = tick, spell.bounds if spell and spell.tracked else None

    def schedule(self, bounds: Bounds) -> list[Moment]:
        one = self.course.one
        return moments(
            self.rule,
            bounds,
            fires=self.fires,
            until=min(self.ended or self.history.ticks[-1], self.history.ticks[-1]),
            calendars=self.course.calendars,
            review_every=one.review_every,
            recorded=recorded_edge(one.recorded_at),
        )


def version_since(stated: Iterable[Stated], name: str, tick: datetime) -> datetime | None:
    """Return when the bounds version of a turn began; one that was moved by itself does not move with the whole."""
    since, alone, before = None, False, None
    for one in stated:
        turn = one.turns.get(name)
        if one.at <= tick and one.moved in ("", name):
            unmoved = alone and turn and before and turn.bounds.mark == before.bounds.mark
            since = since if unmoved and not one.moved else one.at
            alone = turn is not None and (alone or one.moved == name != "")
        before = turn
    return since


def merged(due: list[Moment], missed: list[Moment]) -> Iterator[tuple[Moment, bool]]:
    """Say the latest of what merges, what was missed with it, and not the others; the rest is said one by one."""
    merging = [one for one in due if one.kind in MERGING]
    if missed:
        merging.append(max(missed, key=latest))
    last = max(merging, key=latest, default=None)
    yield from ((one, one is last) for one in merging)
    yield from ((one, True) for one in due if one.kind not in MERGING)


def told_once(words: list[Word]) -> list[Word]:
    """Leave what one recipient is told where all rules speak to it: each thing once, whichever rule is the first."""
    found: dict[tuple[object, ...], Word] = {}
    for word in sorted(words):
        if word.said:
            what = (word.commitment, word.occurrence, word.since, word.kind, word.moment)
            found.setdefault(what, replace(word, rule=""))
    return list(found.values())


def latest(one: Moment) -> tuple[datetime, datetime, int]:
    return one.at, one.send_at, -ORDER.index(one.kind)


def silenced(one: Moment, ack: Acknowledged | None) -> bool:
    """Say whether an acknowledgement keeps it quiet."""
    return one.kind in REPEATING and ack is not None and (ack.until is None or one.send_at < ack.until)


def mark_of(stated: Stated, name: str) -> object:
    """Return what must differ for the whole or for one of its turns to have moved; nothing where there is no such."""
    turn = stated.turns.get(name)
    return turn.bounds.mark if name and turn else None if name else stated.mark
