"""The answers to a commitment as templates see them, and who has not answered."""

from __future__ import annotations

from datetime import datetime

from alerts.core.awaited_answers import SentTo
from alerts.core.notifications import ReminderContext
from alerts.core.schedule.answers import KIND_PAUSED_AT, acknowledged_stage, own_snoozes_now, snoozed_now
from alerts.core.tracked import Tracked
from alerts.rendering.fact_parts import AcknowledgedFacts, SentFacts, SilenceFacts, SnoozedFacts
from alerts.rendering.template_filters import line


def acknowledged(context: ReminderContext) -> AcknowledgedFacts | None:
    """Return the acknowledgement that counts."""
    acknowledgement, stage = context.tracked.current_acknowledgement, acknowledged_stage(context.tracked)
    if acknowledgement is None or stage is None:
        return None
    until = context.pause_ends or (acknowledgement.until if stage in KIND_PAUSED_AT else None)
    return AcknowledgedFacts(by=line(acknowledgement.by) or "somebody", at=acknowledgement.at, until=until, stage=stage)


def snoozed(tracked: Tracked, now: datetime) -> SnoozedFacts | None:
    """Return the snooze for everybody."""
    snooze = snoozed_now(tracked, now)
    return SnoozedFacts(by=line(snooze.by) or "somebody", until=snooze.until) if snooze else None


def own_snoozes(context: ReminderContext, now: datetime) -> tuple[SnoozedFacts, ...]:
    """Return the snoozes for one recipient alone."""
    return tuple(
        SnoozedFacts(by=line(one.by) or "somebody", until=one.until, whom=line(one.name or one.recipient) or "somebody")
        for one in own_snoozes_now(context.snoozes, context.tracked, now)
    )


def sent(one: SentTo) -> SentFacts:
    """Return to whom an alert was sent."""
    to, channel = line(one.name or one.recipient), line(one.channel) or "?"
    return SentFacts(to=to, channel=channel, at=one.alert.at, bounced=line(one.bounced))


def silence(context: ReminderContext, now: datetime) -> SilenceFacts | None:
    """Return the silence that has held a reminder back, or that still lasts: of several, the one that ends last."""
    one = max((one for one in context.silences if one.since <= now), key=lambda one: one.ends, default=None)
    if one is None:
        return None
    reason, by = line(one.reason) or "no reason given", line(one.by) or "somebody"
    return SilenceFacts(until=one.ends, reason=reason, by=by, lasts=now < one.ends)
