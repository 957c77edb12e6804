"""A chat says the title and the date once: in the heading, or below it where that has no room for them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from alerts.core.notifications import Notification
from alerts.core.posts import Post, text_of
from alerts.core.tracked import Revision
from alerts.rendering.renderer import Renderer
from pages.subjects import CASES, TITLE, Case, context
from tests.rendering.reminder_factories import NEW_YORK, at, bounds_of, notification, single, told

LONG = "The agreement on export licences for rare earths, gallium, germanium and graphite, with all of its annexes"


def post_of(renderer: Renderer, asked: Notification) -> Post:
    message, error = renderer.render(asked, "post")
    assert error is None
    assert message.post
    return message.post


def everything(post: Post) -> str:
    return f"{post.title}\n{text_of(post.sections)}"


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_whatever_it_is_about_the_title_and_the_date_come_once(renderer: Renderer, case: Case) -> None:
    asked = notification(context(*case), now=at(f"{case[3]}T08:00"), zone="Europe/Brussels")
    text = everything(post_of(renderer, asked))
    assert text.count(TITLE) == 1
    assert text.count("2026-") == ("every" in case[2])  # as stated, where that is more than a date
    days = re.findall(r"2026-\d\d-\d\d", case[2])
    if days and "every" not in case[2]:
        days += [str(at(day).date() + timedelta(days=1)) for day in days]  # "after D" is open from the day after
        counts = [len(re.findall(rf"\b{int(day[8:])} {at(day):%b}\b", text)) for day in days]
        assert set(counts) - {0} == {1}, text


def test_a_title_that_has_no_room_in_the_heading_is_whole_below_it(renderer: Renderer) -> None:
    post = post_of(renderer, single(commitment={"title": LONG}))
    assert len(post.title) <= 120
    assert everything(post).count(LONG) == 1
    assert post.title.endswith("…")


def test_a_time_has_its_zone_and_what_it_is_elsewhere(renderer: Renderer) -> None:
    post = post_of(renderer, single("2025-11-10T12:01[Asia/Shanghai]"))
    assert post.title.startswith("Due Sun 9 Nov 23:01 (in 6 days)")
    assert "Time zone: America/New_York (= Mon 10 Nov 2025 12:01 Asia/Shanghai)\n" in text_of(post.sections)
    unknown = post_of(renderer, single(bounds=bounds_of("2025-11-10T12:01", None)))
    assert "Time zone: not stated\n" in text_of(unknown.sections)


def move(before: str, after: str, zone: str | None = NEW_YORK) -> dict[str, Any]:
    change = Revision(number=2, what="moved", recorded_at=at("2025-11-02T10:00"), recorded_by="maria", reason="Late",
                      before=bounds_of(before, NEW_YORK), after=bounds_of(after, zone))  # fmt: skip
    return {"change": change, "bounds": bounds_of(after, zone)}


MOVES = [
    ("2025-11-10", "2025-12-01", NEW_YORK, "Moved from Mon 10 Nov 2025 (21 days later). Why: Late. Recorded by maria"),
    ("undated", "2025-12-01", NEW_YORK, "Date set (before: no date given). Why: Late. Recorded by maria"),
    ("2025-12-01", "undated", NEW_YORK, "Date removed (no date given). Before: Mon 1 Dec 2025. Why: Late."),
    ("2025-12-01", "2025-12-01", "Asia/Tokyo", "Moved: same date, now in Asia/Tokyo (before: in America/New_York)."),
]


@pytest.mark.parametrize(("before", "after", "zone", "said"), MOVES)
def test_a_move_names_the_former_date_below_the_new_one(
    renderer: Renderer, before: str, after: str, zone: str, said: str
) -> None:
    text = everything(post_of(renderer, single(kind="moved", **move(before, after, zone))))
    assert said in text
    assert text.count("1 Dec") == 1


def test_an_entry_of_a_digest_has_its_date_once(renderer: Renderer) -> None:
    late = told("2025-10-30", "overdue", commitment={"key": "late", "title": "The late"})
    text = everything(post_of(renderer, notification(late, told(commitment={"title": "The truce"}))))
    assert "Overdue since Thu 30 Oct\nThe late\n4 days overdue (as of Mon 3 Nov 2025).\n" in text
    assert "\nDue Mon 10 Nov (in 7 days)\nThe truce\nUnited States, China\n" in text
    assert text.count("30 Oct") == 1


def test_the_built_in_post_repeats_neither(renderer: Renderer) -> None:
    message = renderer.plain(single(commitment={"title": "Trade truce"}), "post")
    assert message.post
    assert message.post.title == "Mon 10 Nov 2025 · Trade truce"
    assert "Trade truce" not in text_of(message.post.sections)
    assert "10 Nov" not in text_of(message.post.sections)
