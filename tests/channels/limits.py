"""What each service takes, as its pages have it: a body that is larger, or of another shape, is refused there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Body = Any


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
    assert utf16(body["text"]) + sum(map(utf16, texts)) <= 13_200


def webhook(_: Body) -> None:
    """A webhook of one's own takes what it is made for."""


CHECKS: dict[str, Callable[[Body], None]] = {"discord": discord, "slack": slack, "webhook": webhook}


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
