"""What makes a configuration the same as another."""

from __future__ import annotations

import hashlib
import json

from alerts.core.registration import SHIPPED, RuleSet
from alerts.settings import ChannelEntry, Settings


def rule_set(settings: Settings) -> RuleSet:
    """Return what a process with these settings goes by."""
    return RuleSet(
        rules={rule.name: rule for rule in settings.rules},
        channels={entry.name: _fingerprint(entry, settings) for entry in settings.channels},
        people=settings.people,
        zone=settings.timezone,
        folder=SHIPPED if settings.shipped else str(settings.folder.resolve()),
    )


def _fingerprint(entry: ChannelEntry, settings: Settings) -> str:
    """A digest of what a channel states, which no secret can be guessed from."""
    stated = settings.redaction(json.dumps([entry.kind, entry.options], sort_keys=True, default=str))
    return hashlib.sha256(stated.encode()).hexdigest()[:16]
