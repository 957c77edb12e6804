"""Problems that would keep alerts from going out, found before they are due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import get_args

from alerts.channels import Channel, Medium
from alerts.cli.app import App
from alerts.core.answer_links import AnswerLinks
from alerts.core.notifications import ReminderContext
from alerts.core.summaries import Summary
from alerts.deadlines.errors import InputError
from alerts.rendering.composing import compose
from alerts.settings import Settings, SettingsError, place_of
from alerts.settings.http_section import AlertAnswer
from alerts.views.message_previews import notification_of
from alerts.views.samples import sample_summaries

# Templates are checked with what makes links as long as real ones.
SAMPLE_LINKS = AnswerLinks("https://alerts.example.org", bytes(4), get_args(AlertAnswer))


def read_settings(app: App) -> Settings:
    """Return the settings. Raises InputError with all their problems and, in the same round, those of the channels."""
    try:
        return app.settings
    except SettingsError as error:
        lines = dict.fromkeys([*str(error).splitlines(), *"\n".join(app.channel_problems(error)).splitlines()])
        raise InputError("\n".join(sorted(lines, key=place_of))) from None


def problems(app: App, contexts: list[ReminderContext], now: datetime) -> list[str]:
    """Return the problems of channels, secrets and templates. The templates are rendered with `contexts`."""
    errors: list[str] = []
    channels: dict[str, Channel] = {}
    try:
        channels = app.channels
        _ = app.heartbeat
    except InputError as error:
        errors += str(error).splitlines()
    try:
        errors += [problem] if (problem := app.signing.problem()) else []
    except InputError as error:
        return [*errors, *str(error).splitlines()]
    errors += app.renderer.unused_overrides()
    errors += _failing_templates(app, list(channels.values()), contexts, now)
    return list(dict.fromkeys(errors))


def _failing_templates(
    app: App, channels: Sequence[Channel], contexts: list[ReminderContext], now: datetime
) -> Iterator[str]:
    """Render the templates of every channel with each sample reminder, and with all together."""
    ways: list[tuple[Channel | None, Medium]] = [(channel, channel.medium) for channel in channels]
    if app.settings.templates:  # include those that no channel uses yet
        ways += [(None, medium) for medium in get_args(Medium) if medium not in {medium for _, medium in ways}]
    linked = {channel.name for channel in channels if app.signing.reaches(channel)}
    for channel, medium in ways:
        links = SAMPLE_LINKS if channel is None or channel.name in linked else None
        samples: list[tuple[Summary | None, list[ReminderContext]]] = [
            (None, some) for some in (*([one] for one in contexts), contexts)
        ]
        for summary, some in (*samples, *sample_summaries(contexts, now)):
            sample = replace(notification_of(app.zone, channel, some, now), summary=summary, links=links)
            error = compose(app.renderer, channel, sample)[1] if channel else None
            if error or not channel:  # each template by itself, so that an error in one hides none in another
                yield from app.renderer.check(sample, medium) or filter(None, [error])
