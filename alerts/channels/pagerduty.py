"""PagerDuty: one incident per commitment, by the Events API v2 (developer.pagerduty.com: "Events API v2 Overview").

There, "Send an Alert Event" has the fields and their limits, "Response Codes & Retry Logic" the answers, and
"Events API Rate Limits" about 120 calls a minute for each integration key.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, SecretStr, field_validator

from alerts.channels.transport.chat import Chat, ChatSettings
from alerts.channels.transport.http import Url
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.channels.transport.plain_text import json_octets, plain_text, rank
from alerts.core.messages import Outgoing
from alerts.core.posts import Post, shortened
from alerts.core.sending_rates import Rate

SUMMARY, KEY, TEXT, ADDRESS = 1024, 255, 100_000, 2000  # characters, characters, octets (of 512 KB in all), octets
_SEVERITIES = ("info", "warning", "error", "critical")
_THROTTLED = 120  # seconds: "preferably with a backoff of a few minutes"
_NO_KEY = "PagerDuty does not know the routing_key: look at it, and at the url if the account is in the EU region"
_HINTS = {400: "PagerDuty does not understand the event", 429: "too many events at a time"}


def _key(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9]{32}", secret.get_secret_value()):
        raise ValueError("expected the 32 letters and digits of an integration's key")
    return secret


class PagerDutySettings(ChatSettings):
    """The integration's key, which is a secret, and the URL for events: the EU service region has its own."""

    routing_key: Annotated[SecretStr, AfterValidator(_key)]
    url: Url = SecretStr("https://events.pagerduty.com/v2/enqueue")

    @field_validator("connections")
    @classmethod
    def _keeps_the_order(cls, connections: int | None) -> int | None:
        if (connections or 1) > 1:
            raise ValueError("expected 1: the end of a commitment must not overtake what opens its incident")
        return connections


class PagerDuty(Chat):
    """Opens an incident with the first reminder of a commitment, adds each later one, and resolves it at the end."""

    kind: ClassVar[str] = "pagerduty"
    options: ClassVar[type[ChatSettings]] = PagerDutySettings
    rate: Rate | None = Rate(120, "min")
    one_at_a_time: ClassVar[bool] = True
    holds_open: ClassVar[bool] = True

    def __init__(self, name: str, settings: PagerDutySettings) -> None:
        super().__init__(name, settings)
        self._added = {"routing_key": settings.routing_key}

    def body(self, post: Post) -> dict[str, object]:
        """Return all but the routing key: the end of a commitment resolves its incident, all else triggers one."""
        event: dict[str, object] = {"dedup_key": dedup_key(post), "event_action": "trigger"}
        if post.ended:
            return event | {"event_action": "resolve"}
        text = plain_text(post.without_answer_line(), TEXT, json_octets)
        lines = [line for line in text.splitlines() if line]
        payload = {
            "summary": shortened(post.title, SUMMARY),
            "source": post.thread or "deadline-alerts",
            "severity": _SEVERITIES[rank(post)],
            "class": ", ".join(post.kinds) or post.urgency,
            "custom_details": {"text": lines, "words": lines},  # `words`: the old name, for one release
        }
        if post.occurrence:
            payload["component"] = post.occurrence
        if links := _links(post):
            event["links"] = links
        return event | {"client": "deadline-alerts", "payload": payload}

    def send(self, outgoing: Outgoing) -> str:
        """Post it with the time at which it was written, even if it arrives late. The rest is as in every chat."""
        message = outgoing.message
        payload: Any = (message.body or {}).get("payload")
        if payload:
            timed = {**payload, "timestamp": message.rendered_at.isoformat()}
            message = replace(message, body={**(message.body or {}), "payload": timed})
        return super().send(replace(outgoing, message=message))

    def verdict(self, status: int, answer: bytes) -> Verdict:
        """Return what an error means. A wrong key and a wrong event both get 400; only the text differs."""
        if status == 400 and re.search(r"routing.?key", str(json_of(answer).get("errors")), re.IGNORECASE):
            return Verdict(outcome="out", hint=_NO_KEY)
        return Verdict(hint=_HINTS.get(status), pause=_THROTTLED if status == 429 else None)


def _links(post: Post) -> list[dict[str, str]]:
    """Return the links of an incident: to the page for answers, and to the source."""
    named = [(post.answer.text, post.answer.link)] if post.answer else []
    named.append(("Source", post.link))
    return [{"href": link, "text": text} for text, link in named if link and len(link.encode()) <= ADDRESS]


def dedup_key(post: Post) -> str:
    """Return the incident of a post: that of its commitment's occurrence; a post about several has its own."""
    if post.thread:
        key = f"{post.thread}/{post.occurrence}".removesuffix("/")
    else:
        key = f"{post.urgency}/{_hashed(repr((post.title, post.sections)))}"
    return key if len(key) <= KEY else _hashed(key)


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
