"""Apprise: one URL of any of its services, for those without a channel here (appriseit.com, the extra `apprise`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from alerts.channels.transport.channel_settings import CommonSettings
from alerts.channels.transport.plain_text import plain_text, rank
from alerts.channels.transport.subprocesses import run_isolated
from alerts.channels.transport.time_budget import one_line
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Outgoing
from alerts.core.posts import Post, shortened
from alerts.core.sending_rates import Rate
from alerts.deadlines.errors import InputError

_CHILD = Path(__file__).parent / "transport" / "apprise_process.py"
_START = timedelta(seconds=30)  # the limit for Apprise to parse a URL; it usually takes half a second
_TYPES = ("info", "info", "warning", "failure")  # by rank
_COUNTER = 16  # characters that Apprise may add to a title
_FEW = 100  # with less room than this, a text holds nothing but where to read on
_ABOUT_THE_MESSAGE = ("400", "413", "415", "422")


class AppriseSettings(CommonSettings):
    """One Apprise URL. All of it is a secret."""

    url: SecretStr


class Apprise:
    """Sends text by Apprise, each time in a process of its own, which is ended when the time is up."""

    kind: ClassVar[str] = "apprise"
    options: ClassVar[type[AppriseSettings]] = AppriseSettings
    medium: ClassVar[Literal["post"]] = "post"
    local: ClassVar[bool] = False
    connections: int = 1
    rate: Rate | None = None
    burst: int = 1
    one_at_a_time: ClassVar[bool] = False
    holds_open: ClassVar[bool] = False
    default: bool = False
    answers: bool = False
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        if find_spec("apprise") is None:
            raise InputError('Apprise is not installed: pip install "deadline-alerts[apprise]"')
        self.name = name
        self.answers = bool(settings.answers)
        self.timezone = settings.timezone
        self.timeout = settings.total_timeout
        self.connections = settings.connections or self.connections
        self._url = settings.url
        try:
            known = self._ask({}, _START)
        except DeliveryError as error:
            raise InputError(str(error)) from None
        if not known["ok"]:
            raise InputError(f"url: no service that Apprise can use{_why(known)}")
        self._limits: Mapping[str, int] = known["limits"]

    def body(self, post: Post) -> dict[str, object]:
        """Return the title and text within the limits of the service. A text that is too long is cut visibly."""
        room, lines = self._limits["body"], self._limits["lines"]
        title = shortened(post.title, min(250, self._limits["title"] or max(room // 2, 1)))
        left = room - len(title) - _COUNTER
        text = plain_text(post, left) if left >= _FEW else ""
        if not text:
            title, text = "", _pointed(post, room)
        elif not self._limits["title"]:
            title, text = "", f"{title}\n{text}"
        if 0 < lines <= text.count("\n"):
            text = " · ".join(line for line in text.splitlines() if line)
        return {"title": title, "body": text, "type": _TYPES[rank(post)]}

    def send(self, outgoing: Outgoing) -> str:
        """Return "Apprise says that it was sent". Raises DeliveryError; Apprise reports only success or failure."""
        result = self._ask(dict(outgoing.message.body or {}), self.timeout)
        if result["ok"]:
            return "Apprise says that it was sent"
        status = re.search(r"error=(\d{3})\b", result["warning"])
        out = status is None or status[1] not in _ABOUT_THE_MESSAGE
        raise DeliveryError(f"Apprise reported failure{_why(result)}", channel_out=out)

    def close(self) -> None:
        """Do nothing: no process outlives its send."""

    def _ask(self, request: Mapping[str, object], total: timedelta) -> dict[str, Any]:
        return run_isolated("Apprise", _CHILD, {**request, "url": self._url.get_secret_value()}, total)


def _pointed(post: Post, room: int) -> str:
    """Return the title and where to read on; the title alone if there is no room for both."""
    pointer = f" … {post.answer.link if post.answer else post.more}"
    return (
        shortened(post.title, room - len(pointer)) + pointer if room > 2 * len(pointer) else shortened(post.title, room)
    )


def _why(result: Mapping[str, Any]) -> str:
    return f": {one_line(result['warning'])}" if result["warning"] else ""
