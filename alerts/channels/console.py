"""The console: the text on standard output, for a first look and for logs."""

from __future__ import annotations

import io
import re
import sys
from typing import ClassVar, Literal, TextIO

from pydantic import field_validator
from rich.console import Console as Terminal
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from alerts.channels.transport.channel_settings import CommonSettings
from alerts.channels.transport.time_budget import one_line, reason
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Message, Outgoing
from alerts.core.posts import Post
from alerts.core.sending_rates import Rate

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class ConsoleSettings(CommonSettings):
    """The settings that every channel has, but no links: all who read its log could answer."""

    @field_validator("answers")
    @classmethod
    def _shows_no_links(cls, answers: bool | None) -> bool | None:
        if answers:
            raise ValueError("the console shows no links, as all who read its log could answer: leave it out")
        return answers


class Console:
    """Prints each notification and notifies nobody outside."""

    kind: ClassVar[str] = "console"
    options: ClassVar[type[ConsoleSettings]] = ConsoleSettings
    medium: ClassVar[Literal["text"]] = "text"
    local: ClassVar[bool] = True
    connections: int = 1
    rate: Rate | None = None
    burst: int = 1
    one_at_a_time: ClassVar[bool] = False
    holds_open: ClassVar[bool] = False
    default: bool = False
    answers: bool = False
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: ConsoleSettings) -> None:
        self.name = name
        self.timezone = settings.timezone
        self.timeout = settings.total_timeout
        self.connections = settings.connections or self.connections

    def body(self, post: Post) -> None:
        """Return None: the message itself is sent."""

    def send(self, outgoing: Outgoing) -> str:
        """Return "printed". Raises DeliveryError if standard output is closed."""
        stream: TextIO | None = sys.stdout  # None if the process was started without one
        if stream is None:
            raise DeliveryError("standard output is closed", channel_out=True)
        try:
            encoding = stream.encoding or "utf-8"
            text = framed(outgoing.message, terminal=stream.isatty()).encode(encoding, "replace").decode(encoding)
            stream.write(text)  # in one write, because threads write here too
            stream.flush()
        except OSError as error:
            raise DeliveryError(f"standard output: {reason(error)}", channel_out=True) from None
        except ValueError:
            raise DeliveryError("standard output is closed", channel_out=True) from None
        return "printed"

    def close(self) -> None:
        """Do nothing: standard output is not ours."""


def framed(message: Message, *, terminal: bool) -> str:
    """Return the text in a frame. In a log it stands unwrapped between two rules: `grep` then finds whole lines."""
    page = io.StringIO()
    paper = Terminal(file=page, force_terminal=terminal, soft_wrap=not terminal)
    title = Text(one_line(message.subject))
    body = Text(_CONTROLS.sub("", message.text).strip("\n"))
    if terminal:
        paper.print(Panel(body, title=title, title_align="left"))
    else:
        paper.print(Rule(title, align="left"), soft_wrap=False)
        paper.print(body)
        paper.print(Rule(), soft_wrap=False)
    return page.getvalue()
