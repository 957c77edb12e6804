"""What must be said at each tick of a history, and what is merged away: a second opinion, slow and plain.

Readings of the design where it leaves a choice:

* What was recorded and moved before the first tick has not moved for anybody; what was closed by then was never there.
* Of several moves before a tick the last is told, for all of them, unless it leads back to what was true at the tick
  before. That was no move, then: nothing is missed by it, and what was due meanwhile goes out as usual; an
  acknowledgement ends by it all the same, for the bounds did change, and what it had silenced up to there stays silent.
* Where a rule tells a move, that word stands for what was missed under the new bounds: nothing is caught up with,
  nor of the turns of a recurrence that was moved.
* A turn that was moved by itself tells that as a turn. What a turn did that is gone by the next tick is not told.
* A move of the whole makes a new bounds version of all turns but those that were moved by themselves and stay; a move
  of one turn makes one of that turn only.
* What is closed says so (its moves, too, that were not told yet), and nothing else that was still due. A turn that ends
  with the whole does not say its own moves.
* What is closed and reopened between two ticks was never closed. Else a reopening is told where ends are told, once,
  and only if it still holds; that word stands for the moves since, and for what was missed while it was closed. Where
  ends are not told, the latest that was missed is said, as of what is new, unless it was said before the end. Each turn
  of what was reopened as a whole says what it missed: the word of the whole does not say that.
* A move or an end of the same turn stands for all else that a tick would say of it, and is never merged away itself.
* Where several rules speak to one recipient, what they say of a turn at one tick is merged, too: the latest moment, of
  one instant the kind that the design names first. A moment that was told before still stands for earlier ones.
* What a silenced repeat means is neither said nor merged. An acknowledgement silences the repeats of the stage in which
  it was given; when it ends, one alert goes out at the next firing of each rule that repeats by then.
* While all is snoozed a watch does not look; so what it missed is one word when that ends. A snooze that ends when it
  becomes late ends at the last firing before that.
* Of moments that are one instant, the one with the later firing is the latest, then the kind that the design names
  first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.oracle.crons import Firings, firings
from tests.oracle.data import Acknowledged, AddressedReminder, History, Reopened, Rule, Snoozed
from tests.oracle.moments import Moment, first_overdue, moments
from tests.oracle.resolving import Bounds, InstantEdge, recorded_edge
from tests.oracle.spans import Span
from tests.oracle.turns import Course, Stated, courses

ORDER = ("before", "on_the_day", "opens", "overdue", "review")
YEAR = timedelta(days=366)


def words(history: History) -> list[AddressedReminder]:
    """Return every word of the history, in the order of the ticks."""
    start, end = history.ticks[0], history.ticks[-1]
    found = courses(history, (end + 2 * YEAR).date())
    again: dict[str, list[Reopened]] = {key: [] for key in found}
    for event in history.events:
        if isinstance(event, Reopened):
            again[event.key].append(event)
    said: list[AddressedReminder] = []
    for rule in history.rules:
        fires = firings(rule.cron, rule.zone, start - 12 * YEAR, end + 3 * YEAR)
        for key, course in found.items():
            if rule.matches(course.one):
                said += Watch(rule, course, fires, history, again[key]).words()
    return sorted(said)


@dataclass(frozen=True, slots=True)
class Pause:
    """Repeats of a kind that are silenced, and until when."""

    kind: str
    end: datetime


@dataclass(slots=True)
class Watch:
    """One rule's eye on one commitment. `reopened`: when it, or one of its turns, was opened again."""

    rule: Rule
    course: Course
    fires: Firings
    history: History
    reopened: list[Reopened]

    def words(self) -> Iterator[AddressedReminder]:
        first = self.first()
        if first is None:
            return
        names = {name: None for stated in self.course.stated for name in stated.turns}
        ends = {name: list(self.ends(name, first)) for name in ("", *names)}
        again = {name: {word.tick for word in told if word.kind == "reopened"} for name, told in ends.items()}
        moves = {name: list(self.moves(name, first)) for name in ("", *names)}
        for name, told in moves.items():
            yield from ends[name]
            yield from (move for move in told if move.tick not in again[name])
        whole = {move.tick for move in moves[""]}
        for name in names:
            own = {move.tick for move in moves[name]}
            yield from self.turn(name, whole | own, again[name], own | again[name])

    def tick_from(self, at: datetime) -> datetime | None:
        """Return the first tick at or after an instant."""
        place = bisect_left(self.history.ticks, at)
        return self.history.ticks[place] if place < len(self.history.ticks) else None

    def first(self) -> datetime | None:
        """Return the first tick at which it is open: from then on it is followed."""
        begun = [self.course.one.recorded_at, *(event.at for event in self.reopened if not event.occurrence)]
        ticks = [tick for at in begun if (tick := self.tick_from(at))]
        return next((tick for tick in ticks if self.is_open("", tick)), None)

    def is_open(self, name: str, at: datetime) -> bool:
        """Whether the whole, and the turn if one is named, is open at an instant."""
        return self.course.was_open(at) and not (name and self.course.is_closed(name, at))

    def word(self, tick: datetime, name: str, kind: str, moment: datetime, *, said: bool = True) -> AddressedReminder:
        again = [event.at for event in self.reopened if event.at <= tick and event.occurrence in ("", name)]
        alone = [event.at for event in self.reopened if event.at <= tick and event.occurrence == name]
        since = version_since(self.course.stated, name, tick, again, alone)
        return AddressedReminder(tick, self.course.one.key, name, self.rule.name, kind, moment, said, since)

    def moves(self, name: str, first: datetime) -> Iterator[AddressedReminder]:
        """Yield a word for each move of the whole or of one turn, unless it leads back before anybody looked."""
        moves = [stated for stated in self.course.stated if stated.moved == name]
        for tick in sorted({tick for stated in moves if (tick := self.tick_from(stated.at)) and tick > first}):
            if not self.rule.moved or (not self.course.was_open(tick) and not self.tells_end(name, tick)):
                continue
            since = [stated for stated in moves if self.tick_from(stated.at) == tick]
            before = [stated for stated in self.course.stated if stated.at < since[0].at]
            looked = [stated for stated in before if self.tick_from(stated.at) != tick]
            known = [found for stated in (before[-1], *looked[-1:]) if (found := mark_of(stated, name))]
            now = self.course.stated_at(tick)
            mark = mark_of(now, name) if now else None
            if mark and mark != known[-1]:
                for stated in since:
                    yield self.word(tick, name, "moved", stated.at, said=stated is since[-1])

    def tells_end(self, name: str, tick: datetime) -> bool:
        """Whether something that has ended by a tick says so there: the whole, or a turn that ended by itself."""
        return any(closed and self.tick_from(at) == tick for at, closed in self.spells(name))

    def spells(self, name: str) -> list[tuple[datetime, bool]]:
        """When the whole or one turn was closed (True) or reopened, in order."""
        if not name:
            return self.course.spells
        closed = [(at, True) for one, at in self.course.closed if one == name]
        return sorted([*closed, *((event.at, False) for event in self.reopened if event.occurrence == name)])

    def ends(self, name: str, first: datetime) -> Iterator[AddressedReminder]:
        """Yield a word for each end and reopening that holds at the tick that sees it, and did not hold before."""
        spells = self.spells(name)
        for tick in sorted({tick for at, _ in spells if at > first and (tick := self.tick_from(at))}):
            seen = [(at, closed) for at, closed in spells if self.tick_from(at) == tick]
            at, closed = seen[-1]
            stated = self.course.stated_at(tick)
            there = not name or (stated and name in stated.turns)
            # The first of what was seen tells how it stood before: it was open if it was closed then.
            if self.rule.closed and there and (closed or (not seen[0][1] and self.is_open(name, tick))):
                yield self.word(tick, name, "closed" if closed else "reopened", at)

    def opened_again(self, name: str, tick: datetime) -> datetime | None:
        """Return when a turn, or the whole with it, was last reopened, if that is news at a tick."""
        found = []
        for one in {"", name}:
            seen = [(at, closed) for at, closed in self.spells(one) if self.tick_from(at) == tick]
            found += [seen[-1][0]] if seen and not seen[0][1] and not seen[-1][1] else []
        return max(found, default=None)

    def turn(
        self, name: str, told: set[datetime], again: set[datetime], own: set[datetime]
    ) -> Iterator[AddressedReminder]:
        """Look at one turn at every tick at which it may have something to say; at its `own` a change of it is told."""
        spells = [(stated.at, stated.turns.get(name)) for stated in self.course.stated]
        seen = {spell.bounds.fingerprint: spell.bounds for _, spell in spells if spell and spell.tracked}
        schedules = {mark: self.schedule(bounds) for mark, bounds in seen.items()}
        times = {at for at, _ in spells} | {one.send_at for schedule in schedules.values() for one in schedule}
        times |= {at for one in {"", name} for at, _ in self.spells(one)}
        acks = [one for one in self.course.acknowledged if one.occurrence == name]
        acks = [replace(one, until=at) for one in acks for at in (one.until, *self.taken_back(name))]
        snoozes = [one for one in self.course.snoozed if one.occurrence == name]
        snoozes = [replace(one, until=at) for one in snoozes for at in (one.until, *self.taken_back(name))]
        times |= {self.fires.first_from(pause.end) for one in acks if (pause := self.pause(one))}
        times |= {self.resumes(one, bounds) for one in snoozes for bounds in seen.values()}
        owed: datetime | None = None
        looked = self.course.one.recorded_at
        before: Bounds | None = None
        spoken: tuple[datetime, bool] | None = None
        for tick in sorted({tick for at in times if (tick := self.tick_from(at)) and tick >= looked}):
            stated = self.course.stated_at(tick)
            spell = stated.turns.get(name) if stated else None
            if spell and spell.tracked and self.is_open(name, tick):
                since, bounds = spell.since, spell.bounds
                fresh = before is None or before.fingerprint != bounds.fingerprint
                reopened = self.opened_again(name, tick)
                spoken = None if fresh else spoken
                if reopened:
                    since = max(since, reopened) if fresh else reopened
                ack = self.course.acknowledged_at(name, tick)
                if (fresh or reopened) and ack and ack.ended and ack.ended <= since:
                    ack = None
                pause = self.pause(ack) if ack else None
                heard = [one for one in schedules[bounds.fingerprint] if not self.silenced(one, pause, bounds)]
                if pause and ack and not ack.ended:
                    heard += self.resuming_moment(pause, schedules[bounds.fingerprint])
                anew = fresh or reopened is not None or owed is not None
                since = owed or since
                new = [one for one in heard if (since <= one.send_at if anew else looked < one.send_at)]
                due = [one for one in new if one.send_at <= tick]
                missed = [one for one in heard if one.send_at < since] if anew else []
                if missed and spoken and place(max(missed, key=latest)) <= spoken:
                    missed = []
                if missed and ((fresh and tick in told) or tick in again):
                    spoken, missed = place(max(missed, key=latest)), []
                snooze = self.course.snoozed_at(name, tick)
                if snooze and tick < self.resumes(snooze, bounds):
                    if (fresh and tick in told) or (reopened and tick in again):
                        looked, before, owed = since - timedelta(seconds=1), bounds, None
                    elif reopened and not fresh:
                        owed = since
                    continue
                owed = None
                for one, said in merged(due, missed):
                    yield self.word(tick, name, one.kind, one.at, said=said and tick not in own)
                    spoken = max(spoken or place(one), place(one)) if said else spoken
            looked, before = tick, spell.bounds if spell and spell.tracked else None

    def taken_back(self, name: str) -> list[datetime]:
        return [at for which, at in self.course.taken_back if which == name]

    def pause(self, ack: Acknowledged) -> Pause | None:
        """Return which repeats an acknowledgement silences, and until when: those of its stage."""
        stated = self.course.stated_at(ack.at)
        turn = stated.turns.get(ack.occurrence) if stated else None
        if turn is None:
            return None
        bounds = turn.bounds
        if bounds.latest:
            kind = "overdue" if ack.at >= bounds.latest else None
        else:
            kind = "review" if bounds.first is None or ack.at >= bounds.first.counted else None
        if kind is None:
            return None
        lasts = self.rule.acknowledged_for or Span(days=7 if kind == "overdue" else 30)
        end = ack.until or InstantEdge(ack.at, "UTC").moved(lasts).at
        return Pause(kind, min(end, ack.ended) if ack.ended else end)

    def silenced(self, one: Moment, pause: Pause | None, bounds: Bounds) -> bool:
        """Say whether an acknowledgement keeps a moment quiet; the first of an escalation it never does."""
        if pause is None or one.kind != pause.kind or one.send_at >= pause.end:
            return False
        how = self.rule.overdue
        if one.kind == "overdue" and how and how.after != Span() and bounds.last:
            return one.at != first_overdue(bounds.last, how)
        return True

    def resuming_moment(self, pause: Pause, schedule: list[Moment]) -> list[Moment]:
        """Return the alert at the first firing after a pause, unless a repeat goes out there anyway."""
        repeats = [one for one in schedule if one.kind == pause.kind]
        firing = self.fires.first_from(pause.end)
        if not any(one.at <= pause.end for one in repeats) or any(one.send_at == firing for one in repeats):
            return []
        return [Moment(firing, pause.end, pause.kind)]

    def resumes(self, snooze: Snoozed, bounds: Bounds) -> datetime:
        """Return when a snooze lets go: at the rule's next firing, but before it is late what ends before."""
        until, latest = snooze.until, bounds.latest
        firing = self.fires.first_from(until)
        if latest is None or until > latest:
            return firing
        if until == latest:
            before = self.fires.last_before(until)
            return before if before > snooze.at else until
        return firing if firing < latest else until

    def schedule(self, bounds: Bounds) -> list[Moment]:
        one = self.course.one
        return moments(
            self.rule,
            bounds,
            fires=self.fires,
            until=self.history.ticks[-1],
            calendars=self.course.calendars,
            review_every=one.review_every,
            recorded=recorded_edge(one.recorded_at),
        )


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


def merged(due: list[Moment], missed: list[Moment]) -> Iterator[tuple[Moment, bool]]:
    """Say the latest of what is due and of what was missed with it, and not the others."""
    merging = [*due, max(missed, key=latest)] if missed else due
    last = max(merging, key=latest, default=None)
    yield from ((one, one is last) for one in merging)


def told_once(words: list[AddressedReminder]) -> list[AddressedReminder]:
    """Leave what one recipient is told where all rules speak to it: of one state the latest, and each thing once."""
    at_once: dict[tuple[object, ...], list[AddressedReminder]] = {}
    for word in sorted(words):
        if word.said:
            at_once.setdefault((word.tick, word.commitment, word.occurrence), []).append(word)
    found: dict[tuple[object, ...], AddressedReminder] = {}
    for some in at_once.values():
        changes = [word for word in some if word.kind not in ORDER]
        for word in changes or [max(some, key=lambda word: (word.moment, -ORDER.index(word.kind)))]:
            what = (word.commitment, word.occurrence, word.since, word.kind, word.moment)
            found.setdefault(what, replace(word, rule=""))
    return list(found.values())


def latest(one: Moment) -> tuple[datetime, datetime, int]:
    return one.at, one.send_at, -ORDER.index(one.kind)


def place(one: Moment) -> tuple[datetime, bool]:
    """Where a moment stands among those told: what is late comes after the day itself, where both begin at once."""
    return one.at, one.kind in ("overdue", "review")


def mark_of(stated: Stated, name: str) -> object:
    """Return what must differ for the whole or for one of its turns to have moved; nothing where there is no such."""
    turn = stated.turns.get(name)
    return turn.bounds.fingerprint if name and turn else None if name else stated.fingerprint
