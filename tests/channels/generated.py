"""Notifications of odd data, the same in every run (SEED=n for others), rendered once for each form.

A hundred and fifty; in `make simulate` two thousand.
"""

from __future__ import annotations

import os
import random
import sys
from functools import cache, partial
from typing import Any

from alerts.core.commitments import Citation, Party, Source
from alerts.core.messages import Medium, Message
from alerts.core.notifications import Notification
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import BRIEF, TEMPLATES, notification, single, told

COUNT = 2000 if os.environ.get("SIMULATE") == "whole" else 150
SEED = int(os.environ.get("SEED", "20251110"))
WORDS = "truce tariff soybean report review desk filing pledge notice quota schedule licence".split()
STRANGE = [
    "", " ", "\t", "\n\n", "\r\n", "\x00", "\x1b[31m", "\x07", "\u202e", "\u2066", "\u200b", "\ufeff", "\ud800",
    "\udfff", "مراجعة الهدنة", "ביקורת", "期限を守る", "приём", "é", "e\u0301\u0323" * 5, "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "😀" * 40, "\U0010ffff", "ﷺ", "*bold*", "**bold**", "_it_", "__it__", "~~no~~", "~no~", "||hid||", "`code`",
    "``", "```\nblock\n```", "\\", "\\*", "$x^2$", "# head", "> quote", "1. one", "- two", "* three", "---",
    "===", "| a | b |", "[x](https://evil.example)", "![x](https://evil.example/x.png)",
    "<https://evil.example|x>", "<b>", "</p><hr>", "<a href='x'>", "&amp;", "&lt;", "&#64;", "<!channel>",
    "<@U123>", "<@&1>", "<#1>", "<users/all>", "<at>x</at>", "@everyone", "@here", "@all", "#general", "~town",
    ":smile:", "{{ 7*7 }}", "{% x %}", "${x}", "%s", "https://evil.example/?a=1&b=2", "www.evil.example",
    "a@evil.example", "mailto:a@evil.example", "<t:0:R>", "</x:1>", "\u2028", "\x85", "\u3164", "x" * 300, "“”",
    "…",
]  # fmt: skip
DEADLINES = (
    "2025-11-10,after 2025-11-10,by 2025-11-05,until 2025-12-01,between 2025-11-28 and 2025-12-28,undated,2025-11,"
)
DEADLINES += "2025-11-10T12:01-05:00,2025-10-20,undated (tbd),every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"
KINDS = ("before", "on_the_day", "opens", "overdue", "review")


def _text(by: random.Random, huge: bool = False) -> str:
    """Mostly words, with what is strange between them; at times nothing, or a hundred thousand signs if `huge`."""
    kind = by.random()
    if kind < 0.06:
        return ""
    parts = [by.choice(STRANGE) if by.random() < 0.4 else by.choice(WORDS) for _ in range(by.choice((1, 2, 5, 12, 40)))]
    text = by.choice((" ", " ", "", "\n")).join(parts)
    if huge and kind < 0.4:
        return (text + by.choice(("x", "word ", "*", "😀", "&", "@a ", "ا", "\n", '"', "\\", "`")) * 100_000)[:100_000]
    if kind < 0.12:
        text += "".join(chr(by.randrange(sys.maxunicode)) for _ in range(50))
    return text


def _told(by: random.Random) -> dict[str, Any]:
    text = partial(_text, by, by.random() < 0.02)
    stated: dict[str, Any] = {"title": text(), "note": text() or None, "owner": text() or None}
    stated["tags"] = tuple(text() for _ in range(by.choice((0, 1, 4))))
    stated["assumptions"] = tuple(text() for _ in range(by.choice((0, 1, 3))))
    stated["key"] = by.choice(("truce-review", "k" * 100, "a.b_c@d-1"))
    stated["source"] = Citation(key="brief", locator=text() or None, quote=text() or None)
    stated["priority"] = by.choice(("low", "normal", "high", "critical"))
    url = by.choice(
        (None, BRIEF.url, text(), "https://example.org/" + "path" * by.choice((1, 700)), "http://[::1]/a_b(c)")
    )
    source = Source(key="brief", title=text(), publisher=text() or None, url=url)
    parties = tuple(Party(key=f"p{number}", name=text()) for number in range(by.choice((0, 1, 2, 9))))
    return {"commitment": stated, "source": source, "by": parties, "reminder": {"rule": text() or "rule"}}


@cache
def notifications() -> tuple[Notification, ...]:
    """All of them: mostly of one reminder, some digests."""
    by = random.Random(SEED)
    made = []
    for _ in range(COUNT):
        count = by.choice((*[1] * 17, 2, 8, 40))
        things = [(by.choice(DEADLINES.split(",")), by.choice(KINDS), _told(by)) for _ in range(count)]
        if count == 1:
            made += [single(when, kind, **rest) for when, kind, rest in things]
        else:
            made.append(notification(*(told(when, kind, **rest) for when, kind, rest in things)))
    return tuple(made)


@cache
def messages(medium: Medium) -> tuple[Message, ...]:
    """All of them rendered in a form; none goes out as the built-in plain message."""
    renderer = Renderer([TEMPLATES])
    rendered = [renderer.render(one, medium) for one in notifications()]
    assert not any(error for _, error in rendered)
    return tuple(message for message, _ in rendered)
