"""The next message of a rule, as `alerts preview` and the page of rules show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from alerts.channels import Channel
from alerts.core.forecast import Forecast
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import Rule
from alerts.core.summaries import Scope
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.forecasting import forecast
from alerts.views.surroundings import Reading
from alerts.views.unreached import without_known_owner


class Previewed(Reading, Protocol):
    """What previews are made from."""

    def channel(self, name: str) -> Channel:
        """Return one channel. Raises InputError."""


def next_message(
    reading: Previewed, rule: str, key: str | None, channel: str | None, now: datetime
) -> tuple[Channel, Notification]:
    """Return the next reminder of a rule about a commitment, or its next summary. Raises InputError for neither."""
    if rule not in reading.rules:
        raise InputError(f"no rule is named {rule!r}{did_you_mean(rule, reading.rules)}")
    if key is None:
        return _summary(reading, rule, channel, now)
    return _reminder(reading, rule, key, channel, now)


def _reminder(
    reading: Previewed, rule: str, key: str, channel: str | None, now: datetime
) -> tuple[Channel, Notification]:
    """Return the next reminder of a rule about a commitment. Raises InputError where there is none."""
    if not reading.rules[rule].rule.sends_alerts:
        raise InputError(f"rule {rule} sends only summaries: leave out the key, as in `alerts preview {rule}`")
    item = reading.store.commitments.find(key)
    if not reading.rules[rule].rule.matches(item.commitment):
        raise InputError(f"rule {rule} does not match {key}: see `match:` of the rule")
    owners = reading.owners
    mine: list[Forecast] = []
    for days in (366, 3660):  # most have two alerts within a year, and ten years take ten times as long
        coming = forecast(reading.store, reading.rules, now, now + timedelta(days=days), owners=owners, only=[item.id])
        mine = [one for one in coming if one.reminder.rule == rule]
        if len(mine) > 1:
            break
    if not mine:
        unreached = [f"{key}: {text}" for text, alone in without_known_owner(reading, item.commitment) if alone]
        raise InputError(unreached[0] if unreached else f"rule {rule} has no reminders of {key} in the next ten years")
    first = mine[0]
    through = reading.channel(channel or first.channels[0])
    parties, sources = reading.store.ledger.parties(), reading.store.ledger.sources()
    commitment = item.commitment
    context = ReminderContext(
        reminder=first.reminder,
        tracked=item.at(first.reminder.occurrence),
        by=tuple(parties[one] for one in commitment.by),
        to=tuple(parties[one] for one in commitment.to),
        source=sources.get(commitment.source.key) if commitment.source else None,
        earlier_sources=tuple(sources.get(one.key) for one in commitment.earlier_sources),
        owner=owners.people.get(commitment.owner) if commitment.owner else None,
        next_alert_at=mine[1].reminder.send_at if len(mine) > 1 else None,
    )
    when = max(now, first.reminder.send_at)
    notification = notification_of(reading.zone, through, [context], when)
    reader = owners.of(commitment)
    if reader and _only_owner(reading.rules[rule].rule, through.name, owners):
        notification = replace(notification, recipient=reader.email, zone=reader.timezone or notification.zone)
    return through, notification


def _summary(reading: Previewed, rule: str, channel: str | None, now: datetime) -> tuple[Channel, Notification]:
    """Return the next summary of a rule. Raises InputError where it has none."""
    scheduled = reading.rules[rule]
    firing = scheduled.cron.at_or_after(now) if scheduled.rule.summary else None
    if firing is None:
        raise InputError(f"rule {rule} has no summary: name a commitment, as in `alerts preview {rule} KEY`")
    first = next((name for name in scheduled.rule.notify if name != OWNER), reading.settings.owners_channel)
    through = reading.channel(channel or first or "")
    summary, contexts = reading.store.summaries.gather(Scope(rule=scheduled.rule, firing=firing), firing)
    return through, replace(notification_of(reading.zone, through, list(contexts), firing), summary=summary)


def _only_owner(rule: Rule, channel: str, owners: Owners) -> bool:
    """Return whether a channel gets alerts of a rule for owners only."""
    return OWNER in rule.notify and channel == owners.channel and channel not in rule.notify


def notification_of(zone: str, channel: Channel | None, contexts: list[ReminderContext], now: datetime) -> Notification:
    """Return a notification of some reminders to the first recipient of a channel."""
    return Notification(
        id=uuid4(),
        channel=channel.name if channel else "sample",
        recipient=channel.recipients[0] if channel else "",
        zone=(channel and channel.timezone) or zone,
        contexts=tuple(contexts),
        now=now,
        reply_to=getattr(channel, "reply_to", None),
    )
