"""What would be live in a post, by the grammar of each chat: mentions, links, tags, and the beginnings of blocks."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

Body = Any
BARE = re.compile(r"\w:/{2}\S*|\bwww\d{0,3}\.\S+|\bmailto:\S+|@\w+", re.IGNORECASE)
BLOCKS = re.compile(r"^\s*(#{1,6} |-# |>|[-+*] |\d+[.)] |-{3,}|={2,}|`{3})", re.MULTILINE)
TYPES = {"message", "AdaptiveCard", "Container", "RichTextBlock", "TextRun", "Action.OpenUrl"}


def slack(body: Body, allowed: str) -> Iterator[str]:
    """Only what stands between < and > is live where nothing is made a link by itself ("verbatim")."""
    header, *sections = (block["text"] for block in body["blocks"])
    yield from re.findall("[<>]", header["text"] + body["text"])
    for section in sections:
        yield from [] if section["verbatim"] else ["bare links"]
        yield from (
            found
            for found in re.findall("<([^>]*)>?", section["text"])
            if not html.unescape(found).startswith(allowed + "|")
        )


def _markdown(text: str, allowed: str, more: str) -> Iterator[str]:
    text = re.sub(r"(?s)\\([!-/:-@\[-`{-~])|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", "¤", text)  # escaped, or code
    text = text.replace(f"]({allowed})", "]()")
    yield from re.findall(r"\]\([^)]+\)?|\]\[|\]:|!\[|<[^\s>]*", text)
    yield from BARE.findall(text)
    yield from re.findall(more, text)
    quoted = [line.removeprefix("> ") for line in text.splitlines()]  # ours
    yield from BLOCKS.findall("\n".join(quoted))


def discord(body: Body, allowed: str) -> Iterator[str]:
    """Markdown as it reads it; what is hidden with bars, and emojis by their names."""
    yield from [] if body["allowed_mentions"] == {"parse": []} else ["mentions"]
    for embed in body["embeds"]:
        for name in ("title", "description"):
            yield from _markdown(embed.get(name, ""), allowed, r"\|\||:[a-z]\w+:")


def mattermost(body: Body, allowed: str) -> Iterator[str]:
    """Markdown as it reads it; #hashtags, ~channels, emojis by their names."""
    (attachment,) = body["attachments"]
    yield from BARE.findall(attachment["fallback"])
    for name in ("title", "text"):
        yield from _markdown(attachment[name], allowed, r"(?<!\w)#[A-Za-z]\w*|~\w+|:[a-z]\w+:|&(?!amp;|lt;)#?\w+;")


class _Tags(HTMLParser):
    def __init__(self, allowed: str) -> None:
        super().__init__()
        self.allowed, self.live, self.words = allowed, list[str](), ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {"b": [], "i": [], "br": [], "font": ["color"], "a": ["href"]}
        ours = [name for name, _ in attrs] == known.get(tag)
        if not ours or dict(attrs).get("href") not in (None, self.allowed):
            self.live.append(tag)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_comment(self, data: str) -> None:
        self.live.append(data)


def googlechat(body: Body, allowed: str) -> Iterator[str]:
    """A few tags in a card's texts; in the plain ones the mentions <users/…>, and links by themselves."""
    card = body["cardsV2"][0]["card"]
    plain = card["header"]["title"] + "\n" + body["fallbackText"]
    yield from re.findall("[<>]", plain)
    yield from BARE.findall(plain)
    for (widget,) in (section["widgets"] for section in card["sections"]):
        for button in widget.get("buttonList", {}).get("buttons", ()):
            yield from {button["onClick"]["openLink"]["url"]} - {allowed}
        tags = _Tags(allowed)
        tags.feed(widget.get("textParagraph", {}).get("text", ""))
        tags.close()
        yield from tags.live
        yield from (found for found in BARE.findall(tags.words) if not found.startswith("@{"))


def teams(body: Body, allowed: str) -> Iterator[str]:
    """No markup is read in a TextRun, but functions; a link is an action."""
    if isinstance(body, list):
        for one in body:
            yield from teams(one, allowed)
    elif isinstance(body, dict):
        yield from {body.get("type", "TextRun")} - TYPES
        yield from {body.get("url", allowed)} - {allowed}
        yield from re.findall(r"\{\{", body.get("text", ""))
        yield from (name for name in ("entities", "facts") if name in body)
        for one in body.values():
            yield from teams(one, allowed)


def ntfy(body: Body, allowed: str) -> Iterator[str]:
    """Plain text: nothing in it is read as Markdown, and a tap leads nowhere else (docs.ntfy.sh, "Publish as JSON")."""
    yield from set(body) & {"markdown", "attach", "filename", "icon", "email", "call"}
    yield from {body.get("click", allowed), *(one["url"] for one in body.get("actions", ()))} - {allowed}


def pagerduty(body: Body, allowed: str) -> Iterator[str]:
    """Links and images have fields of their own; all else is text."""
    yield from set(body) - {"dedup_key", "event_action", "client", "payload", "links"}
    yield from {link["href"] for link in body.get("links", ())} - {allowed}


def apprise(body: Body, _allowed: str) -> Iterator[str]:
    """Text alone, sent as such; attachments and tags would be fields of their own."""
    yield from set(body) - {"title", "body", "type"}


LIVE: dict[str, Callable[[Body, str], Iterator[str]]] = {
    check.__name__: check for check in (apprise, discord, googlechat, mattermost, ntfy, pagerduty, slack, teams)
}
