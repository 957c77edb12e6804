"""What each service takes, as its pages have it: a body that is larger, or of another shape, is refused there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema import Draft6Validator
from slack_sdk.models.blocks import Block

if TYPE_CHECKING:
    from adaptive_cards.card import AdaptiveCard

Body = Any


@cache
def cards() -> Draft6Validator:
    """Return what checks a card against the schema that its makers publish."""
    import adaptive_cards  # takes a while, and each process of `make test` imports this file

    schema = Path(adaptive_cards.__file__).parent / "schemas" / "schema-1.4.json"
    return Draft6Validator(json.loads(schema.read_text(encoding="utf-8-sig")))


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def discord(body: Body) -> None:
    """docs.discord.com, "Message Resource": Embed Limits; "Webhook Resource": Execute Webhook."""
    assert set(body) == {"embeds", "allowed_mentions"}
    assert body["allowed_mentions"] == {"parse": []}
    assert 1 <= len(body["embeds"]) <= 10
    assert all(set(embed) <= {"title", "description", "color"} for embed in body["embeds"])
    assert all(0 <= embed["color"] <= 0xFFFFFF for embed in body["embeds"])
    titles = [embed["title"] for embed in body["embeds"] if "title" in embed]
    texts = [embed["description"] for embed in body["embeds"] if "description" in embed]
    assert all(text.strip() and utf16(text) <= 256 for text in titles)
    assert all(text.strip() and utf16(text) <= 4096 for text in texts)
    assert sum(map(utf16, titles + texts)) <= 6000


def slack(body: Body) -> None:
    """docs.slack.dev, "Header block", "Section block", "Text object"; 13,200 characters by what it answers."""
    assert len(body["blocks"]) <= 50
    texts = [block["text"]["text"] for block in body["blocks"]]
    assert 1 <= utf16(texts[0]) <= 150
    assert all(1 <= utf16(text) <= 3000 for text in texts)
    parsed = Block.parse_all(body["blocks"])
    for block in parsed:
        block.validate_json()
    assert [block.to_dict() for block in parsed] == body["blocks"]
    assert utf16(body["text"]) + sum(map(utf16, texts)) <= 13_200


def mattermost(body: Body) -> None:
    """docs.mattermost.com, "Message attachments"; the server's model.PostMessageMaxRunesV2."""
    assert set(body) == {"attachments"}
    (attachment,) = body["attachments"]
    assert set(attachment) == {"title", "fallback", "color", "text"}
    assert re.fullmatch("#[0-9a-f]{6}", attachment["color"])
    assert attachment["fallback"].strip()
    assert sum(len(attachment[name]) for name in ("title", "fallback", "text")) <= 16_383


def googlechat(body: Body) -> None:
    """developers.google.com/workspace/chat, "Message" and "Card"; 32,000 octets by "Create messages"."""
    assert set(body) - {"thread"} == {"fallbackText", "cardsV2"}
    assert len(as_json(body)) <= 32_000
    (one,) = body["cardsV2"]
    assert set(one) == {"cardId", "card"}
    assert one["card"]["header"]["title"].strip()
    widgets = [widget for section in one["card"]["sections"] for widget in section["widgets"]]
    assert 1 <= len(widgets) <= 100
    texts = [widget["textParagraph"]["text"] for widget in widgets if set(widget) == {"textParagraph"}]
    lists = [widget["buttonList"]["buttons"] for widget in widgets if set(widget) == {"buttonList"}]
    assert len(texts) + len(lists) == len(widgets)
    assert all(text.strip() for text in texts)
    assert all(button["text"] and button["onClick"]["openLink"]["url"] for buttons in lists for button in buttons)
    assert 1 <= len(body.get("thread", {"threadKey": "x"})["threadKey"]) <= 4000


def teams(body: Body) -> None:
    """The schema of Adaptive Cards 1.4; learn.microsoft.com, "Create and send messages": 28 KB, of which we plan 20."""
    assert len(as_json(body)) <= 20_000
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = card_of(body)
    read = card_model().model_validate(card).model_dump(mode="json", exclude_unset=True, by_alias=True)
    assert as_json(read).lower() == as_json(card).lower()  # nothing that it does not know; it writes values small


@cache
def card_model() -> type[AdaptiveCard]:
    """Return the model of a card: what imports it takes a while, and each process of `make test` imports this file."""
    from adaptive_cards.card import AdaptiveCard

    return AdaptiveCard


def card_of(body: Body) -> Body:
    """The Adaptive Card of a message to Teams, without what is not part of their schema."""
    (attachment,) = body["attachments"]
    return {name: value for name, value in attachment["content"].items() if name != "msteams"}


def as_json(body: Body) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def ntfy(body: Body) -> None:
    """docs.ntfy.sh, "Limitations": a larger message becomes an attachment; no more JSON than twice that."""
    assert set(body) - {"click", "actions"} == {"title", "message", "priority", "tags"}
    assert all(set(action) == {"action", "label", "url"} for action in body.get("actions", ()))
    assert len(body.get("actions", ())) <= 3
    assert body["message"].strip()
    assert len(body["message"].encode()) < 4096
    assert len(body["title"].encode()) <= 1024
    assert len(as_json(body)) + 100 < 8192  # the topic comes on top
    assert 1 <= body["priority"] <= 5


def pagerduty(body: Body) -> None:
    """developer.pagerduty.com, "Send an Alert Event": the fields, their limits, and 512 KB in all."""
    assert body["event_action"] in ("trigger", "resolve")
    assert 1 <= len(body["dedup_key"]) <= 255
    if body["event_action"] == "trigger":
        payload = body["payload"]
        assert 1 <= len(payload["summary"]) <= 1024
        assert payload["source"]
        assert payload["severity"] in ("critical", "error", "warning", "info")
    assert len(as_json(body)) <= 512_000


def apprise(body: Body) -> None:
    """What the service of the URL takes, as Apprise says it: json:// takes 32,768 characters."""
    assert set(body) == {"title", "body", "type"}
    assert body["body"].strip()
    assert len(body["title"]) + len(body["body"]) <= 32_768
    assert body["type"] in ("info", "warning", "failure")


def webhook(body: Body) -> None:
    """standardwebhooks.com: a type, a timestamp, the data. It takes as much as whoever made the receiver likes."""
    assert set(body) == {"type", "timestamp", "data"}


CHECKS: dict[str, Callable[[Body], None]] = {
    check.__name__: check
    for check in (apprise, discord, googlechat, mattermost, ntfy, pagerduty, slack, teams, webhook)
}


def texts_of(body: Body) -> list[str]:
    """All strings in a body."""
    if isinstance(body, str):
        return [body]
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return [text for one in inner for text in texts_of(one)]


def well_formed(body: Body) -> None:
    """JSON in UTF-8, in which nothing steers what shows it."""
    json.dumps(body, ensure_ascii=False).encode()
    said = set("".join(texts_of(body))) - {"\n"}
    assert not said & {*map(chr, range(32)), "\x7f", "\u202e", "\u2066", "\u2028"}
