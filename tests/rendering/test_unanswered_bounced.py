"""What a report that nobody answers says of mails that came back."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.core.awaited_answers import SentTo
from alerts.core.tracked import SentAlert
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NOW, notification, told
from tests.rendering.test_deputy_messages import all_text


def sent_to(name: str, bounced: str | None = None) -> SentTo:
    address, alert = f"{name.lower()}@example.org", SentAlert(occurrence="", at=NOW)
    return SentTo(recipient=address, channel="desk-mail", alert=alert, name=name, bounced=bounced)


@pytest.mark.parametrize("medium", ["mail", "text", "post"])
def test_it_names_whose_mail_bounced_and_why_first(renderer: Renderer, medium: str) -> None:
    others = [sent_to(name) for name in ("Bo", "Cem", "Dee", "Eve", "Flo")]
    asked = notification(told(kind="unanswered", unanswered=(*others, sent_to("Ann", "no such mailbox (5.1.1)"))))
    text = all_text(renderer, asked, medium)
    assert "Nobody has answered. Sent to Ann via desk-mail on" in text
    assert "; and to 1 more. The mail to Ann bounced: no such mailbox (5.1.1)." in text
    assert "bounced" not in all_text(renderer, notification(told(kind="unanswered", unanswered=tuple(others))), medium)


def test_a_webhook_gets_the_reason(renderer: Renderer) -> None:
    asked = notification(told(kind="unanswered", unanswered=(sent_to("Ann", 'a "quoted" reason'), sent_to("Bo"))))
    message, _ = renderer.render(asked, "json")
    assert message.body is not None
    data: Any = message.body["data"]
    assert [one.get("bounced") for one in data["reminders"][0]["unanswered"]] == ['a "quoted" reason', None]
    assert "bounced" not in data["reminders"][0]["unanswered"][1]
