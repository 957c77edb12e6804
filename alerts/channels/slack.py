"""Slack: a message of blocks, posted to an incoming webhook (docs.slack.dev, "Incoming webhooks")."""

from __future__ import annotations

from typing import ClassVar, Literal

from alerts.channels._http import Poster, Url, as_json
from alerts.channels._settings import Common
from alerts.core.notifications import Outgoing


class SlackSettings(Common):
    """The incoming webhook's URL, which is itself the secret."""

    url: Url


class Slack:
    """Posts {"text", "blocks"} to one Slack channel, one at a time: Slack takes about one message a second."""

    kind: ClassVar[str] = "slack"
    form: ClassVar[Literal["slack"]] = "slack"
    local: ClassVar[bool] = False
    connections: ClassVar[int] = 1
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: SlackSettings) -> None:
        self.name = name
        self.timezone = settings.timezone
        self.timeout = settings.deadline
        self._poster = Poster(settings.url, self.connections)

    def send(self, outgoing: Outgoing) -> str:
        """Return the status, e.g. "HTTP 200". Raises DeliveryError: 429 with Slack's pause, 410 for an archived one."""
        status, _ = self._poster.post(as_json(outgoing.message).encode(), {}, self.timeout)
        return f"HTTP {status}"

    def close(self) -> None:
        """Close the connection."""
        self._poster.close()
