"""The alerts and summaries to come if nothing changes: when, about what, and to whom."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from alerts.channels import takes_one_at_a_time
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.alert_wording import describe_alert
from alerts.core.forecast import Forecast
from alerts.core.owners import OWNER
from alerts.core.reminders import Reminder
from alerts.core.schedule.moments import ONE_SECOND
from alerts.core.tracked import Tracked
from alerts.forecasting import SummaryForecast, forecast, forecast_new, stored_watches_hold, summaries
from alerts.views.recipients import everybody
from alerts.views.sending_times import SendingTimes, due_forecast
from alerts.views.shown_times import shown
from alerts.views.surroundings import Reading

STEPS = (1, 4, 15, 45, 0)  # days, and then all: what repeats daily has many alerts long before the last


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAlert:
    """An alert to come, or a summary: that has no `reminder`. `text`: what it says; `whom`: to whom it goes."""

    at: datetime
    reminder: Reminder | None
    rule: str
    channels: tuple[str, ...]
    to: tuple[str, ...]
    silenced_until: datetime | None
    hours_begin: datetime | None
    text: str
    whom: str


def planned_alerts(
    reading: Reading, first: datetime, end: datetime, *, only: Collection[int] | None = None
) -> list[PlannedAlert]:
    """Return what goes out between two instants, of all that is tracked or `only` of some, the soonest first."""
    reminders = forecast(reading.store, reading.rules, first, end, owners=reading.owners, only=only)
    # No secret is needed to know which channels take one reminder at a time.
    one_at_a_time = {entry.name for entry in reading.settings.channels if takes_one_at_a_time(entry.kind)}
    sums = summaries(reading.store, reading.rules, first, end, reading.owners, one_at_a_time=one_at_a_time)
    known = everybody(reading, first)
    found = [_alert(reading, one, first, known) for one in reminders]
    return sorted([*found, *(_summary(reading, one, known) for one in sums)], key=lambda one: one.at)


def first_planned(reading: Reading, first: datetime, end: datetime, most: int) -> tuple[Sequence[PlannedAlert], bool]:
    """Return what goes out first between two instants, as many as `most`, and whether that is all.

    Of many it evaluates the watches that are due next, and of what has changed since the last tick as many.
    """
    if not stored_watches_hold(reading.store, reading.rules):
        found = planned_alerts(reading, first, end)
        return found[:most], len(found) <= most
    looked_at, found, is_whole = most, list[PlannedAlert](), False
    while len(found) < most and not is_whole:  # some watches wake for nothing
        found, is_whole = _from_next_watches(reading, first, end, most, looked_at)
        looked_at *= 4
    return found[:most], is_whole and len(found) <= most


def _from_next_watches(
    reading: Reading, first: datetime, end: datetime, most: int, looked_at: int
) -> tuple[list[PlannedAlert], bool]:
    """Return what goes out first by so many watches, more than `most` where there are, and whether that is all."""
    watches = reading.store.watches
    due, changed = watches.next_due(end, looked_at + 1), sorted(watches.changed())
    cut = due[looked_at] if len(due) > looked_at else (end, 0)
    last = min(end, cut[0] + ONE_SECOND)
    for days in STEPS:
        until = min(last, first + timedelta(days=days)) if days else last
        ids = {number for at, number in due[:looked_at] if at < until}.union(changed[:looked_at])
        found = [one for one in planned_alerts(reading, first, until, only=ids) if _place(one) < cut]
        if len(found) > most or until == last:
            break
    return found, until == end and len(changed) <= looked_at and len(due) <= looked_at


def _place(alert: PlannedAlert) -> tuple[datetime, int]:
    return alert.at, alert.reminder.commitment_id if alert.reminder else sys.maxsize  # summaries come last


def alerts_of_new(reading: Reading, tracked: Tracked, now: datetime, most: int) -> list[PlannedAlert]:
    """Return the first alerts about a commitment that is not recorded yet, as many as `most`."""
    known = everybody(reading, now)
    coming = forecast_new(reading.store, reading.rules, now, tracked, reading.owners)
    return [_alert(reading, one, now, known) for one in islice(coming, most)]


def _alert(reading: Reading, ahead: Forecast, first: datetime, known: RecipientsOfAlerts) -> PlannedAlert:
    reminder, tracked, zone = ahead.reminder, ahead.tracked, reading.zone
    times = SendingTimes.of(known, due_forecast(known, reading.rules[reminder.rule], ahead, first))
    text = describe_alert(tracked.commitment, reminder.kind, reminder.offset, tracked.bounds, at=times.at, zone=zone)
    late = reminder.catching_up and reminder.kind != "overdue"
    return PlannedAlert(
        at=reminder.send_at,
        reminder=reminder,
        rule=reminder.rule,
        channels=ahead.channels,
        to=tuple(times.names()),
        silenced_until=times.silenced_until,
        hours_begin=times.hours_begin,
        text=text + ", early" * reminder.early + ", late" * late + times.held_text(zone),
        whom=times.shown_targets(zone),
    )


def _summary(reading: Reading, summary: SummaryForecast, known: RecipientsOfAlerts) -> PlannedAlert:
    rule, owner_channel = reading.rules[summary.rule].rule, known.owners.channel
    notify = [one for one in rule.notify if (owner_channel if one == OWNER else one) in summary.channels]
    first = known.summary_at(summary.at, notify, summary.owners)
    begin = first if first > summary.at else None
    return PlannedAlert(
        at=summary.at,
        reminder=None,
        rule=summary.rule,
        channels=summary.channels,
        to=summary.channels,
        silenced_until=None,
        hours_begin=begin,
        text="summary" + (f", waits for office hours until {shown(begin, reading.zone)}" if begin else ""),
        whom=", ".join(_readers_of(summary, notify, known)),
    )


def _readers_of(summary: SummaryForecast, notify: Sequence[str], known: RecipientsOfAlerts) -> Iterator[str]:
    """Yield to whom a summary goes: a channel, or each owner through theirs."""
    for name in notify:
        if name != OWNER:
            yield name
        elif any(key in known.owners.people for key in summary.owners):
            yield f"each owner ({known.owners.channel})"
