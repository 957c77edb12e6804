"""All that was due, as it was known on a day, and the ways from day to day."""

from __future__ import annotations

import re

import pytest

from alerts.web.pages import past_due_view
from tests import acting
from tests.factories import acknowledge, at, change, close, entry, load, move
from tests.injections import INJECTIONS
from tests.web.answering import NOW, Desk
from tests.web.test_due_page import Tags, groups
from tests.web.test_past_page import page

WAY = re.compile(r'<a href="([^"]+)"[^>]*>(Previous change|The day before|The day after|Next change)<')


@pytest.fixture
def told(desk: Desk) -> Desk:
    """One that was recorded, moved, acknowledged and closed, a week apart, and one that stays as it is."""
    load(
        desk.store,
        entry("filing", "2026-11-10", title="Filing", owner="ann", tags=("single",)),
        entry("lease", "2027-03-01", title="Lease", tags=("list",), priority="critical"),
        now=at("2026-10-01"),
    )
    move(desk.store, "filing", "2026-11-30", now=at("2026-11-02T10:00"))
    acknowledge(desk.store, "filing", now=at("2026-11-09T10:00"))
    close(desk.store, "filing", now=at("2026-11-16T10:00"))
    load(desk.store, entry("visit", "2026-11-29", title="Visit", tags=("single",)), now=at("2026-11-20"))
    return desk


def ways(desk: Desk, query: str) -> dict[str, str]:
    """Return where the ways around a day lead."""
    return {name: url.replace("&amp;", "&") for url, name in WAY.findall(desk.server.get(f"/{query}").text)}


def test_each_day_lists_what_was_open_at_its_end(told: Desk) -> None:
    days = {
        "2026-10-01": {"later": ["filing", "lease"]},
        "2026-11-01": {"this_month": ["filing"], "later": ["lease"]},
        "2026-11-02": {"this_month": ["filing"], "later": ["lease"]},
        "2026-11-15": {"this_month": ["filing"], "later": ["lease"]},
        "2026-11-16": {"later": ["lease"]},
        "2026-11-27": {"this_week": ["visit"], "later": ["lease"]},
    }
    assert {day: groups(told.server.get(f"/?as_of={day}").text) for day in days} == days


def test_a_row_says_how_it_stood_and_leads_to_its_own_page_of_that_day(told: Desk) -> None:
    before, after = page(told, "/?as_of=2026-11-01"), page(told, "/?as_of=2026-11-09")
    assert "As known at the end of Sun 1 Nov 2026 . Show it as it is now" in before
    assert "Tue 10 Nov 2026 Filing filing · Ann Example In 9 days" in before
    assert "Mon 30 Nov 2026 Filing filing · Ann Example In 21 days, acknowledged by desk Changed on this day" in after
    assert "Mon 1 Mar 2027 Critical Lease" in after
    assert 'href="/c/filing?as_of=2026-11-09"' in told.server.get("/?as_of=2026-11-09").text


def test_the_day_before_a_move_it_was_overdue_by_the_date_that_it_had(desk: Desk) -> None:
    load(desk.store, entry("late", "2026-11-10", tags=("single",)), now=at("2026-10-01"))
    move(desk.store, "late", "2026-12-30", now=at("2026-11-20T10:00"))
    assert groups(desk.server.get("/?as_of=2026-11-19").text) == {"overdue": ["late"]}
    assert groups(desk.server.get("/?as_of=2026-11-20").text) == {"later": ["late"]}


def test_a_day_says_what_was_recorded_on_it(told: Desk) -> None:
    moved, nothing = page(told, "/?as_of=2026-11-02"), page(told, "/?as_of=2026-11-03")
    assert "Recorded on this day Filing Moved : Tue 10 Nov 2026 → Mon 30 Nov 2026" in moved
    assert "Recorded on this day Nothing." in nothing
    assert "Filing Closed : fulfilled" in page(told, "/?as_of=2026-11-16")


def test_one_walks_from_change_to_change_and_from_day_to_day(told: Desk) -> None:
    assert ways(told, "?as_of=2026-11-05") == {
        "Previous change": "/?as_of=2026-11-02",
        "The day before": "/?as_of=2026-11-04",
        "The day after": "/?as_of=2026-11-06",
        "Next change": "/?as_of=2026-11-09",
    }
    first, today = ways(told, "?as_of=2026-10-01"), ways(told, f"?as_of={NOW.date()}")
    assert first.keys() == {"The day before", "The day after", "Next change"}
    assert today.keys() == {"Previous change", "The day before"}
    days = ["2026-10-01"]
    while following := ways(told, f"?as_of={days[-1]}").get("Next change"):
        days.append(following.removeprefix("/?as_of="))
    assert days == ["2026-10-01", "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-20"]


def test_the_page_of_one_leads_to_its_own_changes(told: Desk) -> None:
    assert ways(told, "c/filing?as_of=2026-11-05") == {
        "Previous change": "/c/filing?as_of=2026-11-02",
        "The day before": "/c/filing?as_of=2026-11-04",
        "The day after": "/c/filing?as_of=2026-11-06",
        "Next change": "/c/filing?as_of=2026-11-09",
    }
    assert "Next change" not in ways(told, "c/filing?as_of=2026-11-20")
    assert 'href="/?as_of=2026-11-05"' in told.server.get("/c/filing?as_of=2026-11-05").text


def test_a_group_and_a_page_stand_in_the_address(told: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_due_view, "PAGE", 1)
    first = told.server.get("/?as_of=2026-11-05").text
    assert groups(first) == {"this_month": ["filing"]}
    assert 'href="/?as_of=2026-11-05&amp;page=2"' in first
    assert groups(told.server.get("/?as_of=2026-11-05&page=2").text) == {"later": ["lease"]}
    assert groups(told.server.get("/?as_of=2026-11-05&group=later").text) == {"later": ["lease"]}
    assert ways(told, "?as_of=2026-11-05&group=later")["The day after"] == "/?group=later&as_of=2026-11-06"


def test_the_dates_of_a_series_stand_as_they_did(desk: Desk) -> None:
    series = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-10-01"
    load(desk.store, entry("monthly", series, tags=("single",)), now=at("2026-10-01"))
    acting.close(desk.store, "monthly", "fulfilled", change(now=at("2026-11-03")), "2026-10-31")
    assert groups(desk.server.get("/?as_of=2026-11-02").text) == {"overdue": ["monthly"]}
    assert groups(desk.server.get("/?as_of=2026-11-03").text) == {"this_month": ["monthly"]}


@pytest.mark.parametrize("day", ["2026-11-29", "9999-12-31", "0001-01-01", "yesterday", "", "2026-02-30", "%00"])
def test_what_is_no_day_of_the_past_says_so(told: Desk, day: str) -> None:
    assert "Choose a day up to today, such as 2026-11-05." in page(told, f"/?as_of={day}", 422)


def test_a_day_before_anything_was_known_has_nothing(told: Desk) -> None:
    assert "Nothing was open then." in page(told, "/?as_of=1999-12-31")


def test_more_changes_than_a_page_can_work_out_are_refused_in_words(
    told: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_due_view, "MOST_CHANGED", 0)
    assert "have changed since that day, which is more than this page can work out" in page(
        told, "/?as_of=2026-11-10", 422
    )
    assert groups(told.server.get("/?as_of=2026-11-19").text) == {"later": ["lease"]}  # nothing of that changed since


def test_it_changes_nothing_and_takes_no_form(told: Desk) -> None:
    html = told.server.get("/?as_of=2026-11-09").text
    assert 'method="post"' not in html
    assert "/several" not in html


def test_injected_text_is_text_in_every_field(desk: Desk) -> None:
    some = [text for text in INJECTIONS[::7] if text.isprintable() and text.strip()]
    stated = (
        entry(f"i{number}", "2026-11-10", title=text, note=text, tags=(text,), owner=text, assumptions=(text,))
        for number, text in enumerate(some)
    )
    load(desk.store, *stated, now=at("2026-10-01"))
    plain = Tags(desk.server.get("/?as_of=2026-09-30").text).tags
    for query in ("?as_of=2026-10-01", "?as_of=2026-11-15", "?as_of=%3Cscript%3E", "?as_of=2026-10-01&group=%22%3E"):
        found = Tags(desk.server.get(f"/{query}").text)
        assert found.live == []
        assert found.tags <= plain | {"li", "ul", "p", "h2", "span", "section", "strong", "div", "a"}
