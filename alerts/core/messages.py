"""A rendered message, and what a channel is given to send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from alerts.core.posts import Post

Medium = Literal["mail", "text", "json", "post"]  # what a channel sends; `post` is laid out by its channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification rendered. `body` is the JSON of a webhook or chat post; the others leave it out.

    `thread` is what it belongs to: a commitment's key, where it is about one alone. `calendar` is its deadline as
    iCalendar, for a mail. `post` is what a chat's body is made from, and is not kept.

    Its `repr` leaves out what may hold the tokens of answer links.
    """

    subject: str
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    rendered_at: datetime
    thread: str | None = None
    calendar: str | None = None
    post: Post | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send: every attempt carries the same id and the same bytes.

    `bounce_token` names the attempt in the envelope sender of a mail, which is no part of the message.
    """

    id: UUID
    recipient: str
    message: Message
    attempt: int = 1
    bounce_token: str = ""


class Layout(Protocol):
    """What rendering needs of a channel: its name, its medium, and for a chat the body that it makes of a post."""

    name: str

    @property
    def medium(self) -> Medium:
        """Return what it sends."""

    def body(self, post: Post) -> Mapping[str, object] | None:
        """Return the JSON that it sends of a post."""
