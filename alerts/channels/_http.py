"""Posting JSON over HTTP: no redirects, no proxies from the environment, a capped answer, one deadline for it all."""

from __future__ import annotations

import http.client
import io
import json
import logging
import re
import socket
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Annotated, Any
from urllib.parse import urlsplit

import requests
from pydantic import AfterValidator, SecretStr
from requests.adapters import HTTPAdapter

from alerts.channels._network import Deadline, TimedReader, reason
from alerts.clock import utc_now
from alerts.core.deliveries import DeliveryError
from alerts.core.notifications import Message

ANSWER_LIMIT = 64 * 1024  # octets
CONNECT_AT_MOST = 10.0  # seconds for each address of the host
_LONGEST_PAUSE = timedelta(days=365)
_HINTS = {
    301: "a redirect is not followed: set the url to where it leads",
    400: "the receiver does not understand the message",
    401: "the receiver does not know us: look at the url, the secret and the headers",
    403: "the receiver does not let us in: look at the url, the secret and the headers",
    404: "there is nothing at this url",
    410: "the receiver has closed this url for good",
    413: "the message is too large for the receiver",
    429: "too many messages",
}

# urllib3 logs the path of what it posts to, and the path of a webhook is a secret.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

_DEADLINE: ContextVar[Deadline] = ContextVar("deadline of the post under way")


class _Answer(http.client.HTTPResponse):
    """An answer whose every read, of the headers too, is bounded by the deadline of the post under way."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        assert isinstance(self.fp, io.BufferedReader)
        self.fp = io.BufferedReader(TimedReader(sock, self.fp.detach(), _DEADLINE.get().left))


class _Adapter(HTTPAdapter):
    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the host's pool, whose connections (urllib3's, http.client's below) read their answers in time."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        if getattr(pool.ConnectionCls, "response_class", None) is not _Answer:
            pool.ConnectionCls = type("Connection", (pool.ConnectionCls,), {"response_class": _Answer})
        return pool


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


def as_json(message: Message) -> str:
    """Return the message's body as JSON; the same for every retry, however the store may have ordered its keys."""
    if message.body is None:
        raise DeliveryError("this message was rendered without the JSON body that its channel posts")
    text = json.dumps(dict(message.body), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode(errors="replace").decode()  # a lone surrogate is no Unicode, and no UTF-8 either


class Poster:
    """Posts to one URL over connections that are kept open; threads may share it."""

    def __init__(self, url: SecretStr, connections: int) -> None:
        self._url = url
        self._host = urlsplit(url.get_secret_value()).hostname
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.clear()
        self._session.headers.update({"User-Agent": "deadline-alerts", "Accept-Encoding": "identity"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=connections))

    def post(self, body: bytes, headers: dict[str, str], total: timedelta) -> tuple[int, bytes]:
        """Return the status, one of 2xx, and the start of the answer. Raises DeliveryError; its text has no path."""
        deadline = Deadline(total)
        token = _DEADLINE.set(deadline)
        try:
            left = deadline.left()
            with self._session.post(
                self._url.get_secret_value(),
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=(min(left, CONNECT_AT_MOST), left),
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = _start_of(response)
        except (requests.RequestException, OSError, ValueError) as error:
            raise DeliveryError(f"{self._host}: {reason(error)}") from None
        finally:
            _DEADLINE.reset(token)
        if 200 <= response.status_code < 300:
            return response.status_code, answer
        raise self._refusal(response, answer)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _refusal(self, response: requests.Response, answer: bytes) -> DeliveryError:
        """Only 410 is for good (Standard Webhooks); all else may be mended, here or there."""
        status = response.status_code
        words = [f"{self._host}: HTTP {status}"]
        if hint := _HINTS.get(301 if 300 <= status < 400 else status):
            words.append(hint)
        if re.fullmatch(
            rb"[a-z]+(_[a-z]+)+", answer[:60].strip()
        ):  # Slack's kind of reason: invalid_blocks, no_service
            words.append(answer[:60].strip().decode())
        return DeliveryError(
            "; ".join(words),
            permanent=status == 410,
            retry_after=retry_after(response.headers.get("Retry-After", ""), utc_now()),
        )


def _start_of(response: requests.Response) -> bytes:
    """Read the answer, so that the connection can be used again; one that does not end is dropped.

    The status has been said by now: an answer that breaks off, or drips until the deadline, changes nothing.
    """
    answer = b""
    try:
        for chunk in response.iter_content(8192):
            answer += chunk
            if len(answer) > ANSWER_LIMIT:
                response.raw.close()
                break
    except (requests.RequestException, OSError):
        response.raw.close()
    return answer[:ANSWER_LIMIT]


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the pause that a Retry-After asks for (RFC 9110 §10.2.3: seconds, or a date); None for anything else."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    pause = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(pause, _LONGEST_PAUSE) if pause > timedelta(0) else None
