"""Channels: how a message leaves. One file a channel; this one has what they all keep to, and the list of them.

Other distributions may bring more kinds as entry points (`alerts.channels.kit` is what they are made with).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ValidationError

from alerts.channels.apprise import Apprise
from alerts.channels.console import Console
from alerts.channels.discord import Discord
from alerts.channels.email import Email
from alerts.channels.googlechat import GoogleChat
from alerts.channels.heartbeat import Heartbeat
from alerts.channels.maildir import Maildir
from alerts.channels.mattermost import Mattermost
from alerts.channels.ntfy import Ntfy
from alerts.channels.pagerduty import PagerDuty
from alerts.channels.plugins import plugin, plugin_kinds
from alerts.channels.slack import Slack
from alerts.channels.teams import Teams
from alerts.channels.transport.channel_settings import CommonSettings, MailSettings, Where, setting_errors
from alerts.channels.webhook import Webhook
from alerts.core.messages import Outgoing
from alerts.core.posts import Post
from alerts.deadlines.errors import InputError, did_you_mean

__all__ = ["KINDS", "Channel", "Heartbeat", "Medium", "build", "contents", "is_local", "takes_one_at_a_time"]

Medium = Literal["mail", "text", "json", "post"]


class Channel(Protocol):
    """A way out. Threads may share one.

    `recipients`: who gets a delivery each; ("",) where the channel is itself the one recipient. `timezone`: the
    readers'. `timeout`: the time limit of one send. `medium`: what the message must hold: "mail" a subject, text
    and HTML; "text" a subject and text; "json" a body; "post" what `body` makes one from. `local`: nobody outside
    is told. `connections`: how many sends at once it bears. `one_at_a_time`: one message a reminder, never a digest.
    `holds_open`: what it is told of stays open there until a `closed` word ends it. `default`: it mails owners, too.
    `options`: the model of its settings.
    """

    kind: ClassVar[str]
    options: ClassVar[type[Any]]
    local: ClassVar[bool]
    connections: ClassVar[int]
    one_at_a_time: ClassVar[bool]
    holds_open: ClassVar[bool]
    default: bool
    name: str
    recipients: tuple[str, ...]
    timezone: str | None
    timeout: timedelta

    @property
    def medium(self) -> Medium:
        """What the message must hold."""

    def body(self, post: Post) -> Mapping[str, object] | None:
        """The JSON that says it here, within this channel's limits; None where it needs none."""

    def send(self, outgoing: Outgoing) -> str:
        """Hand the message over and return what the other side says to it. Raises DeliveryError."""

    def close(self) -> None:
        """Let go of what is open; a send under way ends by its own deadline."""


_KINDS: Mapping[str, Any] = {
    kind.kind: kind
    for kind in (
        Apprise,
        Console,
        Discord,
        Email,
        GoogleChat,
        Maildir,
        Mattermost,
        Ntfy,
        PagerDuty,
        Slack,
        Teams,
        Webhook,
    )
}
KINDS: tuple[str, ...] = tuple(_KINDS)


def is_local(kind: str) -> bool:
    """Whether channels of this kind tell nobody outside; a kind that cannot be used is none of which that is known."""
    try:
        found = _kind(kind)
    except InputError:
        return False
    return bool(found.local)


def takes_one_at_a_time(kind: str) -> bool:
    """Whether a kind takes one word at a time, whatever else is wrong with a channel of it."""
    try:
        return bool(_kind(kind).one_at_a_time)
    except InputError:
        return False


def build(name: str, kind: str, options: Mapping[str, object], where: Where = lambda _: "") -> Channel:
    """Return the channel of that name. Raises InputError with a line for every mistake, none of which shows a value.

    `options` is the channel's mapping without its `kind`, secrets resolved. `where` gives what to put before the line
    about a place in it, such as "config/alerts.yaml:12: ".
    """
    prefix = f"channels.{name}"
    try:
        channel = _kind(kind)
    except InputError as error:
        raise InputError(f"{where(('kind',))}{prefix}.kind: {error}") from None
    model: type[CommonSettings] = channel.options
    try:
        settings = model.model_validate(dict(options))
    except ValidationError as error:
        raise InputError("\n".join(setting_errors(error, model, prefix, where, _of_others()))) from None
    try:
        built: Channel = channel(name, settings)
    except InputError as error:
        raise InputError(f"{where(())}{prefix}: {error}") from None
    return built


def contents(kind: str, options: Mapping[str, object]) -> dict[str, str]:
    """A digest of each file that the settings of a channel name, by its path; none where they cannot be used."""
    try:
        settings: CommonSettings = _kind(kind).options.model_validate(dict(options))
    except (InputError, ValidationError):
        return {}
    return {str(path): _digest(path) for path in _files(settings)}


def _files(settings: BaseModel) -> Iterator[Path]:
    for _, value in settings:
        if isinstance(value, BaseModel):
            yield from _files(value)
        elif isinstance(value, Path) and value.is_file():
            yield value


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # it has just gone
        return ""


def _of_others() -> dict[str, str]:
    """What to say of keys that stand for more than a setting, on kinds that have none of it."""
    mailing = [name for name, kind in _KINDS.items() if issubclass(kind.options, MailSettings)]
    return {"default": f"only {' and '.join(mailing)} can be the default, through which owners are told"}


def _kind(kind: str) -> Any:
    """The class of a kind: ours before all others, which are not even looked at for it. Raises InputError."""
    if found := _KINDS.get(kind) or plugin(kind):
        return found
    raise InputError(f"unknown kind{did_you_mean(kind, {*KINDS, *plugin_kinds()})}")
