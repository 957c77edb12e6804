"""Whom the alerts of a rule about a commitment reach, by name."""

from __future__ import annotations

from collections.abc import Collection

from alerts.core.commitments import Commitment
from alerts.core.owners import OWNER, Owners
from alerts.core.rules import Rule


def recipients(
    owners: Owners, rule: Rule, commitment: Commitment, channels: Collection[str] | None = None
) -> list[str]:
    """Return the channels of a rule that reach somebody, the owner by name. `channels`: only these."""
    owner = owners.of(commitment)
    targets = owners.channels(rule.notify, commitment)
    return [
        f"{owner.name} ({channel})" if target == OWNER and owner else channel
        for target, channel in targets
        if channels is None or channel in channels
    ]
