"""Programs that follow links: mail scanners, prefetchers, and those that press every button they find."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from alerts.web.answer_form import DECOY
from tests.web.answering import Desk

FETCHES = 1000 if os.environ.get("WEB") == "all" else 96
HEADERS = ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"})


def test_many_fetches_change_nothing(desk: Desk) -> None:
    one = desk.sent("filing")
    before = desk.dump()

    def fetch(number: int) -> int:
        method = ("GET", "HEAD", "OPTIONS")[number % 3]
        token = (one.token, one.whole)[number % 2]
        url, headers = f"{desk.server.url}/a/{token}", HEADERS[number % len(HEADERS)]
        return requests.request(method, url, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fetch, range(FETCHES))) == {200, 204}
    assert desk.dump() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_other_methods_are_refused(desk: Desk, method: str) -> None:
    url = f"{desk.server.url}/a/{desk.sent('filing').token}"
    before = desk.dump()
    assert requests.request(method, url, timeout=60).status_code == 405
    assert desk.dump() == before


def test_a_form_that_is_submitted_untouched_changes_nothing(desk: Desk) -> None:
    sent = desk.sent("filing")
    before = desk.dump()
    for token in (sent.token, sent.whole):
        page = desk.visit(token)
        assert page.press("").status == 200
        assert desk.server.post(f"/a/{token}").status_code == 200
    assert desk.dump() == before


def test_who_presses_every_button_in_the_order_of_the_document_is_a_program(desk: Desk) -> None:
    sent = desk.sent("filing", owner="ann")
    before = desk.dump()
    page = desk.visit(sent.token)
    assert page.buttons[0] == DECOY
    for choice in page.buttons:
        pressed = page.press(choice, note="x", person="bob", pause_date="2026-12-01", new_date="2026-12-20")
        assert (pressed.status, "This looks like a program" in pressed.text) == (403, True)
        assert desk.visit(sent.token).press(choice, note="x").status == 403
    assert desk.dump() == before


def test_a_person_elsewhere_or_later_is_none(desk: Desk) -> None:
    from datetime import timedelta

    one, other = desk.sent("filing"), desk.sent("report")
    desk.visit(one.token).press(DECOY)
    assert "Recorded" in desk.visit(other.token).press("acknowledge 2026-12-01").text
    page = desk.visit(one.token)
    assert page.press("acknowledge 2026-12-01").status == 403
    desk.now += timedelta(minutes=10)
    assert "Recorded" in page.press("acknowledge 2026-12-01").text


def test_no_button_is_the_default_of_a_form(desk: Desk) -> None:
    html = desk.visit(desk.sent("filing").token).answer.text
    first = html.index("<button")
    assert html[first:].startswith('<button type="submit" disabled hidden>')  # so Enter in a field presses none
    assert html.count('type="submit" disabled') == html.count("<form")


def test_twenty_at_once_make_one_revision(desk: Desk) -> None:
    sent = desk.sent("filing")
    page = desk.visit(sent.token)
    others = [desk.visit(sent.token) for _ in range(10)]
    with ThreadPoolExecutor(20) as pool:
        same = list(pool.map(lambda _: _press(page), range(10)))
        different = list(pool.map(_press, others))
    assert len(desk.history("filing")) == 2
    assert set(same) == {(200, True)}
    assert set(different) == {(409, False)}


def test_twenty_different_forms_at_once_make_one_revision(desk: Desk) -> None:
    sent = desk.sent("filing")
    pages = [desk.visit(sent.token) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(_press, pages))
    assert len(desk.history("filing")) == 2
    assert sorted(answers) == [(200, True), *[(409, False)] * 19]


def test_more_than_sixty_presses_in_a_minute_are_too_many(desk: Desk) -> None:
    page = desk.visit(desk.sent("filing").token)
    for _ in range(60):
        assert page.press("").status == 200
    refused = page.press("acknowledge 2026-12-01")
    assert (refused.status, refused.answer.headers["Retry-After"]) == (429, "60")
    assert len(desk.history("filing")) == 1


def test_more_than_sixty_wrong_links_from_an_address_are_too_many(desk: Desk) -> None:
    assert {desk.visit("wrong").status for _ in range(60)} == {404}
    assert desk.visit("wrong").status == 429
    assert desk.visit(desk.sent("filing").token).status == 200


def _press(page) -> tuple[int, bool]:  # type: ignore[no-untyped-def]
    body = page.hidden | {"choice": "acknowledge 2026-12-01"}
    answer = requests.post(f"{page.server.url}/a/{page.token}", data=body, timeout=60)
    return answer.status_code, "Recorded" in answer.text
