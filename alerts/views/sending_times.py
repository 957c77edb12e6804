"""When an alert that is due goes out, and to whom: silences and office hours may hold it back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from alerts.core.alert_recipients import DueAlert, RecipientsOfAlerts
from alerts.core.owners import OWNER
from alerts.core.reminders import Kind
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen
from alerts.scheduled_rules import ScheduledRule
from alerts.views.recipients import owner_text
from alerts.views.shown_times import shown

if TYPE_CHECKING:
    from alerts.core.forecast import Forecast


def due_alert(
    known: RecipientsOfAlerts,
    scheduled: ScheduledRule,
    about: Tracked,
    at: datetime,
    *,
    channels: Collection[str] | None = None,
    kind: Kind | None = None,
) -> DueAlert:
    """Return an alert of a rule that is due at an instant. `channels`: it goes through these only."""
    targets = known.owners.channels(scheduled.rule.notify, about.commitment)
    notify = tuple(target for target, channel in targets if channels is None or channel in channels)
    return DueAlert(about=about, at=at, notify=notify, last_firing=scheduled.cron.before, kind=kind)


def due_forecast(known: RecipientsOfAlerts, scheduled: ScheduledRule, ahead: Forecast, now: datetime) -> DueAlert:
    """Return a forecast alert as it is due. What is due already goes out at the next tick."""
    at = max(ahead.reminder.send_at, now)
    return due_alert(known, scheduled, ahead.tracked, at, channels=ahead.channels, kind=ahead.reminder.kind)


def goes_out(
    known: RecipientsOfAlerts, rules: Mapping[str, ScheduledRule], now: datetime
) -> Callable[[Forecast], datetime]:
    """Return what gives the time at which a forecast alert goes out to the first who gets it."""

    def goes_out_at(ahead: Forecast) -> datetime:
        due = due_forecast(known, rules[ahead.reminder.rule], ahead, now)
        first = known.first_at(due)
        return first if first > due.at else ahead.reminder.send_at

    return goes_out_at


@frozen(kw_only=True)
class Target:
    """Whom a rule notifies, by name, and when an alert goes out to the first of them."""

    name: str
    at: datetime


@frozen(kw_only=True)
class SendingTimes:
    """When a due alert goes out to the first who gets it (`at`), and what holds it back until then.

    `hours_begin`: it waits for office hours until then.
    """

    at: datetime
    silenced_until: datetime | None
    hours_begin: datetime | None
    targets: tuple[Target, ...]

    @classmethod
    def of(cls, known: RecipientsOfAlerts, due: DueAlert) -> Self:
        """Return when an alert goes out."""
        silenced = known.silenced_until(due)
        claimed_at = silenced or due.at
        targets = tuple(_targets(known, due, claimed_at))
        at = min((one.at for one in targets), default=claimed_at)
        begin = at if at > claimed_at else None
        return cls(at=at, silenced_until=silenced, hours_begin=begin, targets=targets)

    def held_text(self, zone: str) -> str:
        """Return what is added to an alert that is held back; empty for one that is not."""
        silenced = f", silenced until {shown(self.silenced_until, zone)}" if self.silenced_until else ""
        begin = f", waits for office hours until {shown(self.hours_begin, zone)}" if self.hours_begin else ""
        return silenced + begin

    def names(self) -> list[str]:
        """Return whom it goes to."""
        return [one.name for one in self.targets]

    def shown_targets(self, zone: str) -> str:
        """Return whom it goes to, with the time where that is later than to the first."""
        return ", ".join(one.name + f" from {shown(one.at, zone)}" * (one.at > self.at) for one in self.targets)


def _targets(known: RecipientsOfAlerts, due: DueAlert, claimed_at: datetime) -> Iterator[Target]:
    commitment = due.about.commitment
    for target in due.notify:
        found = known.of(replace(due, notify=(target,)))
        at = min((one.at for one in found if not one.why_not), default=claimed_at)
        name = target
        if target == OWNER:
            away = known.absences.absentee(known.absences.people[commitment.owner or ""], claimed_at)
            name = f"{owner_text(known, commitment, claimed_at if away else found[0].at)} ({known.owners.channel})"
        yield Target(name=name, at=at)
