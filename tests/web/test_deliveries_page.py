"""The page of deliveries: what became of each, and retry and dismiss."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests

from tests.factories import at, entry, load
from tests.web.answering import Desk, visited
from tests.web.test_due_page import Tags, text_of


def page(desk: Desk, query: str = "") -> requests.Response:
    answer = desk.server.get(f"/deliveries{query}")
    assert answer.status_code == 200
    return answer


def press(desk: Desk, choice: str, *, headers: dict[str, str] | None = None, **typed: str) -> requests.Response:
    hidden = visited(desk.server, "", page(desk)).hidden
    return desk.server.post("/deliveries", data=hidden | typed | {"choice": choice}, headers=headers)


def states(desk: Desk) -> dict[str, str]:
    return {str(row["id"]): row["state"] for row in desk.store.ledger.deliveries()}


@pytest.fixture
def failed(desk: Desk) -> Desk:
    """Two deliveries: one is being sent, and one has failed for good."""
    load(desk.store, entry("a", "2026-11-20", tags=("single",)), entry("b", "2026-11-21", tags=("single",)),
         now=at("2026-10-01"))  # fmt: skip
    sent = desk.send()
    dismissed = str(sent[0].delivery)
    desk.store.ledger.dismiss(dismissed, desk.now)
    return desk


def test_it_lists_what_became_of_each(failed: Desk) -> None:
    found = text_of(page(failed).text)
    assert "desk → ann@example.org" in found
    assert "1 being sent" in found
    assert "1 dismissed" in found
    assert len(re.findall("<li>\\s*<div>", page(failed).text)) == 2
    assert len(re.findall("<li>\\s*<div>", page(failed, "?state=dismissed").text)) == 1
    assert len(re.findall("<li>\\s*<div>", page(failed, "?state=nothing").text)) == 2
    assert Tags(page(failed).text).live == []


def test_one_is_retried_and_one_is_dismissed(failed: Desk) -> None:
    (again,) = [name for name, state in states(failed).items() if state == "dismissed"]
    (running,) = [name for name, state in states(failed).items() if state == "leased"]
    answer = press(failed, f"retry {again}")
    assert (answer.status_code, "Recorded" in answer.text) == (200, True)
    assert states(failed)[again] == "retry"
    press(failed, f"dismiss {running}")
    assert states(failed)[running] == "dismissed"


@pytest.mark.parametrize("choice", ["", "retry", "retry x", "retry 1", "dismiss %", "nothing 0"])
def test_what_is_no_button_changes_nothing(failed: Desk, choice: str) -> None:
    before = failed.dump()
    assert press(failed, choice).status_code == 200
    assert failed.dump() == before


def test_what_cannot_be_retried_says_why(failed: Desk) -> None:
    (running,) = [name for name, state in states(failed).items() if state == "leased"]
    before = failed.dump()
    answer = press(failed, f"retry {running}")
    assert answer.status_code == 422
    assert "Nothing was recorded." in answer.text
    assert failed.dump() == before


def test_another_site_and_a_form_without_our_token_change_nothing(failed: Desk) -> None:
    (running,) = [name for name, state in states(failed).items() if state == "leased"]
    before = failed.dump()
    tries: list[dict[str, Any]] = [
        {"headers": {"Origin": "https://evil.example.org"}}, {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"token": "0" * 64}, {"form": "0" * 32}, {"token": ""},
    ]  # fmt: skip
    for one in tries:
        assert press(failed, f"dismiss {running}", **one).status_code == 403
    assert failed.dump() == before
