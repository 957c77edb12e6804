"""Microsoft Teams: an Adaptive Card, posted to a workflow that begins "When a Teams webhook request is received".

learn.microsoft.com: "Create incoming webhooks with Workflows for Microsoft Teams", "Create and send messages" (28 KB,
four a second), "Adaptive Cards schema explorer": RichTextBlock, TextRun, Container. The older connectors and their
cards are retired.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, ClassVar

from alerts.channels.transport.chat import Chat
from alerts.channels.transport.http_answers import Verdict, json_of
from alerts.core.posts import Line, Post, Run, Section, octets, shortened
from alerts.core.sending_rates import Rate

TITLE, SECTION, ALL = 300, 5000, 20_000  # characters, octets, octets of the whole message
ENVELOPE, LINK = 600, 2000  # octets of what surrounds the sections; characters of an address
STYLES = {  # styles of a container, by urgency
    "late": "attention", "today": "warning", "soon": "accent", "coming": "accent", "open": "emphasis",
    "moved": "accent", "changed": "good", "failure": "attention",
}  # fmt: skip
_VERDICTS = {  # by the error code
    "WorkflowNotFound": Verdict(outcome="off", hint="the workflow was deleted: make another"),
    "WorkflowTriggerIsNotEnabled": Verdict(outcome="out", hint="the workflow is turned off: its owner can turn it on"),
}


def _inert(text: str) -> str:
    """Make text inert: a TextRun knows no Markdown, but it knows date functions such as {{DATE(…)}}."""
    return re.sub(r"\{(?=\{)", "{\u200b", text)


def _run(run: Run, quote: bool) -> dict[str, object]:
    escaped: dict[str, object] = {"type": "TextRun", "text": _inert(run.text)}
    escaped |= {"weight": "Bolder"} if run.bold else {}
    escaped |= {"italic": True} if run.italic or quote else {}
    escaped |= {"isSubtle": True} if quote else {}
    escaped |= {"fontType": "Monospace"} if run.code else {}
    return escaped | ({"selectAction": _opening(run.link)} if run.link and len(run.link) <= LINK else {})


def _opening(link: str) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "url": link}


def _actions(post: Post) -> list[dict[str, str]]:
    """Return the buttons below the card: to answer, and to open the source."""
    named = [(post.answer.text, post.answer.link)] if post.answer else []
    named.append(("Open the source", post.link))
    return [_opening(link) | {"title": title} for title, link in named if link and len(link) <= LINK]


def _line(line: Line) -> dict[str, object]:
    inlines = [_run(run, line.quote) for run in line.runs if run.text]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": inlines}


def _container(section: Section) -> dict[str, object]:
    lines = [_line(line) for line in section if line.text.strip()]
    return {"type": "Container", "separator": True, "items": lines}


def _size(container: dict[str, object]) -> int:
    """Return the octets of a container in JSON."""
    return octets(json.dumps(container, ensure_ascii=False))


class Teams(Chat):
    """Posts a card to one Teams channel or chat: a colored title, and one container for each section."""

    kind: ClassVar[str] = "teams"
    rate: Rate | None = Rate(4, "s")
    answers: bool = True

    def body(self, post: Post) -> dict[str, object]:
        """Return a message with one card of version 1.4, the newest that all Teams clients show."""
        title = _inert(shortened(post.title, TITLE))
        actions = _actions(post)
        post = post.without_answer_line()
        room = ALL - ENVELOPE - octets(json.dumps(title)) - octets("".join(one["url"] for one in actions))
        containers = post.fitted(_container, _size, section=SECTION, whole=room, between=1)
        run = {"type": "TextRun", "text": title, "weight": "Bolder", "size": "Medium"}
        head: dict[str, Any] = {"type": "Container", "style": STYLES[post.urgency], "bleed": True}
        head["items"] = [{"type": "RichTextBlock", "inlines": [run]}]
        card: dict[str, object] = {"type": "AdaptiveCard", "version": "1.4", "msteams": {"width": "Full"}}
        card["body"] = [head, *containers]
        card |= {"actions": actions} if actions else {}
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
        return {"type": "message", "attachments": [attachment]}

    def verdict(self, _status: int, answer: bytes) -> Verdict:
        """Return what an error means, by its code."""
        error = json_of(answer).get("error")
        code = str(error.get("code", "")) if isinstance(error, dict) else ""
        return replace(_VERDICTS.get(code, Verdict()), reason=code)
