"""What must be said at each tick of a history, and what is merged away: a second opinion, slow and plain.

Readings of the design where it leaves a choice:

* What was recorded and moved before the first tick has not moved for anybody; what was closed by then was never there.
* Each of several moves before a tick is told, unless the last leads back to what was true at the tick before. That
  was no move, then: nothing is missed by it, and what was due meanwhile goes out as usual; an acknowledgement ends by
  it all the same, for the bounds did change.
* Where a rule tells a move, that is the one word for all that was missed under the new bounds.
* What is closed says so (its moves, too, that were not told yet), and nothing else that was still due.
* What a silenced repeat means is neither said nor merged.
* Of moments that are one instant, the one with the later firing is the latest, then the kind that the design names
  first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.oracle.crons import Firings, firings
from tests.oracle.data import Acknowledged, Closed, History, Rule, Word
from tests.oracle.moments import Moment, moments
from tests.oracle.resolving import Bounds, recorded_edge
from tests.oracle.turns import Course, Stated, courses

MERGING = ("before", "on_the_day", "overdue", "review")
ORDER = ("before", "on_the_day", "opens", "overdue", "review")
YEAR = timedelta(days=366)


def words(history: History) -> list[Word]:
    """Return every word of the history, in the order of the ticks."""
    start, end = history.ticks[0], history.ticks[-1]
    found = courses(history, (end + 2 * YEAR).date())
    said: list[Word] = []
    for rule in history.rules:
        fires = firings(rule.cron, rule.zone, start - 12 * YEAR, end + 3 * YEAR)
        for course in found.values():
            if rule.matches(course.one):
                said += Watch(rule, course, fires, history).words()
    return sorted(said)


@dataclass(slots=True)
class Watch:
    """One rule's eye on one commitment."""

    rule: Rule
    course: Course
    fires: Firings
    history: History

    def words(self) -> Iterator[Word]:
        one = self.course.one
        events = [event for event in self.history.events if event.key == one.key]
        closings = {event.occurrence: event.at for event in reversed(events) if isinstance(event, Closed)}
        ended, first = closings.get(""), self.tick_from(one.recorded_at)
        if first is None or (ended and ended <= first):
            return
        moves = list(self.moves(first, ended))
        yield from moves
        for name, at in closings.items():
            tick = self.tick_from(at)
            if self.rule.closed and tick and (ended is None or at <= ended):
                yield self.word(tick, name, "closed", at, at)
        told = {move.tick for move in moves}
        for name in dict.fromkeys(name for stated in self.course.stated for name in stated.turns):
            acks = [event for event in events if isinstance(event, Acknowledged) and event.occurrence == name]
            end = min((at for at in (ended, closings.get(name)) if at), default=None)
            yield from self.turn(name, acks, end, told)

    def tick_from(self, at: datetime) -> datetime | None:
        """Return the first tick at or after an instant."""
        place = bisect_left(self.history.ticks, at)
        return self.history.ticks[place] if place < len(self.history.ticks) else None

    def word(
        self, tick: datetime, name: str, kind: str, moment: datetime, since: datetime, *, said: bool = True
    ) -> Word:
        return Word(tick, self.course.one.key, name, self.rule.name, kind, moment, said, since)

    def stated_at(self, at: datetime) -> Stated | None:
        return next((stated for stated in reversed(self.course.stated) if stated.at <= at), None)

    def moves(self, first: datetime, ended: datetime | None) -> Iterator[Word]:
        """Yield a word for each move, unless it leads back before anybody looked."""
        told = None
        for tick in sorted({tick for stated in self.course.stated if (tick := self.tick_from(stated.at))}):
            if ended and ended < tick and self.tick_from(ended) != tick:
                return
            since = [one for one in self.course.stated if self.tick_from(one.at) == tick]
            if self.rule.moved and tick > first and since[-1].mark != told:
                for stated in since:
                    yield self.word(tick, "", "moved", stated.at, stated.at)
            told = since[-1].mark

    def turn(self, name: str, acks: list[Acknowledged], end: datetime | None, told: set[datetime]) -> Iterator[Word]:
        """Look at one turn at every tick at which it may have something to say."""
        spells = [(stated.at, stated.turns.get(name)) for stated in self.course.stated]
        seen = {spell[1].mark: spell[1] for _, spell in spells if spell}
        schedules = {mark: self.schedule(bounds, end) for mark, bounds in seen.items()}
        times = {at for at, _ in spells} | {one.send_at for schedule in schedules.values() for one in schedule}
        looked = self.course.one.recorded_at
        before: Bounds | None = None
        for tick in sorted({tick for at in times if (tick := self.tick_from(at)) and tick >= looked}):
            if end and end <= tick:
                return
            stated = self.stated_at(tick)
            spell = stated.turns.get(name) if stated else None
            if spell is not None:
                since, bounds = spell
                fresh = before is None or before.mark != bounds.mark
                heard = [one for one in schedules[bounds.mark] if not silenced(one, acks, since, tick)]
                new = [one for one in heard if (since <= one.send_at if fresh else looked < one.send_at)]
                due = [one for one in new if one.send_at <= tick]
                missed = [one for one in heard if one.send_at < since] if fresh and tick not in told else []
                for one, said in merged(due, missed):
                    yield self.word(tick, name, one.kind, one.at, since, said=said)
            looked, before = tick, spell[1] if spell else None

    def schedule(self, bounds: Bounds, end: datetime | None) -> list[Moment]:
        one = self.course.one
        return moments(
            self.rule,
            bounds,
            fires=self.fires,
            until=min(end or self.history.ticks[-1], self.history.ticks[-1]),
            calendars=self.course.calendars,
            review_every=one.review_every,
            recorded=recorded_edge(one.recorded_at),
        )


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


def silenced(one: Moment, acks: list[Acknowledged], since: datetime, tick: datetime) -> bool:
    """Say whether the acknowledgement that holds at the tick keeps it quiet."""
    holding = [ack for ack in acks if since <= ack.at <= tick]
    if one.kind not in ("overdue", "review") or not holding:
        return False
    return holding[-1].until is None or one.send_at < holding[-1].until
