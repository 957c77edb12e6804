"""Channels of the settings, each built when a page needs it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from alerts.channels import Channel, build
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.settings import Settings


def built_channel(settings: Settings, name: str) -> Channel:
    """Return a channel. Raises InputError, which names no secret, nor where one is kept."""
    entries = {entry.name: entry for entry in settings.channels}
    if name not in entries:
        raise InputError(f"no channel is named {name!r}{did_you_mean(name, entries)}")
    entry = entries[name]
    try:
        return build(entry.name, entry.kind, settings.resolve_options(entry), entry.where)
    except InputError:
        raise InputError(f"channel {name} cannot be used: `alerts check` shows why") from None


def built_channels(settings: Settings) -> Mapping[str, Channel]:
    """Return the channels that can be used, by name."""
    found = {}
    for entry in settings.channels:
        with suppress(InputError):
            found[entry.name] = built_channel(settings, entry.name)
    return found
