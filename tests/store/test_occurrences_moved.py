"""What recurs, moved as a whole and one by one between two looks: nothing is lost, nothing is called up again."""

from __future__ import annotations

import pytest

from tests import acting
from tests.factories import at, change, close, entry, load, move, plan_at, remind, rule
from tests.store.recurring import LOADED, MONTHLY, days, said, tick


def test_a_later_occurrence_speaks_in_time_where_a_nearer_one_has_missed_its_lead(store):
    both = rule(remind=remind(before=("P14D", "P1D"), moved=True))
    load(store, entry("report", "every FREQ=WEEKLY;BYDAY=TH from 2025-12-18"), now=LOADED)
    plan_at(store, LOADED, both)
    move(store, "report", "every FREQ=WEEKLY;BYDAY=FR from 2025-11-28", now=at("2025-11-20T00:00"))
    for now in days("2025-11-20", "2025-11-30"):
        plan_at(store, now, both, register=False)
    assert said(store) == [
        "moved, Thu 20 Nov",
        "2025-12-05 before P14D, Fri 21 Nov",
        "2025-11-28 before P1D, Thu 27 Nov",
        "2025-12-12 before P14D, Fri 28 Nov",
    ]


def test_what_fell_late_in_an_outage_is_told_though_the_recurrence_was_moved_meanwhile(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    move(store, "report", MONTHLY + " except 2026-01-31", now=at("2025-12-05T00:00"))
    tick(store, days("2025-12-06", "2025-12-08"))
    assert said(store) == [
        "moved, Sat 6 Dec",
        "2025-11-30 overdue P0D, Sat 6 Dec",
        "2025-11-30 overdue P7D, Mon 8 Dec",
    ]


@pytest.mark.parametrize("looks", [[], ["2025-12-04T09:00"]], ids=["before a look", "after one"])
def test_a_move_that_is_taken_back_calls_nothing_up_that_was_closed(store, looks):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-02"))
    acting.close(store, "report", "fulfilled", change(at("2025-12-02T12:00")), "2025-11-30")
    acting.move(store, "report", "2026-01-07", change(at("2025-12-02T12:00")), "2025-12-31")
    tick(store, days("2025-12-03", "2025-12-03"))
    told = len(said(store))
    move(store, "report", "every FREQ=WEEKLY from 2026-03-01", now=at("2025-12-03T10:00"))
    tick(store, map(at, looks))
    move(store, "report", MONTHLY, now=at("2025-12-04T10:00"))
    tick(store, days("2025-12-05", "2026-01-02"))
    if looks:  # then the close and the move of one are forgotten, and what had passed is history
        assert said(store)[told:] == [
            "moved, Thu 4 Dec",
            "moved, Fri 5 Dec",
            "2025-12-31 before P7D, Wed 24 Dec",
            "2025-12-31 on_the_day, Wed 31 Dec",
            "2025-12-31 overdue P0D, Thu 1 Jan",
        ]
    else:
        assert said(store)[told:] == ["2025-12-31 before P7D, Wed 31 Dec"]


def test_a_move_of_one_is_told_though_the_whole_moves_before_the_next_look(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    acting.move(store, "report", "2026-01-10", change(at("2025-11-11T00:00")), "2025-12-31")
    move(store, "report", MONTHLY + " except 2026-01-31", now=at("2025-11-11T00:05"))
    tick(store, days("2025-11-11", "2025-11-11"))
    assert said(store) == ["moved, Tue 11 Nov", "2025-12-31 moved, Tue 11 Nov"]


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (False, ["2025-10-31 moved, Tue 11 Nov", "2025-10-31 overdue P0D, Wed 12 Nov"]),
        (True, []),
    ],
    ids=["it is tracked from then on", "not if that is taken back"],
)
def test_what_was_history_moves_by_itself(store, back, expected):
    load(store, entry("report", MONTHLY.replace("2025-11-30", "2025-10-31")), now=LOADED)
    tick(store, [LOADED])
    acting.move(store, "report", "2025-11-11", change(at("2025-11-11T00:00")), "2025-10-31")
    if back:
        acting.move(store, "report", "2025-10-31", change(at("2025-11-11T00:05")), "2025-10-31")
    tick(store, days("2025-11-11", "2025-11-14"))
    assert [word for word in said(store) if "on_the_day" not in word] == expected


def test_one_that_moved_by_itself_opens_though_the_whole_moves_after_that(store):
    opening = rule(remind=remind(opens=True))
    load(store, entry("report", MONTHLY), now=LOADED)
    plan_at(store, LOADED, opening)
    window = "between 2025-12-10 and 2025-12-20"
    acting.move(store, "report", window, change(at("2025-12-01T00:00")), "2025-11-30")
    move(store, "report", MONTHLY + " except 2026-01-31", now=at("2025-12-12T00:00"))
    plan_at(store, at("2025-12-12T09:00"), opening, register=False)
    assert said(store) == ["2025-11-30 opens, Fri 12 Dec"]


def test_an_end_of_one_is_told_though_the_whole_ends_before_the_next_look(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    acting.close(store, "report", "fulfilled", change(at("2025-11-11T00:00")), "2025-12-31")
    close(store, "report", now=at("2025-11-11T00:05"))
    tick(store, days("2025-11-11", "2025-11-11"))
    assert said(store) == ["closed, Tue 11 Nov", "2025-12-31 closed, Tue 11 Nov"]


def test_one_that_moved_by_itself_is_told_once_though_the_whole_moves_between_two_rules(store):
    morning, evening = (
        rule(name, cron=f"0 {hour} * * *", remind=remind(on_the_day=True)) for name, hour in (("m", 9), ("e", 18))
    )
    load(store, entry("report", MONTHLY), now=LOADED)
    plan_at(store, LOADED, morning, evening)
    acting.move(store, "report", "2025-12-05", change(at("2025-12-01T00:00")), "2025-11-30")
    told = plan_at(store, at("2025-12-05T09:00"), morning, evening, register=False)
    for except_ in ("2026-01-31", "2026-02-28"):
        move(store, "report", f"{MONTHLY} except {except_}", now=at("2025-12-05T12:00"))
        plan_at(store, at("2025-12-05T12:01"), morning, evening, register=False)
    assert (told, plan_at(store, at("2025-12-05T18:00"), morning, evening, register=False)) == (1, 0)


def test_a_lead_between_two_moves_is_told_where_the_second_left_its_occurrence_alone(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    fridays = "every FREQ=WEEKLY;BYDAY=FR;COUNT=12 from 2025-11-28"
    move(store, "report", fridays, now=at("2025-11-12T00:00"))
    move(store, "report", f"{fridays} except 2026-01-30", now=at("2025-11-22T00:00"))
    tick(store, days("2025-11-23", "2025-11-23"))
    assert said(store) == ["moved, Sun 23 Nov", "2025-11-28 before P7D, Sun 23 Nov"]


def test_the_move_of_one_that_was_closed_and_reopened_before_it_had_a_watch_is_reported(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-11-10"))
    acting.close(store, "report", "fulfilled", change(at("2025-11-11T08:00")), "2026-01-31")
    acting.reopen(store, "report", change(at("2025-11-11T08:10")), "2026-01-31")
    acting.move(store, "report", "2026-02-07", change(at("2025-11-11T08:20")), "2026-01-31")
    tick(store, days("2025-11-11", "2025-11-12"))
    assert said(store) == ["2026-01-31 moved, Tue 11 Nov"]


def test_all_that_fell_due_before_a_move_that_left_it_alone_is_recorded_though_no_turn_came_before(store):
    leads = rule(remind=remind(before=("P14D", "P12D", "P7D")))
    load(store, entry("report", MONTHLY), now=LOADED)
    move(store, "report", f"{MONTHLY} except 2026-02-28", now=at("2025-11-22T00:00"))
    plan_at(store, at("2025-11-23T09:00"), leads)
    assert said(store) == ["2025-11-30 before P7D, Sun 23 Nov"]
    merged = ["2025-11-30 before P14D, Sun 23 Nov", "2025-11-30 before P12D, Sun 23 Nov"]
    assert said(store, skipped=True) == merged


def test_what_an_alert_of_a_move_stood_for_is_not_made_up_for_when_it_is_reopened(store):
    telling = rule(remind=remind(before=("P31D", "P7D"), moved=True, closed=True))
    load(store, entry("report", MONTHLY), now=LOADED)
    plan_at(store, LOADED, telling)
    close(store, "report", now=at("2025-11-11T00:00"))
    plan_at(store, at("2025-11-11T09:00"), telling)
    acting.reopen(store, "report", change(at("2025-11-12T00:00")))
    move(store, "report", "every FREQ=WEEKLY;COUNT=4 from 2025-12-01", now=at("2025-11-12T00:05"))
    close(store, "report", now=at("2025-11-12T00:10"))
    plan_at(store, at("2025-11-12T09:00"), telling)
    acting.reopen(store, "report", change(at("2025-11-13T00:00")))
    for now in days("2025-11-13", "2025-11-25"):
        plan_at(store, now, telling)
    assert said(store)[2:] == [
        "moved, Wed 12 Nov",
        "closed, Wed 12 Nov",
        "reopened, Thu 13 Nov",
        "2025-12-15 before P31D, Fri 14 Nov",
        "2025-12-22 before P31D, Fri 21 Nov",
        "2025-12-01 before P7D, Mon 24 Nov",
    ]
