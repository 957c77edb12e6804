"""Whom the alerts of a rule about a commitment reach, by name."""

from __future__ import annotations

from datetime import datetime

from alerts.core.absences import Absences
from alerts.core.alert_recipients import RecipientsOfAlerts
from alerts.core.commitments import Commitment
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import Rule
from alerts.views.channel_readers import channel_readers, hours_of_channels, states_hours
from alerts.views.silenced_alerts import lasting_silences
from alerts.views.surroundings import Reading


def everybody(reading: Reading, now: datetime, owners: Owners | None = None) -> RecipientsOfAlerts:
    """Return what names recipients, and what holds alerts back from `now` on.

    No channel is built, so no secret is needed.
    """
    owners, settings = owners or reading.owners, reading.settings
    readers = channel_readers(settings) if states_hours(settings) else {}  # else nobody asks whom a channel reaches
    absences = Absences(people=owners.people, recorded=reading.store.absences.recorded(now))
    return RecipientsOfAlerts(
        recipients={name: one.recipients for name, one in readers.items()},
        owners=owners,
        absences=absences,
        operators=settings.operators,
        silences=lasting_silences(reading, now),
        hours=hours_of_channels(settings, readers),
    )


def recipients(known: RecipientsOfAlerts, rule: Rule, commitment: Commitment, at: datetime) -> list[str]:
    """Return the channels of a rule that reach somebody when it goes out `at`.

    The owner is named, and the deputies of an owner who is away or has left by then.
    """
    targets = known.owners.channels(rule.notify, commitment)
    return [
        f"{owner_text(known, commitment, at)} ({channel})" if target == OWNER else channel
        for target, channel in targets
    ]


def owner_text(known: RecipientsOfAlerts, commitment: Commitment, at: datetime) -> str:
    """Return who gets what goes to the owner of a commitment, by name. Raises KeyError where there is no owner."""
    owner = known.absences.people[commitment.owner or ""]
    absentee = known.absences.absentee(owner, at)
    if absentee is None:
        return owner.name
    others = _others(known, commitment, at)
    if absentee.back_at is not None:
        return f"{owner.name}, who is away, and {others or 'no deputy'}"
    if known.of_owner(commitment, at)[0].why_not is None:
        return f"the shared mailbox of {owner.name}, who has left, and {others or 'nobody else'}"
    return f"{others or 'nobody'} for {owner.name}, who has left"


def owner_cell(known: RecipientsOfAlerts, commitment: Commitment, at: datetime) -> str:
    """Return the key of an owner, with who gets alerts too or instead: `ann (away), Bo Vance too`."""
    owner, key = known.owners.of(commitment), commitment.owner or ""
    absentee = known.absences.absentee(owner, at) if owner else None
    if absentee is None:
        return key
    others = _others(known, commitment, at)
    if absentee.back_at is not None:
        return f"{key} (away)" + (f", {others} too" if others else "")
    return f"{key} (left), {others or 'nobody'} instead"


def _others(known: RecipientsOfAlerts, commitment: Commitment, at: datetime) -> str:
    """Return who gets what goes to an owner, without the owner: the deputies, or the operators; empty for nobody."""
    others = known.of_owner(commitment, at)[1:]
    named = " and ".join(dict.fromkeys(one.name for one in others if one.name))
    return named or ("the operators" if others else "")
