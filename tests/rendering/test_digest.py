"""Several reminders in one message."""

from __future__ import annotations

from typing import Any

from alerts.core.notifications import Notification
from alerts.rendering import Renderer
from tests.rendering.factories import at, notification, slack_body, told


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
    assert message.subject == "7 deadlines · next Mon 3 Nov 2025 · 1 overdue · 1 past their date"


def test_what_is_asked_orders_it_then_the_soonest(renderer: Renderer) -> None:
    text = renderer.render(mixed(), "text")[0].text
    places = [text.index(f"The {key}") for key in ("summit", "report", "today", "truce", "later", "tariff", "done")]
    assert places == sorted(places)
    assert 'alerts move KEY "YYYY-MM-DD"' in text


def test_a_digest_of_hundreds_holds_every_one(renderer: Renderer) -> None:
    many = notification(*(told(commitment={"key": f"k-{n}", "title": f"Number {n}."}) for n in range(500)))
    message, error = renderer.render(many, "mail")
    assert error is None
    assert all(f"Number {n}." in message.text and f"Number {n}." in (message.html or "") for n in range(500))


def test_a_digest_of_hundreds_fits_a_slack_post_and_says_what_is_left_out(renderer: Renderer) -> None:
    many = notification(*(told(commitment={"key": f"k-{n}"}) for n in range(500)))
    body = slack_body(renderer, many)
    blocks = body["blocks"]
    assert isinstance(blocks, list)
    assert len(blocks) <= 50
    assert sum(len(block["text"]["text"]) for block in blocks) <= 13_200
    assert "alerts list" in blocks[-2]["text"]["text"]
    assert "alerts ack KEY" in blocks[-1]["text"]["text"]


def test_a_webhook_carries_every_reminder_as_data(renderer: Renderer) -> None:
    body = renderer.render(mixed(), "json")[0].body or {}
    assert body["type"] == "deadline.digest"
    assert body["timestamp"] == "2025-11-03T14:00:00Z"
    data: Any = body["data"]
    assert [one["commitment"]["key"] for one in data["reminders"]][:2] == ["tariff", "later"]


def test_a_webhook_of_one_is_a_reminder_with_its_bounds(renderer: Renderer) -> None:
    asked = notification(told("after 2025-11-10", speaks_next=at("2025-11-10T14:00")))
    body = renderer.render(asked, "json")[0].body or {}
    data: Any = body["data"]
    one = data["reminders"][0]
    assert body["type"] == "deadline.reminder"
    assert (one["earliest"], one["latest"]) == ("2025-11-11T05:00:00Z", None)
    assert (one["certainty"], one["kind"], one["rule"]) == ("no end", "before", "truce-desk")
    assert one["speaks_next"] == "2025-11-10T14:00:00Z"
    assert one["source"]["url"] == "https://example.org/brief?a=1&b=2"
