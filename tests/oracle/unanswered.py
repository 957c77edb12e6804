"""What nobody answers: an alert of the present bounds that was sent, and for so long no answer has counted.

Readings of the design where it leaves a choice:

* An alert is sent where its recipient takes what is sent; it is known from the next tick on. A report is no alert.
* A move, also of the whole recurrence, and a reopening begin anew: what was sent before does not count. So does a move
  there and back.
* An acknowledgement answers what was sent before it and what is sent until its pause ends; ahead and while it is due,
  until the next stage begins. A snooze answers what was sent before its end. One that is replaced counts no more.
* The first alert after the last answer waits. Once it has waited for so long, that is reported; then at the start of
  each later stage, and `every` so often until that stage ends. Of several reports that are due the latest goes out.
* A report stands for all else that its rule would send of the same turn at the same tick, but for changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from tests.oracle.data import AddressedReminder
from tests.oracle.moments import opening_of
from tests.oracle.one_recipient import to_one_recipient
from tests.oracle.resolving import Bounds, InstantEdge
from tests.oracle.turn_evaluation import ORDER, ReportedAt, TurnEvaluation
from tests.oracle.watch import Watch
from tests.oracle.zones import start_of_day

ROUNDS = 9
NONE = ReportedAt(moved=set(), reopened=set(), own=set())


def with_reports(
    planned: list[AddressedReminder], watches: Iterable[Watch], *, one_channel: bool
) -> list[AddressedReminder]:
    """Return what is planned with the reports, and without what these stand for."""
    watches = list(watches)
    reaching = {watch.rule.name for watch in watches if watch.rule.reaches}
    asking = [watch for watch in watches if watch.rule.unanswered]
    found = planned
    for _ in range(ROUNDS):
        sent = to_one_recipient(found) if one_channel else [one for one in found if one.sent and one.rule in reaching]
        alerts = defaultdict(list)
        for one in sent:
            if one.kind != "unanswered":
                alerts[one.commitment, one.occurrence].append(one)
        reports = [one for watch in asking for one in of_watch(watch, alerts)]
        again = sorted(replaced(planned, reports, one_channel=one_channel) + reports)
        if again == found:
            return found
        found = again
    raise AssertionError("what is reported changes what is sent, and that what is reported")


def replaced(
    planned: list[AddressedReminder], reports: list[AddressedReminder], *, one_channel: bool
) -> list[AddressedReminder]:
    """Return what is planned, with what a report stands for as merged."""

    def what(one: AddressedReminder) -> tuple[object, ...]:
        return (one.tick, one.commitment, one.occurrence, "" if one_channel else one.rule)

    at = {what(one) for one in reports}
    return [replace(one, sent=one.sent and not (one.kind in ORDER and what(one) in at)) for one in planned]


def of_watch(watch: Watch, alerts: dict[tuple[str, str], list[AddressedReminder]]) -> Iterator[AddressedReminder]:
    """Yield the reports of one rule about one commitment."""
    if watch.first() is None:
        return
    names = {name for stated in watch.course.stated for name in stated.turns}
    for name in sorted(names):
        about = sorted(alerts.get((watch.course.one.key, name), ()))
        if about:
            yield from Reports(TurnEvaluation(watch, name, NONE), about).reports()


@dataclass(slots=True)
class Reports:
    """One turn, and the alerts of it that were sent."""

    turn: TurnEvaluation
    alerts: list[AddressedReminder]

    def reports(self) -> Iterator[AddressedReminder]:
        watch, name = self.turn.watch, self.turn.name
        assert watch.rule.unanswered
        found = {}
        for alert in self.first_of_some():
            ends = self.holds_until(alert)
            stated = watch.course.stated_at(alert.tick)
            turn = stated.turns.get(name) if stated else None
            moments = list(self.moments(turn.bounds, alert.tick, ends)) if turn else []
            ticks = {at: tick for at in moments if (tick := watch.tick_from(watch.fires.first_from(at)))}
            for tick in sorted(set(ticks.values())):
                latest = max(at for at, its in ticks.items() if its <= tick)
                if ticks[latest] == tick and self.waits_at(tick) == alert:
                    found[tick] = watch.reminder(tick, name, "unanswered", latest)
        yield from found.values()

    def first_of_some(self) -> list[AddressedReminder]:
        """Return the alerts that may be the first one after an answer, or of their bounds."""
        course, name = self.turn.watch.course, self.turn.name
        answers = [*course.acknowledged, *course.snoozed]
        times = {one.at for one in answers if one.occurrence == name} | set(self.turned())
        answered = {end for at in times if (end := self.answered_until(at))}
        found = []
        for since in {self.began(one.tick) for one in self.alerts}:
            mine = [one for one in self.alerts if self.began(one.tick) == since]
            found += [next((one for one in mine if at is None or one.tick >= at), None) for at in (None, *answered)]
        return sorted({one for one in found if one})

    def turned(self) -> Iterator[datetime]:
        """Yield when an answer was taken back, or ended."""
        course = self.turn.watch.course
        yield from (at for which, at in (*course.taken_back, *course.ends) if which == self.turn.name)

    def holds_until(self, alert: AddressedReminder) -> datetime:
        """Return when the bounds version of an alert ends, or the turn does; else the last tick."""
        watch, name = self.turn.watch, self.turn.name
        changes = [stated.at for stated in watch.course.stated]
        changes += [at for one in ("", name) for at, _ in watch.closings(one)]
        last = watch.history.ticks[-1]
        for at in sorted(at for at in changes if at > alert.tick):
            tick = watch.tick_from(at)
            if tick is None:
                return last
            stated = watch.course.stated_at(tick)
            gone = not watch.is_open(name, tick) or not stated or name not in stated.turns
            if gone or self.began(tick) != self.began(alert.tick):
                return tick
        return last

    def began(self, tick: datetime) -> datetime:
        """Return when the turn, or the whole, was last moved or reopened by then; else when it was recorded."""
        watch, name = self.turn.watch, self.turn.name
        times = [one.at for one in watch.course.stated if one.moved in ("", name)]
        times += [event.at for event in watch.reopened if event.occurrence in ("", name)]
        return max((at for at in times if at <= tick), default=watch.course.one.recorded_at)

    def waits_at(self, tick: datetime) -> AddressedReminder | None:
        """Return the alert that waits for an answer at a tick."""
        watch, name = self.turn.watch, self.turn.name
        stated = watch.course.stated_at(tick)
        turn = stated.turns.get(name) if stated else None
        if not turn or not turn.tracked or not watch.is_open(name, tick) or self.turn.is_snoozed(tick, turn.bounds):
            return None
        since, answered = self.began(tick), self.answered_until(tick)
        mine = [one for one in self.alerts if since <= one.tick < tick]
        return min((one for one in mine if answered is None or one.tick >= answered), default=None)

    def answered_until(self, tick: datetime) -> datetime | None:
        course, name = self.turn.watch.course, self.turn.name
        ack, snooze = course.acknowledged_at(name, tick), course.snoozed_at(name, tick)
        ends = [snooze.until] if snooze else []
        if ack and (pause := self.turn.pause(ack)):
            ends.append(pause.end)
        elif ack:
            stated = course.stated_at(ack.at)
            turn = stated.turns.get(name) if stated else None
            coming = [at for at in stages(turn.bounds) if at > ack.at] if turn else []
            ends.append(min([*coming[:1], *([ack.until] if ack.until else []), *([ack.ended] if ack.ended else [])]))
        return max(ends, default=None)

    def moments(self, bounds: Bounds, alerted: datetime, until: datetime) -> Iterator[datetime]:
        assert self.turn.watch.rule.unanswered
        after, every = self.turn.watch.rule.unanswered
        waited = InstantEdge(alerted, "UTC").moved(after).at
        starts = stages(bounds)
        for begins, ends in zip([None, *starts], [*starts, until], strict=True):
            first = max(waited, begins) if begins else waited
            for number in count():
                at = InstantEdge(first, "UTC").moved(every.times(number)).at if every and number else first
                if at >= ends or at > until or (number and not every):
                    break
                yield at


def stages(bounds: Bounds) -> list[datetime]:
    """Return when each stage after the first begins."""
    begins, anchor = opening_of(bounds), bounds.anchor or bounds.stands
    if begins is None and anchor:
        begins = start_of_day(anchor.day, anchor.zone)
    return sorted({at for at in (begins, bounds.latest) if at and not (bounds.latest and at > bounds.latest)})
