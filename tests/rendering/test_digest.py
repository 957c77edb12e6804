"""Several reminders in one message."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from alerts.core.notifications import Notification
from alerts.core.tracked import OwnSnooze
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NOW, TEMPLATES, at, notification, slack_body, told
from tests.rendering.test_hostile import NASTY


def mixed() -> Notification:
    def one(key: str, deadline: str, about: str, **commitment: Any) -> Any:
        return told(deadline, about, commitment={"key": key, "title": f"The {key}", **commitment})

    return notification(
        one("tariff", "undated", "review"),
        one("later", "2025-12-01", "before"),
        one("truce", "after 2025-11-10", "before"),
        one("today", "2025-11-03", "on_the_day"),
        one("report", "2025-10-31", "overdue"),
        one("summit", "2025-10-30", "overdue", kind="event"),
        one("done", "2025-10-30", "closed", status="fulfilled"),
    )


def test_the_subject_counts_names_the_next_and_what_is_late(renderer: Renderer) -> None:
    message, error = renderer.render(mixed(), "mail")
    assert error is None
    assert message.subject == "7 deadlines: 1 overdue, next Mon 3 Nov"


def test_what_is_asked_orders_it_then_the_soonest(renderer: Renderer) -> None:
    text = renderer.render(mixed(), "text")[0].text
    places = [
        text.index(f"\n    The {key}") for key in ("summit", "report", "today", "truce", "later", "tariff", "done")
    ]
    assert places == sorted(places)
    assert '\n    alerts move report "YYYY-MM-DD" --because "…"\n' in text


def test_of_hundreds_as_many_are_listed_as_have_room_and_the_rest_are_counted(renderer: Renderer) -> None:
    many = notification(*(told(commitment={"key": f"k-{n}", "title": f"Number {n}."}) for n in range(500)))
    message, error = renderer.render(many, "mail")
    assert error is None
    listed = message.text.count("alerts ack k-")
    assert 50 <= listed <= 200
    assert message.subject.startswith("500 deadlines: ")
    assert "COMING (500)" in message.text
    assert f"… and {500 - listed} more. See all:\n    alerts list\n" in message.text
    html = message.html or ""
    assert html.count("alerts ack k-") == listed
    assert f"… and {500 - listed} more" in html


def test_what_is_critical_or_late_is_listed_first(renderer: Renderer) -> None:
    ahead = [told("2025-12-01", commitment={"key": f"ahead-{n}"}) for n in range(300)]
    late = [told("2025-10-01", "overdue", commitment={"key": f"late-{n}"}) for n in range(5)]
    vital = [told("2025-12-31", commitment={"key": f"vital-{n}", "priority": "critical"}) for n in range(5)]
    text = renderer.render(notification(*ahead, *late, *vital), "mail")[0].text
    for key in ("late", "vital"):
        assert [text.count(f"alerts ack {key}-{n}") for n in range(5)] == [1] * 5
    assert 0 < text.count("alerts ack ahead-") < 300


def test_no_more_than_two_hundred_are_listed_however_small_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "email"
    folder.mkdir()
    short = "{% for _, items in digest.groups %}{% for t in items %}<p>{{ t.key }}</p>{% endfor %}{% endfor %}"
    (folder / "digest.html").write_text(short)
    (folder / "digest.txt").write_text("{{ digest.more }} more")
    many = notification(*(told(commitment={"key": f"k-{n}"}) for n in range(500)))
    message, error = Renderer([tmp_path, TEMPLATES]).render(many, "mail")
    assert (error, (message.html or "").count("<p>"), message.text) == (None, 200, "300 more\n")


def test_a_digest_of_hundreds_fits_a_slack_post_and_says_what_is_left_out(renderer: Renderer) -> None:
    many = notification(*(told(commitment={"key": f"k-{n}"}) for n in range(500)))
    body = slack_body(renderer, many)
    blocks = body["blocks"]
    assert isinstance(blocks, list)
    assert len(blocks) <= 50
    assert sum(len(block["text"]["text"]) for block in blocks) <= 13_200
    assert "alerts list" in blocks[-2]["text"]["text"]
    assert "`alerts ack k-0`\\n`alerts close k-0 --as fulfilled`" in str(blocks)
    assert "Use the commands below each entry" in blocks[-1]["text"]["text"]


def test_a_webhook_carries_every_reminder_as_data(renderer: Renderer) -> None:
    body = renderer.render(mixed(), "json")[0].body or {}
    assert body["type"] == "deadline.digest"
    assert body["timestamp"] == "2025-11-03T14:00:00Z"
    data: Any = body["data"]
    assert [one["commitment"]["key"] for one in data["reminders"]][:2] == ["tariff", "later"]


def test_a_webhook_of_one_is_a_reminder_with_its_bounds(renderer: Renderer) -> None:
    asked = notification(told("after 2025-11-10", next_alert_at=at("2025-11-10T14:00")))
    body = renderer.render(asked, "json")[0].body or {}
    data: Any = body["data"]
    one = data["reminders"][0]
    assert body["type"] == "deadline.reminder"
    assert (one["earliest"], one["latest"]) == ("2025-11-11T05:00:00Z", None)
    assert (one["certainty"], one["kind"], one["rule"]) == ("no end", "before", "truce-desk")
    assert one["next_alert_at"] == "2025-11-10T14:00:00Z"
    assert one["source"]["url"] == "https://example.org/brief?a=1&b=2"


def html_of(renderer: Renderer, asked: Notification) -> str:
    message, error = renderer.render(asked, "mail")
    assert error is None
    return message.html or ""


def test_the_dates_are_drawn_by_week_in_text(renderer: Renderer) -> None:
    text = renderer.render(mixed(), "text")[0].text
    assert text.split("\n\n")[1:3] == [
        "DATES BY WEEK",
        """\
                                     Nov 2025    Dec            Jan 2026
                                     3  10 17 24 1  8  15 22 29 5  12 19 26
Mon 3 Nov   The today                ●  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·  ·
Mon 10 Nov  The truce                ·  ●┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
Mon 1 Dec   The later                ·  ·  ·  ·  ●  ·  ·  ·  ·  ·  ·  ·  ·
Not shown: 2 past their date, 1 open or without a date.""",
    ]


@pytest.mark.parametrize(
    "title", ["x" * 500, "報告書を提出する：輸出管理に関する年次報告書の提出期限", "a\u0301" * 60, "short"]
)
def test_the_lines_of_the_chart_stay_in_their_columns(renderer: Renderer, title: str) -> None:
    one = told("between 2025-11-28 and 2026-05-01", commitment={"key": "k", "title": title})
    text = renderer.render(notification(one, told()), "text")[0].text
    line = next(line for line in text.splitlines() if "━" in line)
    wide = sum("⺀" <= letter <= "\uffef" for letter in line) - sum(letter == "\u0301" for letter in line)
    assert len(line) + wide == 76
    assert line.endswith(" ·  ·  ·  " + "━" * 30)


def test_every_dated_item_is_drawn_in_html_under_its_date(renderer: Renderer) -> None:
    chart = html_of(renderer, mixed()).partition("Dates by week")[2].partition(">Overdue <")[0]
    for said in ("Mon 3 Nov<", "The today", "Mon 10 Nov<", "The truce", "Mon 1 Dec<", "The later"):
        assert chart.count(said) == 1
    assert "Not shown: 2 past their date, 1 open or without a date." in chart
    assert "The summit" not in chart
    shown = re.findall(r'class="(fill|tint|panel)[^"]*" width="([\d.]+)%"', chart)
    assert " ".join(f"{name}:{round(float(width) * 13 / 100)}" for name, width in shown) == (
        "panel:1 panel:3 panel:5 panel:4 "  # a mark; to the end of November, of December, of January
        "panel:1 tint:1 tint:11 "
        "panel:4 panel:1 panel:4 panel:4"
    )


def test_without_a_date_in_the_coming_13_weeks_nothing_is_drawn(renderer: Renderer) -> None:
    both = notification(told("undated", "review"), told("2027-01-01", commitment={"key": "k"}))
    message, _ = renderer.render(both, "mail")
    assert "by week" not in message.text.lower() + (message.html or "").lower()


DROPPED = re.compile(
    r"display:\s*(inline-)?(grid|flex)|position:|float:|url\(|<(svg|img|script|canvas|link)|@import", re.IGNORECASE
)


def test_the_html_holds_nothing_that_mail_clients_drop(renderer: Renderer) -> None:
    html = html_of(renderer, mixed())
    assert not DROPPED.search(html)
    for cell in re.findall(r'<td class="(?:fill|tint|panel)[^>]*>', html):
        assert "bgcolor=" in cell
        assert "background:" in cell


def test_the_sheet_of_the_dark_knows_every_colour_that_is_drawn(renderer: Renderer) -> None:
    parts = (TEMPLATES / "email/parts.html").read_text() + (TEMPLATES / "email/layout.html").read_text()
    dark = parts.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    ink, tint = (re.search(rf"set {name} = {{(.+?)}}", parts, re.DOTALL) for name in ("ink", "tint"))
    assert ink
    assert tint
    for start, found in (("", ink), ("fill-", ink), ("tint-", tint)):
        for name in re.findall(r'"(\w+)":', found[1]):
            assert re.search(rf"\.{start}{name}\b", dark), f"{start}{name}"


class Opened(HTMLParser):
    """Which tags and which attributes there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.names = set[str](), set[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}


@pytest.mark.parametrize("text", NASTY)
def test_hostile_data_open_no_tag_and_set_no_attribute_in_a_digest(renderer: Renderer, text: str) -> None:
    stated = {"title": text, "owner": text, "note": text, "tags": (text,)}
    harmless, laced = (
        html_of(renderer, notification(told("2025-11-10"), told("2025-12-01", commitment={"key": "k", **more})))
        for more in ({"title": "t", "owner": "o"}, stated)
    )
    assert Opened(laced).tags == Opened(harmless).tags
    assert Opened(laced).names == Opened(harmless).names
    assert not set(laced) & set("\x00\x07\x1b\u202e\r")


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (
            ("before", "overdue"),
            "Acknowledging pauses the reminders of what is overdue or under review for a while. For",
        ),
        (("overdue", "overdue"), "Acknowledging pauses the reminders for a while."),
        (("before", "before"), "Acknowledging records that you have seen it; alerts continue."),
    ],
)
def test_it_says_what_an_acknowledgement_would_do(renderer: Renderer, about: tuple[str, ...], said: str) -> None:
    dates = {"before": "2025-11-10", "overdue": "2025-10-31"}
    asked = notification(*(told(dates[kind], kind, commitment={"key": f"k{n}"}) for n, kind in enumerate(about)))
    for medium in ("mail", "text"):
        message, error = renderer.render(asked, medium)
        assert error is None
        assert said in " ".join(message.text.split())
    assert said in (renderer.render(asked, "mail")[0].html or "")
    assert said in str(slack_body(renderer, asked))


def test_a_snooze_for_one_alone_is_named_in_digests_and_alerts(renderer: Renderer) -> None:
    ends = at("2025-11-05T14:00")
    mine = OwnSnooze(recipient="ana@example.org", occurrence="", by="ana", at=NOW, until=ends, name="Ana Lopez")
    over, other = replace(mine, by="bo", until=NOW), replace(mine, by="cy", occurrence="2025-12-10")
    item = told(snoozes=(mine, over, other))
    for asked in (notification(item, told(commitment={"key": "other"})), notification(item)):
        message, error = renderer.render(asked, "mail")
        assert error is None
        words = " ".join(message.text.split())
        assert (
            words.lower().count("snoozed by ana until wed 5 nov 2025 09:00 america/new_york (for ana lopez only)") == 1
        )
        assert "snoozed by bo" not in words
        assert "snoozed by cy" not in words
