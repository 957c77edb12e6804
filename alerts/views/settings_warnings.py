"""Warnings of rules, channels and links: settings that are valid but seldom meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from alerts.channels import Channel
from alerts.channels.plugins import outdated_names
from alerts.core.owners import OWNER
from alerts.deadlines.errors import did_you_mean
from alerts.health_problems import bouncing_line
from alerts.link_signing import LinkSigning
from alerts.views.shown_times import shown_with_zone
from alerts.views.surroundings import Reading

Channels = Mapping[str, Channel]  # by name


def rule_warnings(reading: Reading, channels: Channels) -> Iterator[str]:
    """Yield a line for each rule that reaches nobody, never applies, or never ends what it opens."""
    yield from without_channels(reading)
    yield from unknown_owners(reading)
    yield from left_open_incidents(reading, channels)


def channel_warnings(reading: Reading, channels: Channels, signing: LinkSigning, now: datetime) -> Iterator[str]:
    """Yield a line for each channel whose links, settings or addresses do not serve its readers."""
    yield from link_warnings(reading, channels, signing)
    for kind in sorted({entry.kind for entry in reading.settings.channels}):
        yield from outdated_names(kind)
    yield from bouncing_recipients(reading, channels, now)


def without_channels(reading: Reading) -> Iterator[str]:
    """Yield a line for each rule that names no channel."""
    for rule in reading.settings.rules:
        if not rule.notify:
            yield f"rule {rule.name}: `notify` names no channel, so it reaches nobody"


def unknown_owners(reading: Reading) -> Iterator[str]:
    """Yield a line for each rule that matches an undeclared owner, and so never applies."""
    people = reading.people
    for rule in reading.settings.rules:
        for key in rule.match.get("owner", ()):
            if key not in people:
                near = did_you_mean(key, people)
                yield f'rule {rule.name} matches the owner "{key}", who is not declared in `people`{near}'


def left_open_incidents(reading: Reading, channels: Channels) -> Iterator[str]:
    """Yield a line for each rule that opens incidents and never ends them, or whose summary reaches nobody."""
    for rule in reading.settings.rules:
        for channel in (channels[name] for name in rule.notify if name != OWNER):
            if rule.sends_alerts and channel.holds_open and not rule.remind.closed:
                ends = "set `closed: true` under `remind:`"
                yield f"rule {rule.name}: no reminder closes the incidents that it opens in {channel.name}: {ends}"
            if rule.summary and channel.one_at_a_time:
                yield f"rule {rule.name}: channel {channel.name} sends one alert at a time, so it gets no summaries"
        if rule.summary and all(name != OWNER and channels[name].one_at_a_time for name in rule.notify):
            yield f"rule {rule.name}: none of its channels takes summaries, so its summary reaches nobody"


def link_warnings(reading: Reading, channels: Channels, signing: LinkSigning) -> Iterator[str]:
    """Yield a line where links would cross a network in the open, or where channels show commands instead of links."""
    stated = [entry for entry in reading.settings.channels if "answers" in entry.options]
    if signing.public_url is None:
        for entry in stated:
            if channels[entry.name].answers:
                yield f"channel {entry.name}: `answers` is on, but there are no links without http.public_url"
    elif reading.settings.http and reading.settings.http.is_plain:
        yield (
            f"{signing.public_url} is not encrypted, so anybody who reads the network can answer by the links: "
            "set http.public_url to an address with https, and put a proxy with TLS in front"
        )
    elif signing.is_local:
        names = [name for name, channel in channels.items() if channel.answers and not channel.local]
        if names:
            yield (
                f"{signing.public_url} leads to this machine only, so {', '.join(names)} show commands instead of "
                "links: set http.public_url to an address that readers can reach"
            )


def bouncing_recipients(reading: Reading, channels: Channels, now: datetime) -> Iterator[str]:
    """Yield a line for each address of a channel or a person whose mails come back."""
    known = {one.lower() for channel in channels.values() for one in channel.recipients}
    known |= {person.email.lower() for person in reading.people.values()}
    for address in reading.store.bounces.addresses(now):
        if address.recipient.lower() in known:
            yield bouncing_line(address, lambda at: shown_with_zone(at, reading.zone))


def held_sending(reading: Reading) -> list[str]:
    """Return why no alert goes out after a restore."""
    hold = reading.store.held_sending.find()
    return [hold.text(lambda at: shown_with_zone(at, reading.zone))] if hold else []
