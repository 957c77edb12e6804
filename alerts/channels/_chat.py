"""What all chats share: a post becomes a JSON body once, and that is posted to a URL, one at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

from alerts.channels._http import Poster, Url, as_json
from alerts.channels._settings import Common
from alerts.core.notifications import Outgoing
from alerts.core.posts import Post


class ChatSettings(Common):
    """The webhook's URL, which is itself the secret."""

    url: Url


class Chat(ABC):
    """Posts JSON to one place. A kind of its own says its settings and the body, and what else is different."""

    kind: ClassVar[str]
    options: ClassVar[type[ChatSettings]] = ChatSettings
    form: ClassVar[Literal["post"]] = "post"
    local: ClassVar[bool] = False
    connections: ClassVar[int] = 1
    singly: ClassVar[bool] = False
    default: bool = False
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: ChatSettings) -> None:
        self.name = name
        self.timezone = settings.timezone
        self.timeout = settings.deadline
        self._poster = Poster(settings.url, self.connections)
        self._headers: dict[str, str] = {}

    @abstractmethod
    def body(self, post: Post) -> Mapping[str, object]:
        """The JSON to be posted, within the limits of the chat; made once, so that every try posts the same."""

    def send(self, outgoing: Outgoing) -> str:
        """Return the status, e.g. "HTTP 200". Raises DeliveryError."""
        status, _ = self._poster.post(as_json(outgoing.message).encode(), self._headers, self.timeout)
        return f"HTTP {status}"

    def close(self) -> None:
        """Close the connections."""
        self._poster.close()
