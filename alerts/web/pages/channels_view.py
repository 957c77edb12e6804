"""What the page of channels shows: who reads each, whether it takes messages, and what waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from alerts.channels import Channel
from alerts.core.liveness import ALIVE
from alerts.core.office_hours import OfficeHours
from alerts.core.owners import OWNER
from alerts.core.rules import Rule
from alerts.daemon_status import is_alive, outages
from alerts.rendering.template_filters import clean, flat
from alerts.settings import ChannelEntry
from alerts.store.channel_traffic import ChannelTraffic, channel_traffic
from alerts.views.built_channels import built_channels
from alerts.views.channel_readers import ChannelReaders, channel_readers
from alerts.views.settings_warnings import channel_warnings, held_sending
from alerts.views.shown_times import shown_with_zone
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.rules_view import readers_text

State = Literal["works", "out", "gone", "broken", "unknown"]
KINDS = {"email": "mail", "googlechat": "Google Chat", "pagerduty": "PagerDuty"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel of the page. `state`: whether it takes messages, as the daemon says; `why_out`: what it said."""

    name: str
    kind: str
    readers: str
    state: State
    why_out: str
    sent_at: str
    waiting: int
    oldest: str
    failed: int
    rules: tuple[str, ...]
    is_for_operators: bool
    hours: str
    zone: str
    has_links: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsView:
    """All of the page. `is_served`: whether a daemon runs that sends."""

    channels: tuple[ChannelRow, ...]
    warnings: tuple[str, ...]
    is_served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the settings and the database have of the channels, by name."""

    built: Mapping[str, Channel]
    readers: Mapping[str, ChannelReaders]
    traffic: Mapping[str, ChannelTraffic]
    out: Mapping[str, str]
    served: frozenset[str]
    is_served: bool


def channels_view(reading: PageReading) -> ChannelsView:
    """Read and work out the page."""
    settings, store, now = reading.settings, reading.store, reading.now
    built, readers, redact = built_channels(settings), channel_readers(settings), settings.redaction
    with store.database.snapshot():
        found = _Read(
            built=built,
            readers=readers,
            traffic=channel_traffic(store.database, readers),
            out=outages(store, now),
            served=frozenset(name for one in store.registrations.processes(now, ALIVE) for name in one.channels),
            is_served=is_alive(store, now),
        )
        lines = (*held_sending(reading), *channel_warnings(reading, built, reading.services.signing, now))
    return ChannelsView(
        channels=tuple(_row(reading, entry, found) for entry in settings.channels),
        warnings=tuple(_line(redact(one)) for one in lines),
        is_served=found.is_served,
    )


def _row(reading: PageReading, entry: ChannelEntry, found: _Read) -> ChannelRow:
    name, settings, zone = entry.name, reading.settings, reading.zone
    channel, readers, traffic = found.built.get(name), found.readers[name], found.traffic[name]
    return ChannelRow(
        name=name,
        kind=KINDS.get(entry.kind, entry.kind.capitalize()),
        readers=_line(readers_text(readers, reading)),
        state=_state(name, found),
        why_out=_line(settings.redaction(found.out.get(name, ""))),
        sent_at=shown_with_zone(traffic.sent_at, zone) if traffic.sent_at else "",
        waiting=traffic.waiting,
        oldest=shown_with_zone(traffic.oldest, zone) if traffic.oldest else "",
        failed=traffic.failed,
        rules=tuple(one.name for one in settings.rules if _alerts_through(one, name, readers)),
        is_for_operators=name in settings.operators,
        hours=_hours_text(readers.hours) if readers.hours else "",
        zone=readers.zone or "",
        has_links=channel is not None and reading.services.signing.reaches(channel),
    )


def _state(name: str, found: _Read) -> State:
    if name not in found.built:
        return "broken"
    if not found.is_served:
        return "unknown"
    return "out" if name in found.out else "works" if name in found.served else "gone"


def _alerts_through(rule: Rule, name: str, readers: ChannelReaders) -> bool:
    """Return whether a rule sends through a channel: by its name, or to owners."""
    return name in rule.notify or rule.fallback == name or (readers.mails_owners and OWNER in rule.notify)


def _hours_text(hours: OfficeHours) -> str:
    """Return office hours: `Mon, Tue, 09:00 to 17:00 Europe/Paris`."""
    days = ", ".join(day.capitalize() for day in hours.days)
    closes = f"{hours.closes:%H:%M}" if hours.closes else "24:00"
    calendar = f", on business days of {hours.calendar}" if hours.calendar else ""
    return f"{days}, {hours.opens:%H:%M} to {closes} {hours.timezone}{calendar}"


def _line(text: str) -> str:
    return flat(clean(text))
