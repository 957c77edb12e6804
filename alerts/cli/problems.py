"""What keeps alerts from going out, found before they are due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import get_args
from uuid import uuid4

from alerts.channels import Channel, Medium
from alerts.cli.app import App
from alerts.cli.samples import sample_summaries
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.summaries import Summary
from alerts.deadlines.errors import InputError
from alerts.rendering.composing import compose


def problems(app: App, told: list[ReminderContext], now: datetime) -> list[str]:
    """All that is wrong with channels, secrets and templates; `told` is what the templates are tried with."""
    errors: list[str] = []
    channels: dict[str, Channel] = {}
    try:
        channels = app.channels
        _ = app.heartbeat
    except InputError as error:
        errors += str(error).splitlines()
    errors += app.renderer.unused_overrides()
    errors += _failing_templates(app, list(channels.values()), told, now)
    return list(dict.fromkeys(errors))


def _failing_templates(
    app: App, channels: Sequence[Channel], told: list[ReminderContext], now: datetime
) -> Iterator[str]:
    """Render every template of every channel with a reminder of every kind, and with all at once."""
    ways: list[tuple[Channel | None, Medium]] = [(channel, channel.medium) for channel in channels]
    if app.settings.templates:  # those that no channel needs yet are tried too
        ways += [(None, medium) for medium in get_args(Medium) if medium not in {medium for _, medium in ways}]
    for channel, medium in ways:
        words: list[tuple[Summary | None, list[ReminderContext]]] = [
            (None, some) for some in (*([one] for one in told), told)
        ]
        for summary, some in (*words, *sample_summaries(told, now)):
            sample = replace(notification_of(app, channel, some, now), summary=summary)
            found = app.renderer.check(sample, medium)
            yield from found
            if channel and not found and (error := compose(app.renderer, channel, sample)[1]):
                yield error


def notification_of(app: App, channel: Channel | None, told: list[ReminderContext], now: datetime) -> Notification:
    return Notification(
        id=uuid4(),
        channel=channel.name if channel else "sample",
        recipient=channel.recipients[0] if channel else "",
        zone=(channel and channel.timezone) or app.zone,
        contexts=tuple(told),
        now=now,
    )
