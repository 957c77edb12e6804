"""Edges at which something was once lost, repeated or wrongly refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.core.deliveries import DeliveryError, after_failure
from alerts.core.rules import Overdue
from alerts.cron import Cron
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice


def bounds_of(text, zone="America/New_York"):
    return resolve(parse(text), ZoneChoice(zone), {})


def at(text):
    return datetime.fromisoformat(text)


def test_a_look_within_the_second_before_a_firing_loses_no_repeat(follow) -> None:
    found = follow("undated", "2025-10-28T16:00Z", review="P1D", cron="0 * * * *")
    found.tick("2025-10-28T16:00Z")
    found.acknowledge("2025-10-28T17:00Z", "2025-10-28T18:00Z")  # anything that wakes the watch
    found.watch = replace(found.watch, next_at=at("2025-10-29T15:59:59.600Z"))
    found.tick("2025-10-29T15:59:59.600Z")
    assert found.until("2025-10-29T17:00Z") == ["review P1D Wed 29 Oct 16:00"]


@pytest.mark.parametrize("zone", ["America/New_York", None])
@pytest.mark.parametrize(
    "text",
    [
        "between 2025-11-11 and 2025-11-10",
        "between 2025-11-12 and 2025-11-10",
        "between 2025-11-10T12:00 and 2025-11-10T11:00",
    ],
)
def test_a_reversed_window_is_refused(text, zone) -> None:
    with pytest.raises(InputError, match="ends before it begins"):
        bounds_of(text, zone)


@pytest.mark.parametrize("left", [timedelta(minutes=30), timedelta(minutes=59), timedelta(seconds=1)])
def test_tries_go_on_until_the_deadline_has_passed(left) -> None:
    due = datetime(2025, 11, 3, 14, tzinfo=UTC)
    deadline = due + timedelta(days=7)
    found = after_failure(
        DeliveryError("451"), attempt=80, now=deadline - left, first_due=due, deadline=deadline, random=lambda: 0.5
    )
    assert found.state == "retry"


def test_a_cron_that_is_now_later_repeats_nothing(follow) -> None:
    found = follow("2025-11-10")
    assert found.until("2025-11-04T00:00Z")[-1] == "before P7D Mon 3 Nov 14:00"
    found.change_rule("2025-11-03T16:00Z", cron="0 18 * * mon-fri")
    assert found.until("2025-11-05T00:00Z") == []
    assert found.foretold("2025-11-05T00:00Z") == []


def test_an_opening_that_is_told_after_a_later_lead_does_not_make_the_lead_be_said_again(follow) -> None:
    found = follow("between 2025-11-15 and 2025-11-17", before=("P1D",), on_the_day=False, overdue=None)
    assert found.until("2025-11-17T15:00Z") == ["before P1D Fri 14 Nov 14:00 early", "opens Mon 17 Nov 14:00"]
    found.change_rule("2025-11-17T15:00Z", review="P15D")
    assert found.until("2025-11-18T00:00Z") == []


@pytest.mark.parametrize("looked", [True, False])
def test_a_move_is_one_word_whenever_the_watch_last_looked(follow, looked) -> None:
    found = follow("2026-03-10")
    found.until("2025-10-29T00:00Z")
    if looked:
        found.acknowledge("2025-10-30T19:00Z", "2025-10-30T19:01Z")
        found.until("2025-10-30T19:30Z")
    found.move("2025-11-29", "2025-10-30T20:00Z")  # its P30D would have gone out on 30 October 13:00Z
    assert found.until("2025-11-01T00:00Z") == ["moved Thu 30 Oct 20:00"]


def test_moved_without_moved_words_the_missed_lead_is_catching_up(follow) -> None:
    found = follow("2026-03-10", moved=False)
    found.until("2025-10-29T00:00Z")
    found.move("2025-11-29", "2025-10-30T20:00Z")
    assert found.until("2025-11-01T00:00Z") == ["before P30D Thu 30 Oct 20:00 catching up"]


@pytest.mark.parametrize(
    ("text", "zone"), [("9999-12-31T23:00Z", "Asia/Tokyo"), ("0001-01-01T00:30Z", "America/New_York")]
)
def test_what_cannot_be_shown_in_its_zone_is_refused_in_one_line(text, zone) -> None:
    with pytest.raises(InputError, match="leaves the years"):
        bounds_of(text, zone)


@pytest.mark.parametrize(
    ("cron", "now"), [("America/New_York", "0001-01-01T00:30Z"), ("Asia/Tokyo", "9999-12-31T23:00Z")]
)
def test_beyond_the_calendar_of_the_crons_zone_there_is_no_firing(cron, now) -> None:
    assert Cron("0 9 * * *", cron).at_or_after(at(now)) is None


def test_a_deadline_in_the_year_1_can_be_looked_at(follow) -> None:
    assert len(follow("0001-01-01", "2025-01-01T10:00Z", zone="UTC").tick("2025-01-01T10:00Z")) == 1


def test_within_hours_of_a_day_resolves() -> None:
    found = bounds_of("within PT48H of 2025-11-10")
    assert (found.earliest, found.latest) == (at("2025-11-10T05:00Z"), at("2025-11-13T05:00Z"))


def test_hours_after_a_day_of_an_unknown_zone_stay_unsure() -> None:
    found = bounds_of("PT48H after 2025-11-10", None)
    assert (found.earliest, found.latest) == (at("2025-11-12T10:00Z"), at("2025-11-13T12:00Z"))


def test_each_day_is_a_repeat_once_even_where_the_zone_left_one_out(follow) -> None:
    found = follow(
        "2011-12-28[Pacific/Apia]", "2011-12-20T00:00Z", cron="0 * * * *", overdue=Overdue(every="P1D", at_most=None)
    )
    found.until("2012-01-03T00:00Z")
    assert all(n == 1 for n in Counter(word.id for word in found.reminders + found.skipped).values())


def test_a_step_from_a_weekday_goes_on_to_the_end_of_the_week_as_for_the_other_fields() -> None:
    daily = Cron("0 9 * * 1/2", "UTC")
    assert daily.at_or_after(at("2025-11-04T00:00Z")) == at("2025-11-05T09:00Z")


def test_a_duration_that_leads_beyond_all_dates_is_refused_when_it_is_read() -> None:
    with pytest.raises(InputError, match="too long"):
        parse("P80000000W after 2025-11-10")


def test_a_reminder_is_not_both_said_and_skipped(follow) -> None:
    found = follow("2025-11-13", before=("P1D", "PT24H"))
    found.until("2025-11-12T23:00Z")
    assert not {w.id for w in found.reminders} & {w.id for w in found.skipped}
