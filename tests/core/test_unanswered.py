"""Alerts that nobody has answered: when they are reported, and what counts as an answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from alerts.core.rules import Remind, Rule, Unanswered
from alerts.core.tracked import OwnSnooze
from tests.core.conftest import at

Follow = Callable[..., Any]
DAILY = "0 9 * * *"
ONLY = Remind(unanswered=Unanswered(after="P3D"))
WEEKLY = Remind(unanswered=Unanswered(after="P3D", every="P7D"))


def reports(followed: Any, end: str) -> list[str]:
    return [line.removeprefix("unanswered P3D ") for line in followed.until(end)]


def test_an_alert_without_an_answer_is_reported_once_a_stage(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=ONLY)
    found.until("2025-11-01T14:00Z")
    found.sent("2025-11-01T14:00Z")
    assert reports(found, "2026-03-01T00:00Z") == ["Tue 4 Nov 14:00", "Thu 20 Nov 14:00", "Fri 21 Nov 14:00"]


def test_then_it_is_reported_at_its_interval_until_the_stage_ends(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=WEEKLY)
    found.sent("2025-11-01T14:00Z")
    assert reports(found, "2025-12-02T00:00Z") == [
        "Tue 4 Nov 14:00", "Tue 11 Nov 14:00", "Tue 18 Nov 14:00", "Thu 20 Nov 14:00", "Fri 21 Nov 14:00",
        "Fri 28 Nov 14:00",
    ]  # fmt: skip


def test_what_was_sent_to_nobody_is_not_reported(follow: Follow) -> None:
    assert reports(follow("2025-11-20", cron=DAILY, desk=WEEKLY), "2026-03-01T00:00Z") == []


def test_an_alert_that_waits_when_the_next_stage_begins_is_reported_in_that(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=ONLY)
    found.sent("2025-11-19T14:00Z")  # it waits for three days on Saturday, when it is overdue
    assert reports(found, "2026-03-01T00:00Z") == ["Sat 22 Nov 14:00"]


def test_after_an_outage_the_latest_report_goes_out(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=WEEKLY)
    found.sent("2025-11-01T14:00Z")
    found.tick("2025-11-01T14:01Z")
    assert found.tick("2025-11-30T00:00Z") == ["unanswered P3D Fri 28 Nov 14:00"]
    assert reports(found, "2025-12-06T00:00Z") == ["Fri 5 Dec 14:00"]


def test_a_rule_that_is_new_reports_what_has_waited_before_it(follow: Follow) -> None:
    found = follow("2025-11-20", loaded="2025-11-10T00:00Z", cron=DAILY, desk=WEEKLY)
    found.sent("2025-11-01T14:00Z")
    found.watch = replace(found.watch, next_at=at("2025-11-10T00:00Z"))
    assert found.tick("2025-11-10T00:00Z") == ["unanswered P3D Mon 10 Nov 00:00 catching up"]


@pytest.mark.parametrize(
    ("seen", "until", "later", "found"),
    [
        ("2025-11-03T00:00Z", None, ["2025-11-13T14:00Z"], []),  # ahead: it counts until the day itself
        ("2025-11-03T00:00Z", None, ["2025-11-20T14:00Z"], ["Sun 23 Nov 14:00"]),
        ("2025-11-03T00:00Z", "2025-11-05T00:00Z", ["2025-11-13T14:00Z"], ["Sun 16 Nov 14:00"]),
        ("2025-11-22T00:00Z", None, ["2025-11-23T14:00Z"], []),  # overdue: for a week
        ("2025-11-22T00:00Z", None, ["2025-11-23T14:00Z", "2025-11-29T14:00Z"], ["Tue 2 Dec 14:00"]),
    ],
)
def test_an_acknowledgement_answers_what_is_sent_while_it_counts(
    follow: Follow, seen: str, until: str | None, later: list[str], found: list[str]
) -> None:
    one = follow("2025-11-20", cron=DAILY, desk=ONLY)
    one.sent("2025-11-02T14:00Z")
    one.tick("2025-11-02T14:01Z")
    one.acknowledge(seen, until)
    one.tick(seen)
    one.sent(*later)
    assert reports(one, "2025-11-20T00:00Z" if "2025-11-13T14:00Z" in later else "2026-03-01T00:00Z") == found


def test_a_snooze_answers_what_was_sent(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=ONLY)
    found.sent("2025-11-02T14:00Z")
    found.snooze("2025-11-03T00:00Z", "2025-11-10T00:00Z")
    assert reports(found, "2025-11-11T00:00Z") == []
    found.sent("2025-11-11T14:00Z")
    assert reports(found, "2025-11-20T00:00Z") == ["Fri 14 Nov 14:00"]


def test_a_snooze_for_one_recipient_answers_too(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=ONLY)
    found.sent("2025-11-02T14:00Z")
    own = OwnSnooze(
        recipient="ana@example.org", occurrence="", by="Ana", at=at("2025-11-03T00:00Z"), until=at("2025-11-10T00:00Z")
    )
    found.tracked = replace(found.tracked, own_snoozes=(own,))
    assert reports(found, "2025-11-20T00:00Z") == []


def test_a_move_begins_anew(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=ONLY)
    found.sent("2025-11-02T14:00Z")
    found.move("2025-12-20", "2025-11-03T00:00Z")
    assert reports(found, "2026-03-01T00:00Z") == []
    found.sent("2026-03-01T14:00Z")
    assert reports(found, "2026-04-01T00:00Z") == ["Wed 4 Mar 14:00"]


def test_what_is_closed_waits_for_no_answer_and_a_reopening_begins_anew(follow: Follow) -> None:
    found = follow("2025-11-20", cron=DAILY, desk=ONLY)
    found.sent("2025-11-02T14:00Z")
    found.close("2025-11-03T00:00Z")
    assert reports(found, "2025-11-20T00:00Z") == []
    found.reopen("2025-11-20T00:00Z")
    assert reports(found, "2026-03-01T00:00Z") == []


def test_what_has_no_date_has_one_stage(follow: Follow) -> None:
    found = follow("undated", cron=DAILY, desk=ONLY)
    found.sent("2025-11-02T14:00Z")
    assert reports(found, "2026-03-01T00:00Z") == ["Wed 5 Nov 14:00"]


def test_a_rule_without_the_setting_keeps_its_hash() -> None:
    plain = Rule(name="desk", cron=DAILY, remind=Remind(moved=True))
    assert "unanswered" not in plain.to_json()["remind"]
    asked = replace(plain, remind=replace(plain.remind, unanswered=Unanswered(after="P3D")))
    assert asked.hash != plain.hash
    assert Rule.from_json(asked.to_json()) == asked
    assert Rule.from_json(plain.to_json()) == plain
