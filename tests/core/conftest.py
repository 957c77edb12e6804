"""A watch followed over days: what the store does with a commitment, on values only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.core.commitments import Commitment
from alerts.core.forecast import forecast_reminders
from alerts.core.reminders import Reminder
from alerts.core.rules import Overdue, Remind, Rule
from alerts.core.schedule.evaluation import evaluate
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Acknowledgement, Revision, SentAlert, Snooze, Tracked
from alerts.cron import Cron
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice

NEW_YORK = "America/New_York"
WEEKDAYS = "0 9 * * mon-fri"
DESK = Remind(
    before=("P30D", "P7D", "P1D"),
    on_the_day=True,
    opens=True,
    overdue=Overdue(every="P1D", at_most=3, then="P7D"),
    moved=True,
    review="P14D",
    closed=True,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def bounds_of(deadline: str, zone: str | None = NEW_YORK) -> Bounds:
    return resolve(parse(deadline), ZoneChoice(zone), {})


def line(word: Reminder) -> str:
    """`before P7D Mon 3 Nov 14:00`, with what is special about it."""
    parts = [word.kind, word.offset, f"{word.send_at:%a} {word.send_at.day} {word.send_at:%b %H:%M}"]
    parts += ["early" if word.early else None, "catching up" if word.catching_up else None]
    return " ".join(part for part in parts if part)


class Followed:
    """One commitment under one rule, with all that was said and skipped."""

    def __init__(self, deadline: str, remind: Remind, loaded: str, cron: str, zone: str | None, **stated: Any) -> None:
        self.zone, self.reminders, self.skipped = zone, list[Reminder](), list[Reminder]()
        self.use(Rule(name="truce-desk", cron=cron, timezone=NEW_YORK, remind=remind, notify=("desk-mail",)))
        promise = Commitment(key="truce-review", title="Truce", deadline=deadline, **stated)
        bounds, since = bounds_of(deadline, zone), at(loaded)
        self.tracked = Tracked(id=1, commitment=promise, bounds=bounds, bounds_version=1, recorded_at=since)
        self.watch = Watch(rule=self.rule.name, commitment_id=1, since=since, next_at=since, revision=1)

    def use(self, rule: Rule) -> None:
        self.rule, self.cron = rule, Cron(rule.cron, rule.timezone)

    def tick(self, now: datetime | str) -> list[str]:
        """Look if the watch is due, and return what is said."""
        now = at(now) if isinstance(now, str) else now
        if self.watch.next_at is None or self.watch.next_at > now:
            return []
        looked = evaluate(self.rule, self.tracked, self.watch, now, self.cron)
        self.watch = looked.watch
        self.reminders += looked.reminders
        self.skipped += looked.skipped
        return [line(word) for word in looked.reminders]

    def until(self, end: str) -> list[str]:
        """Tick at each instant at which there is something to say."""
        said: list[str] = []
        while self.watch.next_at is not None and self.watch.next_at < at(end):
            said += self.tick(self.watch.next_at)
        return said

    def ticks(self, moments: Iterable[datetime]) -> Followed:
        for now in moments:
            self.tick(now)
        return self

    def every(self, step: timedelta, start: str, end: str) -> Followed:
        count = (at(end) - at(start)) // step
        return self.ticks(at(start) + step * number for number in range(count + 1))

    def foretold(self, end: str) -> list[Reminder]:
        name = self.rule.name
        found = forecast_reminders([(self.watch, self.tracked)], {name: self.rule}, {name: self.cron}, at(end))
        return [word.reminder for word in found]

    def move(self, deadline: str, now: str) -> None:
        was, bounds = self.tracked, bounds_of(deadline, self.zone)
        promise = replace(was.commitment, deadline=deadline)
        version = was.bounds_version + 1
        self._revise("moved", now, bounds_version=version, before=was.bounds, after=bounds)
        self.tracked = replace(
            self.tracked, commitment=promise, bounds=bounds, bounds_version=version, stated_at=at(now), sent_alerts=()
        )
        self._end_acknowledgement(now)
        if (snoozed := self.tracked.snoozed) and snoozed.until > at(now):
            self.tracked = replace(self.tracked, snoozed=replace(snoozed, until=at(now)))

    def close(self, now: str) -> None:
        self.tracked = replace(self.tracked, commitment=replace(self.tracked.commitment, status="fulfilled"))
        self._revise("closed", now)

    def reopen(self, now: str) -> None:
        """Open it again, which ends an acknowledgement."""
        self.tracked = replace(self.tracked, commitment=replace(self.tracked.commitment, status="open"))
        version = self.tracked.bounds_version + 1
        self.tracked = replace(self.tracked, bounds_version=version, sent_alerts=())
        self._revise("reopened", now)
        self._end_acknowledgement(now)

    def acknowledge(self, now: str, until: str | None = None) -> None:
        seen = Acknowledgement(by="ana", at=at(now), until=at(until) if until else None)
        self.tracked = replace(self.tracked, acknowledged=seen)
        self._revise("acknowledged", now)

    def snooze(self, now: str, until: str) -> None:
        self.tracked = replace(self.tracked, snoozed=Snooze(by="ana", at=at(now), until=at(until)))
        self._revise("snoozed", now)

    def sent(self, *times: str) -> None:
        """Note that alerts were sent at these times, under whatever rule, and wake the watch."""
        alerts = tuple(SentAlert(occurrence="", at=at(now)) for now in times)
        self.tracked = replace(self.tracked, sent_alerts=(*self.tracked.sent_alerts, *alerts))
        self.watch = replace(self.watch, next_at=at(times[0]))

    def take_back(self, now: str) -> None:
        seen, snoozed = self.tracked.acknowledged, self.tracked.snoozed
        self.tracked = replace(
            self.tracked,
            acknowledged=seen and replace(seen, until=at(now)),
            snoozed=snoozed and replace(snoozed, until=min(at(now), snoozed.until)),
        )
        self._revise("unacknowledged", now)

    def change_rule(self, now: str, cron: str | None = None, **remind: Any) -> None:
        self.use(replace(self.rule, cron=cron or self.rule.cron, remind=replace(self.rule.remind, **remind)))
        self.watch = replace(self.watch, since=at(now), next_at=at(now), changed=True)

    def _end_acknowledgement(self, now: str) -> None:
        if (seen := self.tracked.acknowledged) and (seen.ended is None or seen.ended > at(now)):
            self.tracked = replace(self.tracked, acknowledged=replace(seen, ended=at(now)))

    def _revise(self, what: Any, now: str, **more: Any) -> None:
        number = self.tracked.revision + 1
        more = {"bounds_version": self.tracked.bounds_version} | more
        revision = Revision(number=number, what=what, recorded_at=at(now), recorded_by="ana", **more)
        changes = (*self.tracked.changes, revision)
        self.tracked = replace(self.tracked, revision=number, changes=changes)
        self.watch = replace(self.watch, next_at=at(now))


Follow = Callable[..., Followed]


@pytest.fixture(scope="session")
def follow() -> Follow:
    """Track a deadline from `loaded` on; keywords change the desk's reminders."""

    def make(
        deadline: str,
        loaded: str = "2025-10-28T16:00Z",
        *,
        cron: str = WEEKDAYS,
        zone: str | None = NEW_YORK,
        review_every: str | None = None,
        desk: Remind = DESK,
        **remind: Any,
    ) -> Followed:
        return Followed(deadline, replace(desk, **remind), loaded, cron, zone, review_every=review_every)

    return make
