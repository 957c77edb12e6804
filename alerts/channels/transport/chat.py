"""What all chats share: a post becomes a JSON body once. The body is posted to a URL, one at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from alerts.channels.transport.http import Poster, Url, as_json, revealed
from alerts.channels.transport.http_answers import Verdict
from alerts.channels.transport.http_settings import HttpSettings
from alerts.core.messages import Outgoing
from alerts.core.posts import Post
from alerts.core.sending_rates import Rate


class ChatSettings(HttpSettings):
    """The webhook's URL, which is itself the secret."""

    url: Url


class Chat(ABC):
    """Posts JSON to one URL. A subclass defines its settings, the body, and what differs from other chats.

    `query_parameters` are added to the query of the URL unless they are there. `answers`: whether messages have links
    to answer by, unless the settings say so.
    """

    kind: ClassVar[str]
    options: ClassVar[type[ChatSettings]] = ChatSettings
    medium: ClassVar[Literal["post"]] = "post"
    local: ClassVar[bool] = False
    connections: int = 1  # one after the other keeps the order
    rate: Rate | None = None
    burst: int = 1
    query_parameters: ClassVar[Mapping[str, str]] = {}
    one_at_a_time: ClassVar[bool] = False
    holds_open: ClassVar[bool] = False
    default: bool = False
    answers: bool = False
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: ChatSettings) -> None:
        self.name = name
        self.timezone = settings.timezone
        self.answers = self.answers if settings.answers is None else settings.answers
        self.timeout = settings.total_timeout
        self.connections = settings.connections or self.connections
        url = SecretStr(_with_query_parameters(settings.url.get_secret_value(), self.query_parameters))
        self._poster = Poster(url, self.connections, self.verdict, settings.route)
        self._headers: dict[str, str | SecretStr] = {}
        self._added: dict[str, str | SecretStr] = {}  # secrets: the body is stored, these are not

    @abstractmethod
    def body(self, post: Post) -> Mapping[str, object]:
        """Return the JSON body, within the limits of the chat. It is made once: every try posts the same."""

    def verdict(self, _status: int, _answer: bytes) -> Verdict:
        """Return what the service means by a failure, where it differs from other servers."""
        return Verdict()

    @property
    def server(self) -> str:
        """Return the host that it posts to."""
        return self._poster.host

    def send(self, outgoing: Outgoing) -> str:
        """Return the status, e.g. "HTTP 200". Raises DeliveryError."""
        content = as_json(outgoing.message, revealed(self._added)).encode()
        status, _ = self._poster.post(content, revealed(self._headers), self.timeout)
        return f"HTTP {status}"

    def close(self) -> None:
        """Close the connections."""
        self._poster.close()


def _with_query_parameters(url: str, wanted: Mapping[str, str]) -> str:
    """Add the parameters that the query of an address does not have yet."""
    parts = urlsplit(url)
    there = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    more = urlencode({name: value for name, value in wanted.items() if name not in there})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))
