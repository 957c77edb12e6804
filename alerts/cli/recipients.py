"""Whom the alerts of a rule about a commitment reach, by name."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from alerts.core.absences import Absences
from alerts.core.commitments import Commitment, Person
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import Rule


def recipients(
    owners: Owners,
    rule: Rule,
    commitment: Commitment,
    channels: Collection[str] | None = None,
    *,
    absences: Absences | None = None,
    at: datetime | None = None,
) -> list[str]:
    """Return the channels of a rule that reach somebody, the owner by name. `channels`: only these.

    With `absences`, deputies are named for an owner who is away, or has left, when it goes out `at`.
    """
    owner = owners.of(commitment)
    targets = owners.channels(rule.notify, commitment)
    named = _named(owner, absences, at) if owner and absences and at else owner.name if owner else ""
    return [
        f"{named} ({channel})" if target == OWNER and owner else channel
        for target, channel in targets
        if channels is None or channel in channels
    ]


def _named(owner: Person, absences: Absences, at: datetime) -> str:
    """Return the name of an owner, and who gets their alerts too or instead."""
    absentee = absences.absentee(owner, at)
    if absentee is None:
        return owner.name
    deputies = " and ".join(one.person.name for one in absences.deputies(owner, at))
    if absentee.back_at is None:
        return f"{deputies or 'the operators'} for {owner.name}, who has left"
    return f"{owner.name}, who is away, and {deputies or 'no deputy'}"
