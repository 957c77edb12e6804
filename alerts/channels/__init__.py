"""Channels: how a message leaves. Each file has one channel; this one has their protocol and their list.

Other distributions can add kinds by entry points; `alerts.channels.kit` has what they need.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ValidationError

from alerts.channels.plugins import plugin, plugin_kinds
from alerts.channels.transport.channel_settings import CommonSettings, MailSettings, Where, setting_errors
from alerts.core.messages import Outgoing
from alerts.core.posts import Post
from alerts.core.sending_rates import Rate
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.strict_yaml.office_hours_entry import OfficeHoursEntry

Medium = Literal["mail", "text", "json", "post"]


class Channel(Protocol):
    """A channel that sends messages. Threads may share it.

    `recipients`: who gets a delivery each; ("",) if the channel is itself the only recipient. `timezone`: the readers'.
    `timeout`: the time limit of one send. `medium`: what the message must hold: "mail" a subject, text and HTML;
    "text" a subject and text; "json" a body; "post" what `body` makes a body from. `local`: it notifies nobody outside.
    `one_at_a_time`: one message per reminder, never a digest.
    `holds_open`: an incident stays open there until a `closed` reminder ends it. `default`: it mails owners, too.
    `hours`: when it takes what is not critical, as stated. `rate`: how many messages it sends at most, or None;
    `burst`: how many of these at once. `build` sets the three.
    `answers`: its messages may have links by which a reader answers. `options`: the model of its settings.
    """

    kind: ClassVar[str]
    options: ClassVar[type[Any]]
    local: ClassVar[bool]
    one_at_a_time: ClassVar[bool]
    holds_open: ClassVar[bool]
    default: bool
    answers: bool
    hours: OfficeHoursEntry | None
    rate: Rate | None
    burst: int
    name: str
    recipients: tuple[str, ...]
    timezone: str | None
    timeout: timedelta

    @property
    def connections(self) -> int:
        """Return how many sends may run at once."""

    @property
    def medium(self) -> Medium:
        """Return what the message must hold."""

    def body(self, post: Post) -> Mapping[str, object] | None:
        """Return the JSON body, within the limits of this channel; None if it needs none."""

    def send(self, outgoing: Outgoing) -> str:
        """Send the message and return the answer of the server. Raises DeliveryError."""

    def close(self) -> None:
        """Close what is open. A send in progress ends within its own time limit."""


KINDS: tuple[str, ...] = (
    "apprise", "console", "discord", "email", "googlechat", "maildir", "mattermost", "ntfy", "pagerduty", "slack",
    "teams", "webhook",
)  # fmt: skip


def is_local(kind: str) -> bool:
    """Return whether channels of this kind notify nobody outside; False for a kind that cannot be used."""
    try:
        found = _kind(kind)
    except InputError:
        return False
    return bool(found.local)


def takes_one_at_a_time(kind: str) -> bool:
    """Return whether a kind takes one reminder at a time, even if the settings of its channel are wrong."""
    try:
        return bool(_kind(kind).one_at_a_time)
    except InputError:
        return False


def build(name: str, kind: str, options: Mapping[str, object], where: Where = lambda _: "") -> Channel:
    """Return the channel of that name. Raises InputError with a line for every mistake; no line shows a value.

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
        limits = _limits(channel, settings)
        built: Channel = channel(name, settings)
        built.hours = settings.hours
        built.rate, built.burst = limits
        if settings.connections not in (None, built.connections):
            built.close()
            raise InputError(f"`connections`: this kind always has {built.connections}")
    except InputError as error:
        raise InputError(f"{where(())}{prefix}: {error}") from None
    return built


def _limits(channel: Any, settings: CommonSettings) -> tuple[Rate | None, int]:
    """Return the rate and the burst of a channel: as set, else as its kind documents them. Raises InputError."""
    rate: Rate | Literal["none"] | None = settings.rate or getattr(channel, "rate", None)
    if rate is None or rate == "none":
        if settings.burst is not None:
            raise InputError("`burst` goes with a `rate`, such as `rate: 1/s`; without one nothing is limited")
        return None, 1
    usual = 1 if settings.rate else getattr(channel, "burst", 1)
    return rate, settings.burst or usual


def settings_models(kinds: Iterable[str]) -> dict[str, type[BaseModel]]:
    """Return the model of the settings of each kind. Raises InputError for a kind that cannot be used."""
    return {kind: _kind(kind).options for kind in kinds}


def contents(kind: str, options: Mapping[str, object]) -> dict[str, str]:
    """Return a digest of each file that the settings of a channel name, by path; none if they cannot be used."""
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
    except OSError:  # the file was deleted in the meantime
        return ""


def _of_others() -> dict[str, str]:
    """Return hints for keys that mean more than a setting, for kinds that do not have them."""
    mailing = [name for name in KINDS if issubclass(_built_in(name).options, MailSettings)]
    return {"default": f"only {' and '.join(mailing)} can be the default, which mails the owners"}


def _kind(kind: str) -> Any:
    """Return the class of a kind; built-in kinds win, and plugins are not searched for them. Raises InputError."""
    if kind in KINDS:
        return _built_in(kind)
    if found := plugin(kind):
        return found
    raise InputError(f"unknown kind `{kind}`{did_you_mean(kind, {*KINDS, *plugin_kinds()})}")


def _built_in(kind: str) -> Any:
    """Return the class of a built-in kind, whose file is imported when it is first used: most need a library."""
    found = vars(import_module(f"alerts.channels.{kind}")).values()
    return next(one for one in found if isinstance(one, type) and getattr(one, "kind", None) == kind)
