"""Webhooks: a JSON object posted to a URL, signed as Standard Webhooks describes (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from standardwebhooks import Webhook as Signer

from alerts.channels.transport.http import Poster, Url, as_json
from alerts.channels.transport.http_settings import HttpSettings
from alerts.clock import utc_now
from alerts.core.change_events import EventName
from alerts.core.messages import Outgoing
from alerts.core.posts import Post
from alerts.core.sending_rates import Rate

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 §5.6.2
_OURS = {"content-type", "content-length", "transfer-encoding", "connection", "host"}


def _signs(secret: str) -> bool:
    prefix, key = secret[:6], secret[6:]
    try:
        return prefix == "whsec_" and bool(base64.b64decode(key + "=" * (-len(key) % 4), validate=True))
    except (binascii.Error, ValueError):
        return False


def _signing(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not secrets or not all(_signs(secret.get_secret_value()) for secret in secrets):
        raise ValueError("expected whsec_ followed by the key in base64")
    return secrets


def _sendable(headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise ValueError("a header's name is no token, or is one that is set for you")
        text = value.get_secret_value()
        if not (text.isascii() and text.isprintable() and text == text.strip()):
            raise ValueError("a header's value must be one line of ASCII")
    return headers


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


class WebhookSettings(HttpSettings):
    """The URL, the secrets that sign (two during a change of secrets), and headers such as Authorization.

    `events`: the changes of commitments that it subscribes to. Then it gets these in their order, and no alerts.
    """

    url: Url
    secret: Annotated[tuple[SecretStr, ...], AfterValidator(_signing), BeforeValidator(_listed)] = ()
    headers: Annotated[dict[str, SecretStr], AfterValidator(_sendable)] = Field(default_factory=dict)
    events: Annotated[tuple[Literal[EventName, "all"], ...], BeforeValidator(_listed)] = ()

    @model_validator(mode="after")
    def _have_no_alerts(self) -> Self:
        if self.events and (self.hours or self.answers):
            raise ValueError("`hours` and `answers` are for alerts: a channel with `events` gets none")
        if self.events and (self.connections or 1) > 1:
            raise ValueError("`connections`: a channel with `events` has one, which keeps their order")
        return self


class Webhook:
    """Posts each notification as JSON; every retry carries the same `webhook-id` and the same bytes."""

    kind: ClassVar[str] = "webhook"
    options: ClassVar[type[WebhookSettings]] = WebhookSettings
    medium: ClassVar[Literal["json"]] = "json"
    local: ClassVar[bool] = False
    one_at_a_time: ClassVar[bool] = False
    rate: Rate | None = None
    burst: int = 1
    holds_open: ClassVar[bool] = False
    default: bool = False
    answers: bool = False
    recipients: tuple[str, ...] = ("",)

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self.name = name
        self.answers = bool(settings.answers)
        self.timezone = settings.timezone
        self.timeout = settings.total_timeout
        self.connections = settings.connections or (1 if settings.events else 4)
        self._headers = settings.headers
        self._signers = [Signer(secret.get_secret_value()) for secret in settings.secret]
        self._poster = Poster(settings.url, self.connections, route=settings.route)

    def body(self, post: Post) -> None:
        """Return None: the message itself is sent."""

    @property
    def server(self) -> str:
        """Return the host that it posts to."""
        return self._poster.host

    def send(self, outgoing: Outgoing) -> str:
        """Return the status, e.g. "HTTP 200". Raises DeliveryError."""
        body = as_json(outgoing.message)
        now = utc_now()  # the time of this try: receivers refuse signatures that are more than five minutes old
        headers = {name: value.get_secret_value() for name, value in self._headers.items()}
        headers |= {"webhook-id": str(outgoing.id), "webhook-timestamp": str(int(now.timestamp()))}
        if self._signers:
            signatures = [signer.sign(str(outgoing.id), now, body) for signer in self._signers]
            headers["webhook-signature"] = " ".join(signatures)
        status, _ = self._poster.post(body.encode(), headers, self.timeout)
        return f"HTTP {status}"

    def close(self) -> None:
        """Close the connections."""
        self._poster.close()
