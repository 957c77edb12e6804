"""Test messages, to see whether a channel works: for `alerts send-test` and for the page of channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.channels import Channel
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Outgoing
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.views.message_previews import notification_of
from alerts.views.samples import test_message


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTest:
    """What became of one test message. `text`: to whom, and what the server answered, without secrets."""

    is_sent: bool
    text: str


def send_tests(
    channel: Channel, renderer: Renderer, zone: str, now: datetime, redact: Callable[[str], str]
) -> Iterator[SentTest]:
    """Send a test message to each recipient of a channel, and yield what became of it. The channel is closed then."""
    try:
        for recipient in channel.recipients:
            test = test_message(channel.name, now, channel.timezone or zone)
            notification = notification_of(zone, channel, [test], now)
            message = replace(compose(renderer, channel, notification)[0], calendar=None)  # nobody keeps a test
            to = f"{channel.name} → {recipient}" if recipient else channel.name
            try:
                answer = channel.send(Outgoing(id=notification.id, recipient=recipient, message=message))
                yield SentTest(is_sent=True, text=redact(f"{to}: {answer}"))
            except DeliveryError as error:
                yield SentTest(is_sent=False, text=redact(f"{to}: {error}"))
    finally:
        channel.close()
