"""Posts JSON over HTTP: no redirects, a proxy only if one is set, a limited answer, one time limit for everything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated
from urllib.parse import urlsplit

import requests
from pydantic import AfterValidator, SecretStr
from urllib3.exceptions import HTTPError

from alerts.channels.transport.http_answers import VerdictReader, default_verdict, refusal
from alerts.channels.transport.http_session import Answer, Session, Way, within
from alerts.channels.transport.http_settings import DIRECT, HttpRoute, proxy_says
from alerts.channels.transport.time_budget import TimeBudget, reason
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Message

_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
ANSWER_LIMIT = 64 * 1024  # octets of an answer that are read


def _postable(url: SecretStr) -> SecretStr:
    try:
        requests.Request("POST", url.get_secret_value()).prepare()
        parts = urlsplit(url.get_secret_value())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (ValueError, requests.RequestException):
        usable = False
    if not usable or not url.get_secret_value().isprintable():
        raise ValueError("expected a URL that starts with https:// or http://")
    return url


Url = Annotated[SecretStr, AfterValidator(_postable)]


def as_json(message: Message, added: Mapping[str, str] | None = None) -> str:
    """Return the message's body as JSON; it is the same for every retry, in whatever order the store keeps its keys.

    `added` is sent with it but never stored.
    """
    if message.body is None:
        raise DeliveryError("this message was rendered without the JSON body that its channel posts")
    text = _AS_JSON({**message.body, **(added or {})})
    return text.encode(errors="replace").decode()  # UTF-8 cannot encode a lone surrogate


def revealed(values: Mapping[str, str | SecretStr]) -> dict[str, str]:
    """Return the values with their secrets revealed, for sending only."""
    return {key: one if isinstance(one, str) else one.get_secret_value() for key, one in values.items()}


class Poster:
    """Posts to one URL over connections that are kept open; threads may share it. `read_verdict` interprets answers.

    `route` has the proxy, the trusted certificates and the client certificate.
    """

    def __init__(
        self, url: SecretStr, connections: int, read_verdict: VerdictReader = default_verdict, route: HttpRoute = DIRECT
    ) -> None:
        self._url = url
        self._read_verdict = read_verdict
        self.host = urlsplit(url.get_secret_value()).hostname or ""
        self._session = Session(connections)
        self._way = Way(self._session, url.get_secret_value(), route.settings_for(url.get_secret_value()))

    def post(self, body: bytes, headers: dict[str, str], total: timedelta) -> tuple[int, bytes]:
        """Return the status (2xx) and the start of the answer. Raises DeliveryError; its text hides the path."""
        return self._ask("POST", body, {"Content-Type": "application/json", **headers}, total)

    def get(self, total: timedelta) -> tuple[int, bytes]:
        """Send a GET request; it returns and raises the same as `post`."""
        return self._ask("GET", None, {}, total)

    def date(self, total: timedelta) -> datetime | None:
        """Return the `Date:` of any answer, even of an error (RFC 9110, section 6.6.1). Raises DeliveryError."""
        with self._answer("HEAD", total) as response:
            text = response.headers.get("Date", "")
        try:
            stated = parsedate_to_datetime(text)
        except (TypeError, ValueError):  # it is missing, or is no date
            return None
        return stated if stated.tzinfo else stated.replace(tzinfo=UTC)

    def _ask(self, method: str, body: bytes | None, headers: dict[str, str], total: timedelta) -> tuple[int, bytes]:
        with self._answer(method, total, body, headers) as response:
            answer = _start_of(response)
        if 200 <= response.status < 300:
            return response.status, answer
        pause = response.headers.get("Retry-After", "")
        raise refusal(self.host, response.status, answer, pause, self._read_verdict)

    @contextmanager
    def _answer(
        self, method: str, total: timedelta, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[Answer]:
        """Return the answer to a request, with only its head read. Raises DeliveryError if there is none."""
        budget = TimeBudget(total)
        try:
            with within(budget), self._way.asked(method, body, headers or {}, budget.left()) as response:
                yield response
        except (requests.RequestException, OSError, ValueError) as error:
            raise DeliveryError(f"{self.host}: {proxy_says(error) or reason(error)}", channel_out=True) from None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _start_of(response: Answer) -> bytes:
    """Read the answer: the connection can then be used again. An answer that does not end is dropped.

    The status is already known: an answer that breaks off, or is too slow, changes nothing.
    """
    answer = b""
    try:
        for chunk in response.stream(8192, decode_content=True):
            answer += chunk
            if len(answer) > ANSWER_LIMIT:
                response.close()
                break
    except (HTTPError, OSError, ValueError):  # ValueError: a chunk of a negative size
        response.close()
    return answer[:ANSWER_LIMIT]
