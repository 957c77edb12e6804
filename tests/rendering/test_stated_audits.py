"""What the audit of a month comes to, in the first summary after it: quietly, and so that it can be copied."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from alerts.core.audited_months import AuditedMonth
from alerts.core.notifications import Notification
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import at, notification, slack_body, told

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
COMMAND = "alerts audit export --from 2025-10-01 --to 2025-10-31 | sha256sum"
HEADING = "SHA-256 of the audit export of October 2025 (Europe/Brussels)"
FIRING = at("2025-11-03T09:00")
OCTOBER = AuditedMonth(first=date(2025, 10, 1), zone="Europe/Brussels", sha256=SHA256)


def summary(audit: AuditedMonth | None, **rest: Any) -> Notification:
    rule = Rule(name="daily", cron="0 9 * * *", summary="P30D")
    one = told("2025-11-10", "before", now=FIRING)
    found = Summary(scope=Scope(rule=rule, firing=FIRING, audit=audit), due=1, listed=(("due", one.tracked),))
    return notification(one, now=FIRING, summary=found, **rest)


def test_a_mail_has_it_in_text_and_html(renderer: Renderer) -> None:
    message, error = renderer.render(summary(OCTOBER), "mail")
    assert error is None
    assert f"\n\n{HEADING}:\n    {SHA256}\nTo repeat it:\n    {COMMAND}\n" in message.text
    html = message.html or ""
    assert all(html.count(words) == 1 for words in (HEADING, SHA256, COMMAND))
    assert "may be tried again" not in message.text + html


def test_what_may_still_change_it_is_said(renderer: Renderer) -> None:
    message, _ = renderer.render(summary(replace(OCTOBER, unfinished=2)), "mail")
    changes = "It may still change: 2 messages of that month may be tried again."
    assert changes in message.text
    assert changes in (message.html or "")
    message, _ = renderer.render(summary(replace(OCTOBER, unfinished=1)), "text")
    assert "It may still change: 1 message of that month may be tried again." in message.text


def test_a_chat_and_a_webhook_have_it_too(renderer: Renderer) -> None:
    blocks = str(slack_body(renderer, summary(OCTOBER))["blocks"])
    assert f"{HEADING}: `{SHA256}`" in blocks
    assert COMMAND in blocks
    message, _ = renderer.render(summary(OCTOBER), "json")
    body: Any = message.body
    assert body["data"]["summary_of"]["audit"] == {
        "from": "2025-10-01", "to": "2025-10-31", "timezone": "Europe/Brussels", "sha256": SHA256, "unfinished": 0,
    }  # fmt: skip


def test_the_plain_message_has_it_where_a_template_fails(renderer: Renderer) -> None:
    text = renderer.plain(summary(replace(OCTOBER, unfinished=2)), "mail").text
    assert f"SHA-256 of the audit export of 2025-10-01 to 2025-10-31 (Europe/Brussels): {SHA256}\n" in text
    assert "Messages of these days that may be tried again: 2\n" in text


def test_the_other_summaries_say_nothing_of_it(renderer: Renderer) -> None:
    for medium in ("mail", "json", "post"):
        message, _ = renderer.render(summary(None), medium)
        whole = f"{message.text} {message.html} {message.body} {message.post}"
        assert "SHA-256" not in whole
        assert "audit" not in whole
    assert "SHA-256" not in renderer.plain(summary(None), "mail").text


def test_a_scope_is_stored_with_it_and_without_as_before() -> None:
    scope = Scope(rule=Rule(name="daily", cron="0 9 * * *", summary="P30D"), firing=FIRING, audit=OCTOBER)
    assert Scope.from_json(scope.to_json()) == scope
    without = replace(scope, audit=None)
    assert without.to_json().keys() == {"rule", "firing", "owners"}
    assert Scope.from_json(without.to_json()) == without
