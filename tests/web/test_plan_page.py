"""The page of what goes out next: complete as far as it reaches, and cheap however much is tracked."""

from __future__ import annotations

import re
from html import unescape

import pytest

from alerts.store import planning_tables
from alerts.web import alerts_ahead
from tests.factories import at, entries, entry, load
from tests.web.answering import Desk
from tests.web.test_due_page import text_of


def plan_of(desk: Desk) -> str:
    answer = desk.server.get("/plan")
    assert answer.status_code == 200
    return str(answer.text)


def rows(html: str) -> list[str]:
    parts = re.split(r'<section aria-labelledby="day-', html)[1:]
    found = [(part[:10], row) for part in parts for row in re.findall(r"<li>\s*<p.*?</li>", part, re.DOTALL)]
    return [f"{day} {text_of(row)}".replace(" :", ":") for day, row in found]


def test_it_lists_by_day_what_goes_out_and_to_whom(desk: Desk) -> None:
    load(desk.store, entry("filing", "2026-12-15", tags=("single",)), now=at("2026-10-01"))
    desk.send(now=at("2026-11-20T09:00"))
    assert rows(plan_of(desk))[:4] == [
        "2026-12-08 09:00 filing: 7 days before Rule single desk",
        "2026-12-14 09:00 filing: 1 day before Rule single desk",
        "2026-12-15 09:00 filing: on the day Rule single desk",
        "2026-12-16 09:00 filing: 1 day overdue Rule single desk",
    ]
    assert "in the next 90 days, if nothing changes." in text_of(plan_of(desk))


def test_what_is_due_goes_out_within_a_minute_and_a_date_of_a_series_has_its_page(desk: Desk) -> None:
    series = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2026-11-01"
    load(desk.store, entry("late", "2026-11-20", tags=("single",)), entry("monthly", series, tags=("single",)),
         now=at("2026-10-01"))  # fmt: skip
    html = plan_of(desk)
    assert "2026-11-28 Within a minute late: 8 days overdue Rule single desk" in rows(html)
    assert "/c/monthly?on=2026-11-30" in unescape(html)


def test_of_many_it_shows_all_up_to_a_time_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_ahead, "MOST_WATCHES", 4)
    some = [entry(f"c{day}", f"2026-12-{day}", tags=("single",)) for day in range(10, 20)]
    load(desk.store, *some, now=at("2026-11-20"))
    desk.send(now=at("2026-11-21T09:00"))
    html = plan_of(desk)
    assert rows(html) == [f"2026-12-0{day - 7} 09:00 c{day}: 7 days before Rule single desk" for day in range(10, 14)]
    assert "4 alerts go out until Mon 7 Dec 2026 09:00 UTC, if nothing changes. More follow" in text_of(html)


def test_where_more_than_it_can_show_go_out_at_once_it_shows_some(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_ahead, "MOST_WATCHES", 4)
    load(desk.store, *entries(9, "2026-12-15", tags=("single",)), now=at("2026-11-20"))
    desk.send(now=at("2026-11-21T09:00"))
    assert len(rows(plan_of(desk))) == 4
    assert "More follow" in text_of(plan_of(desk))


def test_while_more_is_worked_out_than_it_can_show_it_does_not_say_that_nothing_follows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts_ahead, "MOST_WATCHES", 4)
    load(desk.store, *entries(9, "2026-12-15", tags=("single",)), now=at("2026-11-20"))
    desk.send(now=at("2026-11-21T09:00"))
    with desk.store.database.write() as connection:  # as while a tick works them out
        connection.execute(planning_tables.watches.update().values(next_at=at("2026-11-22T09:00")))
    assert "More is due now than this page can work out." in text_of(plan_of(desk))
    assert "No alert goes out" not in text_of(plan_of(desk))


def test_without_anything_it_says_so(desk: Desk) -> None:
    assert "No alert goes out in the next 90 days" in text_of(plan_of(desk))
