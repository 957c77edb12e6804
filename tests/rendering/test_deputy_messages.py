"""What a deputy reads: for whom an alert is, in every medium."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.core.absences import Absentee
from alerts.core.rules import Rule
from alerts.core.summaries import Scope, Summary
from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import NOW, at, notification, slack_body, told
from tests.rendering.test_hostile import NASTY

MADRID_MIDNIGHT = at("2027-01-03T23:00")
AWAY = Absentee(name="Ana Lopez", back_at=MADRID_MIDNIGHT, zone="Europe/Madrid")
LEFT = Absentee(name="Bo")
CHAIN = "For Ana Lopez, away until Mon 4 Jan 2027, and Bo, who has left"


def all_text(renderer: Renderer, asked: Any, medium: Any) -> str:
    message, error = renderer.render(asked, medium)
    assert error is None
    return " ".join(" ".join(filter(None, (message.text, message.html))).split())


@pytest.mark.parametrize("medium", ["mail", "text", "post"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_deputy_reads_for_whom_it_is(renderer: Renderer, medium: str, count: int) -> None:
    asked = notification(*[told()] * count, on_behalf_of=(AWAY, LEFT))
    assert all_text(renderer, asked, medium).count(CHAIN) == 1 + (medium == "mail")


@pytest.mark.parametrize("medium", ["mail", "text", "post"])
def test_a_summary_says_it_too(renderer: Renderer, medium: str) -> None:
    item = told()
    scope = Scope(rule=Rule(name="weekly", cron="0 9 * * mon", timezone="UTC", summary="P30D"), firing=NOW)
    summary = Summary(scope=scope, due=1, listed=(("due", item.tracked),))
    asked = replace(notification(item, on_behalf_of=(AWAY,)), summary=summary)
    assert "For Ana Lopez, away until Mon 4 Jan 2027" in all_text(renderer, asked, medium)


def test_a_time_that_is_no_midnight_is_shown_on_the_clock_of_the_reader(renderer: Renderer) -> None:
    asked = notification(told(), on_behalf_of=(replace(AWAY, back_at=MADRID_MIDNIGHT + timedelta(hours=9)),))
    assert "away until Mon 4 Jan 2027 08:00 UTC" in all_text(renderer, replace(asked, zone="UTC"), "text")


def test_a_webhook_gets_the_names_and_the_times(renderer: Renderer) -> None:
    message, _ = renderer.render(notification(told(), on_behalf_of=(AWAY, LEFT)), "json")
    assert message.body is not None
    data: Any = message.body["data"]
    assert data["on_behalf_of"] == [
        {"name": "Ana Lopez", "until": "2027-01-03T23:00:00Z"},
        {"name": "Bo", "until": None},
    ]


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("medium", ["mail", "text", "post", "json"])
def test_a_name_runs_nothing_and_the_plain_message_names_it(renderer: Renderer, medium: Any, name: str) -> None:
    asked = notification(told(), on_behalf_of=(Absentee(name=name),))
    message, error = renderer.render(asked, medium)
    assert error is None
    assert "<script" not in (message.html or "")
    assert "\n.\n" not in message.text
    assert "For Ana Lopez (absent)" in renderer.plain(notification(told(), on_behalf_of=(AWAY,)), medium).text
    assert "<!channel>" not in json.dumps(slack_body(renderer, asked))
