"""How large a mail is, as a server received it: a reader's program shows all of it, the commands above all."""

from __future__ import annotations

import re
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from random import Random
from typing import Any
from uuid import UUID

import pytest

from alerts import channels
from alerts.core.answer_links import placeholders, read
from alerts.core.commitments import Party, Person
from alerts.core.delivery_failures import DeliveryFailure
from alerts.core.messages import Outgoing
from alerts.core.notifications import Notification
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Revision
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.signed_messages import signed
from tests.channels.cases import LINKS
from tests.factories import rule
from tests.patience import EXACT
from tests.rendering.reminder_factories import NOW, TEMPLATES, bounds_of, notification, told

LARGEST = 100_000  # Gmail shows 102 KB of HTML
ALPHABETS = ["a b", "&'<>\"", "報告書", "🚀🧨", "x", "<script>&amp;", "e\u0301\u202e\u2028"]
KINDS = ["before", "overdue", "review", "moved", "closed", "on_the_day", "opens"]
LISTED = re.compile(r"alerts ack k\d+")


def hostile(random: Random) -> Notification:
    """As many as it may be, of any length and of any letters; a digest or a summary."""

    def words(most: int) -> str:
        length = random.choice([1, 20, most])
        return "".join(random.choices(random.choice(ALPHABETS), k=length)) or "x"

    def one(number: int) -> Any:
        kind = random.choice(KINDS)
        parties = tuple(Party(key=f"p{n}", name=words(500)) for n in range(random.choice([0, 1, 30])))
        change = Revision(
            number=2, what="moved", recorded_at=NOW, recorded_by=words(500), reason=words(500), source=words(500),
            cause="c" * 100, before=bounds_of("2025-11-10"), after=bounds_of("2026-11-10"),
        )  # fmt: skip
        stated = {
            "key": f"k{number}" + "y" * random.choice([0, 90]),
            "title": words(500),
            "note": words(10_000),
            "priority": random.choice(["low", "normal", "critical"]),
            "status": "fulfilled" if kind == "closed" else "open",
        }
        return told(
            "undated" if kind == "review" else random.choice(["2025-11-10", "2025-10-01", "after 2025-11-10"]),
            kind,
            commitment=stated,
            by=parties,
            owner=Person(key="o", name=words(500), email="o@example.org"),
            change=change if kind in ("moved", "closed") else None,
        )

    items = [one(number) for number in range(random.choice([2, 30, 80, 201, 600]))]
    trouble = DeliveryFailure(id=UUID(int=3), channel="chat", recipient="", state="dead", error=words(2_000))
    summary = None
    if random.random() < 0.4:
        items = items[:200]
        scope = Scope(rule=rule(summary="P30D"), firing=NOW)
        listed = tuple(("due", item.tracked) for item in items)
        summary = Summary(scope=scope, due=len(items) + 5_000, listed=listed, quiet=50)
    return notification(*items, summary=summary, fallback_for=random.choice([None, trouble]))


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    """The text and the HTML."""
    found = [mail.get_body((kind,)) for kind in ("plain", "html")]
    text, html = (part.get_content() if part else "" for part in found)
    return text, html


@pytest.mark.parametrize("seed", range(24 if EXACT else 8))
def test_of_whatever_it_is_made_a_mail_is_shown_whole(seed: int, smtp_server: Any, postbox: Any) -> None:
    asked = hostile(Random(seed))
    smtp = {"host": "127.0.0.1", "port": smtp_server(), "security": "none"}
    channel = channels.build("desk", "email", {"from": "a@example.org", "to": ["desk@example.org"], "smtp": smtp})
    message, error = compose(Renderer([TEMPLATES]), channel, asked)
    assert error is None
    channel.send(Outgoing(id=asked.id, recipient="desk@example.org", message=message))
    channel.close()
    text, html = parts_of(message_from_bytes(postbox.mails[0], policy=default))
    assert len(html.encode()) < LARGEST
    assert len(text.encode()) < LARGEST
    commands = set(LISTED.findall(html))
    assert commands == set(LISTED.findall(text))
    assert 1 <= len(commands) <= 200
    total = asked.summary.due if asked.summary else len(asked.contexts)
    more = re.search(r"… and (\d+) more\. See all", text)
    open_ = {LISTED.match(f"alerts ack {one.tracked.commitment.key}")[0] for one in asked.contexts}  # type: ignore[index]
    assert commands <= open_
    if more:
        assert total - int(more[1]) <= 200
        assert "alerts list" in html
        assert more[0] in html


@pytest.mark.parametrize("seed", range(4))
def test_with_links_it_is_shown_whole_too_and_each_entry_has_its_own(seed: int, renderer: Renderer) -> None:
    asked = replace(hostile(Random(seed)), links=LINKS)
    message, error = renderer.render(asked, "mail")
    assert error is None
    html, text = signed(message, asked.id, (bytes(32),)).html or "", message.text
    assert len(html.encode()) < LARGEST
    assert len(text.encode()) < LARGEST
    tokens = set(re.findall(r"/a/([0-9a-z]+)", html))
    assert len(tokens) == len(placeholders(text)) == len(placeholders(message.html or ""))
    assert all(read(token, (bytes(32),)) for token in tokens)


@pytest.mark.parametrize("count", [2, 500])
def test_the_built_in_plain_message_is_bounded_too(tmp_path: Any, count: int) -> None:
    items = [told(commitment={"key": f"k{n}", "title": "報" * 500}) for n in range(count)]
    message, error = Renderer([tmp_path]).render(notification(*items), "mail")
    assert error
    assert len(message.text.encode()) < LARGEST
    listed = message.text.count("alerts show k")
    assert (f"… and {count - listed} more: alerts list" in message.text) == (listed < count)
