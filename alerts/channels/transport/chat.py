"""What all chats share: a post becomes a JSON body once, and that is posted to a URL, one at a time."""

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


class ChatSettings(HttpSettings):
    """The webhook's URL, which is itself the secret."""

    url: Url


class Chat(ABC):
    """Posts JSON to one place. A kind of its own says its settings and the body, and what else is different.

    `query_parameters` is what its URL must ask for in its query, unless that is there already.
    """

    kind: ClassVar[str]
    options: ClassVar[type[ChatSettings]] = ChatSettings
    medium: ClassVar[Literal["post"]] = "post"
    local: ClassVar[bool] = False
    connections: ClassVar[int] = 1
    query_parameters: ClassVar[Mapping[str, str]] = {}
    one_at_a_time: ClassVar[bool] = False
    holds_open: ClassVar[bool] = False
    default: bool = False
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: ChatSettings) -> None:
        self.name = name
        self.timezone = settings.timezone
        self.timeout = settings.total_timeout
        url = SecretStr(_with_query_parameters(settings.url.get_secret_value(), self.query_parameters))
        self._poster = Poster(url, self.connections, self.verdict, settings.route)
        self._headers: dict[str, str | SecretStr] = {}
        self._added: dict[str, str | SecretStr] = {}  # to the body on its way only: secrets, for the body is kept

    @abstractmethod
    def body(self, post: Post) -> Mapping[str, object]:
        """The JSON to be posted, within the limits of the chat; made once, so that every try posts the same."""

    def verdict(self, _status: int, _answer: bytes) -> Verdict:
        """What the service means by an answer that is no success, as far as it is not what any server means."""
        return Verdict()

    def send(self, outgoing: Outgoing) -> str:
        """Return the status, e.g. "HTTP 200". Raises DeliveryError."""
        content = as_json(outgoing.message, revealed(self._added)).encode()
        status, _ = self._poster.post(content, revealed(self._headers), self.timeout)
        return f"HTTP {status}"

    def close(self) -> None:
        """Close the connections."""
        self._poster.close()


def _with_query_parameters(url: str, wanted: Mapping[str, str]) -> str:
    """Add to the query of an address what it does not ask for yet."""
    parts = urlsplit(url)
    there = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    more = urlencode({name: value for name, value in wanted.items() if name not in there})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, more)))))
