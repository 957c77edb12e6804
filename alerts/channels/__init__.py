"""Channels: how a message leaves. One file a channel; this one has what they all keep to, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Literal, Protocol

from pydantic import ValidationError

from alerts.channels._settings import Common, Where, complaints
from alerts.channels.console import Console, ConsoleSettings
from alerts.channels.email import Email, EmailSettings
from alerts.channels.heartbeat import Heartbeat
from alerts.channels.maildir import Maildir, MaildirSettings
from alerts.channels.slack import Slack, SlackSettings
from alerts.channels.webhook import Webhook, WebhookSettings
from alerts.core.errors import InputError, did_you_mean
from alerts.core.notifications import Outgoing

__all__ = ["KINDS", "LOCAL", "Channel", "Form", "Heartbeat", "build"]

Form = Literal["mail", "text", "json", "slack"]


class Channel(Protocol):
    """A way out. Threads may share one.

    `recipients`: who gets a delivery each; ("",) where the channel is itself the one recipient. `timezone`: the
    readers'. `timeout`: the total deadline of one send. `form`: what the message must hold: "mail" a subject, text and
    HTML; "text" a subject and text; "json" and "slack" a body to post. `local`: nobody outside is told. `connections`:
    how many sends at once it bears.
    """

    kind: ClassVar[str]
    local: ClassVar[bool]
    connections: ClassVar[int]
    name: str
    recipients: tuple[str, ...]
    timezone: str | None
    timeout: timedelta

    @property
    def form(self) -> Form:
        """What the message must hold."""

    def send(self, outgoing: Outgoing) -> str:
        """Hand the message over and return what the other side says to it. Raises DeliveryError."""

    def close(self) -> None:
        """Let go of what is open; a send under way ends by its own deadline."""


_KINDS: Mapping[str, tuple[type[Common], Any]] = {  # kind: its settings, its class
    "console": (ConsoleSettings, Console),
    "email": (EmailSettings, Email),
    "maildir": (MaildirSettings, Maildir),
    "slack": (SlackSettings, Slack),
    "webhook": (WebhookSettings, Webhook),
}
KINDS: tuple[str, ...] = tuple(_KINDS)
LOCAL = frozenset(kind for kind, (_, channel) in _KINDS.items() if channel.local)  # tell nobody outside


def build(name: str, kind: str, options: Mapping[str, object], where: Where = lambda _: "") -> Channel:
    """Return the channel of that name. Raises InputError with a line for every mistake, none of which shows a value.

    `options` is the channel's mapping without its `kind`, secrets resolved. `where` gives what to put before the line
    about a place in it, such as "config/alerts.yaml:12: ".
    """
    prefix = f"channels.{name}"
    if kind not in _KINDS:
        raise InputError(f"{where(('kind',))}{prefix}.kind: unknown kind{did_you_mean(kind, KINDS)}")
    model, channel = _KINDS[kind]
    try:
        settings = model.model_validate(dict(options))
    except ValidationError as error:
        raise InputError("\n".join(complaints(error, model, prefix, where))) from None
    built: Channel = channel(name, settings)
    return built
