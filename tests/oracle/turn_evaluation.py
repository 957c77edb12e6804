"""The reminders of one turn at each tick: what is due, what was missed, and what answers silence."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.oracle.data import Acknowledged, AddressedReminder, Snoozed
from tests.oracle.moments import Moment, first_overdue, moments
from tests.oracle.resolving import Bounds, InstantEdge, recorded_edge
from tests.oracle.spans import Span
from tests.oracle.turns import Turn
from tests.oracle.watch import Watch

ORDER = ("before", "on_the_day", "opens", "overdue", "review")
Schedule = list[Moment]  # by `send_at`


@dataclass(frozen=True, slots=True)
class Pause:
    """Repeats of a kind that are silenced, and until when. `resumes`: an alert goes out when it ends."""

    kind: str
    end: datetime
    resumes: bool


@dataclass(frozen=True, slots=True)
class ReportedAt:
    """The ticks at which a change of a turn is reported: a move, of the whole too; a reopening; one of its `own`."""

    moved: set[datetime]
    reopened: set[datetime]
    own: set[datetime]


@dataclass(slots=True)
class Before:
    """What the ticks so far have left: the last evaluation, and the bounds that the turn had then.

    `owed`: from when on a snooze has held alerts back. `sent`: the place of the latest moment that was sent.
    """

    at: datetime
    bounds: Bounds | None = None
    owed: datetime | None = None
    sent: tuple[datetime, bool] | None = None


@dataclass(slots=True)
class TurnEvaluation:
    """One turn of what a watch watches."""

    watch: Watch
    name: str
    reported: ReportedAt

    def reminders(self) -> Iterator[AddressedReminder]:
        """Evaluate the turn at each tick at which something may be due."""
        course = self.watch.course
        seen = {turn.bounds.scheduled_by: turn.bounds for turn in self.turns() if turn and turn.tracked}
        schedules = {by: self.schedule(bounds, self.holds_until(by)) for by, bounds in seen.items()}
        before = Before(course.one.recorded_at)
        for tick in self.ticks(seen.values(), schedules):
            stated = course.stated_at(tick)
            turn = stated.turns.get(self.name) if stated else None
            if turn and not turn.tracked:
                turn = None
            if turn and self.watch.is_open(self.name, tick):
                yield from self.evaluate(tick, turn, schedules[turn.bounds.scheduled_by], before)
            else:
                if turn and (before.bounds is None or before.bounds.fingerprint != turn.bounds.fingerprint):
                    schedule = schedules[turn.bounds.scheduled_by]
                    before.sent = self.replaced_by_move(tick, turn, schedule) or self.before_closing(turn, schedule)
                before.at, before.bounds, before.owed = tick, turn.bounds if turn else None, None

    def replaced_by_move(self, tick: datetime, turn: Turn, schedule: Schedule) -> tuple[datetime, bool] | None:
        """Return the place of what was missed under new bounds, where the alert of a move that came with an end
        stands for it: a reopening does not make up for that."""
        if tick not in self.reported.moved:
            return None
        known = self.not_silenced(schedule, None, tick, self.pause_at(tick, turn.since), turn.bounds)
        missed = [one for one in known if one.send_at < turn.since]
        return place(max(missed, key=latest)) if missed else None

    def before_closing(self, turn: Turn, schedule: Schedule) -> tuple[datetime, bool] | None:
        """Return the place of what lies before the closing from which a turn counts: that was never missed."""
        gone = [one for one in schedule if one.send_at < turn.since] if turn.follows_closing else []
        return place(max(gone, key=latest)) if gone else None

    def turns(self) -> list[Turn | None]:
        """Return the turn under each statement; None where there is no such turn."""
        return [stated.turns.get(self.name) for stated in self.watch.course.stated]

    def ticks(self, seen: Iterable[Bounds], schedules: Mapping[object, Schedule]) -> list[datetime]:
        """Return the ticks at which something changes, goes out, or resumes."""
        course, name = self.watch.course, self.name
        times = {stated.at for stated in course.stated}
        times |= {one.send_at for schedule in schedules.values() for one in schedule}
        times |= {at for one in {"", name} for at, _ in self.watch.closings(one)}
        taken_back = [at for which, at in course.taken_back if which == name]
        for ack in course.acknowledged:
            for until in (ack.until, *taken_back) if ack.occurrence == name else ():
                if pause := self.pause(replace(ack, until=until)):
                    times.add(self.watch.fires.first_from(pause.end))
        for snooze in course.snoozed:
            for until in (snooze.until, *taken_back) if snooze.occurrence == name else ():
                times |= {self.resumes(replace(snooze, until=until), bounds) for bounds in seen}
        found = {tick for at in times if (tick := self.watch.tick_from(at))}
        return sorted(tick for tick in found if tick >= course.one.recorded_at)

    def evaluate(self, tick: datetime, turn: Turn, schedule: Schedule, before: Before) -> Iterator[AddressedReminder]:
        """Evaluate the open turn at one tick, and note in `before` what the next one must know."""
        bounds, since = turn.bounds, turn.since
        fresh = before.bounds is None or before.bounds.fingerprint != bounds.fingerprint
        fresh = fresh or (turn.follows_closing and turn.since > before.at)  # taken back, and there again
        reopened = self.watch.reopened_at(self.name, tick)
        before.sent = self.before_closing(turn, schedule) if fresh else before.sent
        if reopened:
            since = max(since, reopened) if fresh else reopened
        if before.bounds is None:
            since = max(since, self.acknowledgement_ended(tick) or since)
        pause = self.pause_at(tick, since if fresh or reopened else None)
        anew = fresh or reopened is not None or before.owed is not None
        since = since if fresh else before.owed or since  # what was owed under other bounds is missed
        after = max(before.at, self.stands_since(tick, bounds, before.bounds) or before.at)
        known = self.not_silenced(schedule, None if anew else after, tick, pause, bounds)
        due = [one for one in known if one.send_at >= since] if anew else known
        missed = [one for one in known if one.send_at < since] if anew else []
        if missed and before.sent and place(max(missed, key=latest)) <= before.sent:
            missed = []
        explained = (fresh and tick in self.reported.moved) or tick in self.reported.reopened
        if missed and explained:
            before.sent, missed = place(max(missed, key=latest)), []
        if self.is_snoozed(tick, bounds):
            if explained:
                before.at, before.bounds, before.owed = since - timedelta(seconds=1), bounds, None
            elif reopened and not fresh:
                before.owed = since
            return
        for one, sent in merged(due, missed):
            yield self.watch.reminder(tick, self.name, one.kind, one.at, sent=sent and tick not in self.reported.own)
            before.sent = max(before.sent or place(one), place(one)) if sent else before.sent
        before.at, before.bounds, before.owed = tick, bounds, None

    def stands_since(self, tick: datetime, bounds: Bounds, before: Bounds | None) -> datetime | None:
        """Return when the whole was stated so that the turn stands elsewhere, less a second: nothing was due there."""
        if before is None or before.stands == bounds.stands:
            return None
        stated = [one for one in self.watch.course.stated if one.at <= tick]
        first = stated[-1]
        for one in reversed(stated):
            turn = one.turns.get(self.name)
            if turn is None or turn.bounds.scheduled_by != bounds.scheduled_by:
                break
            first = one
        return None if first.moved else first.at - timedelta(seconds=1)

    def not_silenced(
        self, schedule: Schedule, after: datetime | None, until: datetime, pause: Pause | None, bounds: Bounds
    ) -> list[Moment]:
        """Return the moments that go out after an instant (None: any) and up to another, less the silenced ones."""
        start = bisect_right(schedule, after, key=send_at) if after else 0
        found = schedule[start : bisect_right(schedule, until, key=send_at)]
        if pause:
            found = [one for one in found if not self.is_silenced(one, pause, bounds)]
            resuming = self.resuming_moment(pause, schedule) if pause.resumes else []
            found += [one for one in resuming if (after is None or after < one.send_at) and one.send_at <= until]
        return found

    def pause_at(self, tick: datetime, changed: datetime | None) -> Pause | None:
        """Return what an acknowledgement silences at a tick, unless it ended with what `changed`."""
        ack = self.watch.course.acknowledged_at(self.name, tick)
        if ack is None or (changed and ack.ended and ack.ended <= changed):
            return None
        return self.pause(ack)

    def acknowledgement_ended(self, tick: datetime) -> datetime | None:
        """Return when a move or a reopening ended the acknowledgement of the turn, if one had by a tick."""
        ack = self.watch.course.acknowledged_at(self.name, tick)
        return ack.ended if ack else None

    def is_snoozed(self, tick: datetime, bounds: Bounds) -> bool:
        snooze = self.watch.course.snoozed_at(self.name, tick)
        return snooze is not None and tick < self.resumes(snooze, bounds)

    def pause(self, ack: Acknowledged) -> Pause | None:
        """Return which repeats an acknowledgement silences, and until when: those of its stage."""
        stated = self.watch.course.stated_at(ack.at)
        turn = stated.turns.get(ack.occurrence) if stated else None
        if turn is None:
            return None
        bounds = turn.bounds
        if bounds.latest:
            kind = "overdue" if ack.at >= bounds.latest else None
        else:
            begins = bounds.first or bounds.stands
            kind = "review" if begins is None or ack.at >= begins.counted else None
        if kind is None:
            return None
        lasts = self.watch.rule.acknowledged_for or Span(days=7 if kind == "overdue" else 30)
        end = ack.until or InstantEdge(ack.at, "UTC").moved(lasts).at
        return Pause(kind, min(end, ack.ended) if ack.ended else end, resumes=ack.ended is None)

    def is_silenced(self, one: Moment, pause: Pause, bounds: Bounds) -> bool:
        """Whether an acknowledgement silences a moment; the first of an escalation it never does."""
        if one.kind != pause.kind or one.send_at >= pause.end:
            return False
        how = self.watch.rule.overdue
        if one.kind == "overdue" and how and how.after != Span() and bounds.last:
            return one.at != first_overdue(bounds.last, how)
        return True

    def resuming_moment(self, pause: Pause, schedule: list[Moment]) -> list[Moment]:
        """Return the alert at the first firing after a pause, unless a repeat goes out there anyway."""
        repeats = [one for one in schedule if one.kind == pause.kind]
        firing = self.watch.fires.first_from(pause.end)
        if not any(one.at <= pause.end for one in repeats) or any(one.send_at == firing for one in repeats):
            return []
        return [Moment(firing, pause.end, pause.kind)]

    def resumes(self, snooze: Snoozed, bounds: Bounds) -> datetime:
        """Return when alerts resume after a snooze: at the next firing, but not late if the snooze ends in time."""
        until, latest = snooze.until, bounds.latest
        firing = self.watch.fires.first_from(until)
        if latest is None or until > latest:
            return firing
        if until == latest:
            before = self.watch.fires.last_before(until)
            return before if before > snooze.at else until
        return firing if firing < latest else until

    def holds_until(self, scheduled_by: object) -> datetime:
        """Return when bounds are replaced for good, or the turn is closed for good; else the last tick."""
        course, end = self.watch.course, self.watch.history.ticks[-1]
        held = [turn is not None and turn.bounds.scheduled_by == scheduled_by for turn in self.turns()]
        last = max(n for n, holds in enumerate(held) if holds)
        ends = [end, *(stated.at for stated in course.stated[last + 1 : last + 2])]
        if not course.was_open(end):
            ends.append(max(at for at, closed in course.spells if closed))
        if course.is_closed(self.name, end):
            ends.append(max(at for name, at in course.closed if name == self.name))
        return min(ends)

    def schedule(self, bounds: Bounds, until: datetime) -> Schedule:
        one = self.watch.course.one
        return moments(
            self.watch.rule,
            bounds,
            fires=self.watch.fires,
            until=until,
            calendars=self.watch.course.calendars,
            review_every=one.review_every,
            recorded=recorded_edge(one.recorded_at),
        )


def merged(due: list[Moment], missed: list[Moment]) -> Iterator[tuple[Moment, bool]]:
    """Yield what is due and the latest that was missed; only the latest of all is sent (True)."""
    merging = [*due, max(missed, key=latest)] if missed else due
    last = max(merging, key=latest, default=None)
    yield from ((one, one is last) for one in merging)


def latest(one: Moment) -> tuple[datetime, datetime, int]:
    """Return what puts moments in order; of one instant the later firing comes last, then the kind named first."""
    return one.at, one.send_at, -ORDER.index(one.kind)


def place(one: Moment) -> tuple[datetime, bool]:
    """Return where a moment stands among those sent; overdue comes after the day itself, where both begin at once."""
    return one.at, one.kind in ("overdue", "review")


def send_at(one: Moment) -> datetime:
    return one.send_at
