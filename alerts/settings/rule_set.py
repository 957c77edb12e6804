"""What makes a configuration the same as another."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from alerts.core.change_events import EventName, expand_events
from alerts.core.registration import SHIPPED, RuleSet
from alerts.settings import ChannelEntry, Settings


def rule_set(settings: Settings) -> RuleSet:
    """Return what a process with these settings goes by."""
    return RuleSet(
        rules={rule.name: rule for rule in settings.rules},
        channels={entry.name: _fingerprint(entry, settings) for entry in settings.channels},
        people=settings.people,
        silences=settings.silences,
        events=_events(settings),
        zone=settings.timezone,
        folder=SHIPPED if settings.shipped else address(settings.folder),
    )


def _events(settings: Settings) -> dict[str, tuple[EventName, ...]]:
    """Return which channels subscribe to which changes."""
    stated = {entry.name: entry.options.get("events") for entry in settings.channels if entry.kind == "webhook"}
    found = {name: expand_events([one] if isinstance(one, str) else one) for name, one in stated.items() if one}
    return {name: events for name, events in found.items() if events}


def address(folder: Path) -> str:
    """Return where a folder lies, with its links as they are named: a deployment changes where they lead."""
    here = Path(os.environ.get("PWD", ""))  # as the shell came here; the system knows it without links only
    if not (here.is_absolute() and here.exists() and here.samefile(".")):
        here = Path.cwd()
    return os.path.normpath(here / folder)


def _fingerprint(entry: ChannelEntry, settings: Settings) -> str:
    """A digest of what a channel states, which no secret can be guessed from."""
    stated = settings.redaction(json.dumps([entry.kind, entry.options], sort_keys=True, default=str))
    return hashlib.sha256(stated.encode()).hexdigest()[:16]
