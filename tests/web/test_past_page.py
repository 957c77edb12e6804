"""A commitment as it was known on a day."""

from __future__ import annotations

import pytest

from tests import acting
from tests.factories import acknowledge, at, change, close, entry, load, move
from tests.injections import INJECTIONS
from tests.web.answering import NOW, Desk
from tests.web.test_due_page import Tags, text_of


def page(desk: Desk, path: str, status: int = 200) -> str:
    answer = desk.server.get(path)
    assert answer.status_code == status
    assert Tags(answer.text).live == []
    return text_of(answer.text)


@pytest.fixture
def told(desk: Desk) -> Desk:
    """One that was recorded, moved, acknowledged and closed, a week apart."""
    load(desk.store, entry("filing", "2026-11-10", title="Filing", owner="ann", tags=("single",)), now=at("2026-10-01"))
    move(desk.store, "filing", "2026-11-30", now=at("2026-11-02T10:00"))
    acknowledge(desk.store, "filing", now=at("2026-11-09T10:00"))
    close(desk.store, "filing", now=at("2026-11-16T10:00"))
    return desk


def test_each_day_shows_what_was_known_at_its_end(told: Desk) -> None:
    first = page(told, "/c/filing?as_of=2026-11-01")
    assert "As known at the end of Sun 1 Nov 2026 . Show it as it is now" in first
    assert "Tue 10 Nov 2026" in first
    assert "moved" not in first
    moved = page(told, "/c/filing?as_of=2026-11-02")
    assert "Mon 30 Nov 2026" in moved
    assert "Status Not acknowledged" in moved
    assert "Status Acknowledged by desk" in page(told, "/c/filing?as_of=2026-11-09")
    assert "Status Closed" in page(told, "/c/filing?as_of=2026-11-16")


def test_it_has_no_answers_and_leads_back_and_to_the_days_around(told: Desk) -> None:
    html = told.server.get("/c/filing?as_of=2026-11-09").text
    assert 'method="post"' not in html
    for href in ("/c/filing", "/c/filing?as_of=2026-11-08", "/c/filing?as_of=2026-11-10"):
        assert f'href="{href}"' in html
    assert "The day after" not in told.server.get(f"/c/filing?as_of={NOW.date()}").text


@pytest.mark.parametrize("day", ["2026-11-29", "9999-12-31", "0001-01-01", "yesterday", "", "2026-02-30", "%00"])
def test_what_is_no_day_of_the_past_or_before_it_was_known_says_so(told: Desk, day: str) -> None:
    found = page(told, f"/c/filing?as_of={day}", 422)
    assert "Show it as it is now" in found


def test_what_is_not_tracked_has_no_past(told: Desk) -> None:
    assert "There is no such page" in page(told, "/c/missing?as_of=2026-11-01", 404)


def test_one_date_of_a_series_has_its_own_past(desk: Desk) -> None:
    series = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-10-01"
    load(desk.store, entry("monthly", series, tags=("single",)), now=at("2026-10-01"))
    acting.close(desk.store, "monthly", "fulfilled", change(now=at("2026-11-03")), "2026-10-31")
    assert "Status Not acknowledged" in page(desk, "/c/monthly?on=2026-10-31&as_of=2026-11-02")
    assert "Status Closed" in page(desk, "/c/monthly?on=2026-10-31&as_of=2026-11-03")


def test_injected_text_is_text_in_every_field(desk: Desk) -> None:
    some = [text for text in INJECTIONS[::7] if text.isprintable() and text.strip()]
    stated = (
        entry(f"i{number}", "2026-11-10", title=text, note=text, tags=(text,), owner=text, assumptions=(text,))
        for number, text in enumerate(some)
    )
    load(desk.store, *stated, now=at("2026-10-01"))
    tags = [Tags(desk.server.get(f"/c/i{number}?as_of=2026-11-05").text) for number in range(len(some))]
    assert all(one.live == [] and one.tags == tags[0].tags for one in tags)
