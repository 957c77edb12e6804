"""What counts from when it was last done: one open occurrence, and the next counts from its closing."""

import pytest
from sqlalchemy import select

from alerts.core.explanation import explain
from alerts.core.schedule.occurrences import passed
from alerts.cron import Cron
from alerts.deadlines.errors import InputError
from alerts.store import tables
from tests import acting
from tests.factories import at, change, entry, load, move, plan_at, remind, rule, tracked
from tests.store.recurring import DESK, LOADED, days, said, tick

CHECK = entry("check", "every 1 month after it was last done from 2025-12-01")


def open_ones(store) -> list[str]:
    found = tracked(store, "check")
    names = found.relevant_occurrences(LOADED)
    return [name for name in names if found.at(name).open]


def close(store, name: str, now: str) -> None:
    acting.close(store, "check", "fulfilled", change(at(now)), name)


def test_the_next_counts_from_the_closing(store):
    load(store, CHECK, now=LOADED)
    tick(store, days("2025-11-10", "2025-12-02"))
    assert open_ones(store) == ["2025-12-01"]
    close(store, "2025-12-01", "2025-12-02T12:00")
    assert open_ones(store) == ["2026-01-02"]
    tick(store, days("2025-12-03", "2026-01-03"))
    close(store, "2026-01-02", "2026-01-05T23:59")
    assert open_ones(store) == ["2026-02-05"]
    assert tracked(store, "check").current.bounds.text == "Thu 5 Feb 2026"
    tick(store, days("2026-01-06", "2026-02-05"))
    assert said(store) == [
        "2025-12-01 before P7D, Mon 24 Nov",
        "2025-12-01 on_the_day, Mon 1 Dec",
        "2025-12-01 overdue P0D, Tue 2 Dec",
        "2025-12-01 closed, Wed 3 Dec",
        "2026-01-02 before P7D, Fri 26 Dec",
        "2026-01-02 on_the_day, Fri 2 Jan",
        "2026-01-02 overdue P0D, Sat 3 Jan",
        "2026-01-02 closed, Tue 6 Jan",
        "2026-02-05 before P7D, Thu 29 Jan",
        "2026-02-05 on_the_day, Thu 5 Feb",
    ]
    assert said(store, skipped=True) == []


def test_done_early_the_next_counts_from_that_day(store):
    load(store, CHECK, now=LOADED)
    tick(store, days("2025-11-10", "2025-11-12"))
    close(store, "2025-12-01", "2025-11-12T12:00")
    tick(store, days("2025-11-13", "2025-12-12"))
    assert open_ones(store) == ["2025-12-12"]
    assert said(store) == [
        "2025-12-01 closed, Thu 13 Nov",
        "2025-12-12 before P7D, Fri 5 Dec",
        "2025-12-12 on_the_day, Fri 12 Dec",
    ]


def test_one_that_was_due_before_it_was_recorded_is_overdue_until_it_is_done(store):
    load(store, entry("check", CHECK.commitment.deadline.replace("2025-12-01", "2024-12-01")), now=LOADED)
    tick(store, days("2025-11-10", "2025-11-11"))
    assert [one.split(",")[0].rsplit(" ", 1)[0] for one in said(store)] == ["2024-12-01 overdue"]
    assert open_ones(store) == ["2024-12-01"]
    assert tracked(store, "check").current.occurrence == "2024-12-01"
    assert not passed(tracked(store, "check"), "2024-12-01")


def test_reopening_withdraws_the_next_and_what_was_sent_is_not_sent_again(store):
    load(store, entry("check", "every 3 days after it was last done from 2025-12-01"), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-01"))
    close(store, "2025-12-01", "2025-12-01T12:00")
    tick(store, days("2025-12-02", "2025-12-04"))
    acting.acknowledge(store, "check", None, change(at("2025-12-04T12:00")), "2025-12-04")
    acting.reopen(store, "check", change(at("2025-12-04T13:00")), "2025-12-01")
    assert open_ones(store) == ["2025-12-01"]
    tick(store, days("2025-12-05", "2025-12-06"))
    close(store, "2025-12-01", "2025-12-06T12:00")
    assert open_ones(store) == ["2025-12-09"]
    tick(store, days("2025-12-07", "2025-12-09"))
    assert said(store) == [
        "2025-12-01 before P7D, Mon 24 Nov",
        "2025-12-01 on_the_day, Mon 1 Dec",
        "2025-12-01 closed, Tue 2 Dec",
        "2025-12-04 on_the_day, Thu 4 Dec",
        "2025-12-01 reopened, Fri 5 Dec",
        "2025-12-01 closed, Sun 7 Dec",
        "2025-12-09 on_the_day, Tue 9 Dec",
    ]


def test_closed_again_on_the_same_day_the_next_is_the_same_and_nothing_comes_twice(store):
    load(store, entry("check", "every 9 days after it was last done from 2025-12-01"), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-01"))
    close(store, "2025-12-01", "2025-12-01T12:00")
    acting.reopen(store, "check", change(at("2025-12-01T13:00")), "2025-12-01")
    close(store, "2025-12-01", "2025-12-01T14:00")
    tick(store, days("2025-12-02", "2025-12-03"))
    acting.snooze(store, "check", at("2025-12-05T10:00"), change(at("2025-12-03T12:00")), "2025-12-10", recipient=None)
    tick(store, days("2025-12-04", "2025-12-11"))
    assert said(store)[2:] == [
        "2025-12-01 closed, Tue 2 Dec",
        "2025-12-10 before P7D, Wed 3 Dec",
        "2025-12-10 on_the_day, Wed 10 Dec",
        "2025-12-10 overdue P0D, Thu 11 Dec",
    ]


def test_only_the_last_one_can_be_reopened(store):
    load(store, CHECK, now=LOADED)
    close(store, "2025-12-01", "2025-11-20T12:00")
    close(store, "2025-12-20", "2025-12-20T12:00")
    with pytest.raises(InputError, match="2025-12-20, the last one, can be reopened"):
        acting.reopen(store, "check", change(at("2025-12-21T00:00")), "2025-12-01")
    with pytest.raises(InputError, match="closed"):
        close(store, "2025-12-01", "2025-12-21T00:00")


def test_the_open_one_can_be_moved_and_the_next_still_counts_from_the_closing(store):
    load(store, CHECK, now=LOADED)
    tick(store, days("2025-11-10", "2025-11-11"))
    acting.move(store, "check", "2025-11-20", change(at("2025-11-11T12:00")), "2025-12-01")
    tick(store, days("2025-11-12", "2025-11-20"))
    close(store, "2025-12-01", "2025-11-20T12:00")
    tick(store, days("2025-11-21", "2025-12-20"))
    assert said(store) == [
        "2025-12-01 moved, Wed 12 Nov",
        "2025-12-01 before P7D, Thu 13 Nov",
        "2025-12-01 on_the_day, Thu 20 Nov",
        "2025-12-01 closed, Fri 21 Nov",
        "2025-12-20 before P7D, Sat 13 Dec",
        "2025-12-20 on_the_day, Sat 20 Dec",
    ]


def test_two_closings_on_one_day_give_two_occurrences_of_the_same_date(store):
    load(store, CHECK, now=LOADED)
    close(store, "2025-12-01", "2025-11-10T12:00")
    close(store, "2025-12-10", "2025-11-10T13:00")
    assert open_ones(store) == ["2025-12-11"]
    assert tracked(store, "check").at("2025-12-11").bounds.text == "Wed 10 Dec 2025"


def test_the_day_of_the_closing_is_that_in_the_zone_of_the_commitment(store):
    load(store, entry("check", CHECK.commitment.deadline, timezone="Asia/Tokyo"), now=LOADED)
    close(store, "2025-12-01", "2025-12-01T15:30")  # half past midnight on 2 December
    assert open_ones(store) == ["2026-01-02"]


def test_loading_again_and_another_interval_keep_what_was_done(store):
    load(store, CHECK, now=LOADED)
    tick(store, days("2025-11-10", "2025-11-11"))
    close(store, "2025-12-01", "2025-11-11T12:00")
    assert not load(store, CHECK, now=at("2025-11-12T00:00")).moved
    assert open_ones(store) == ["2025-12-11"]
    report = move(store, "check", "every 2 months after it was last done from 2025-12-01", now=at("2025-11-13T00:00"))
    assert len(report.moved) == 1
    assert open_ones(store) == ["2026-01-11"]
    move(store, "check", "every 2 months after it was last done from 2026-03-01", now=at("2025-11-14T00:00"))
    assert open_ones(store) == ["2026-03-01"]
    tick(store, days("2025-11-14", "2026-03-01"))
    assert said(store) == [
        "moved, Fri 14 Nov",
        "2025-12-01 closed, Fri 14 Nov",
        "2026-03-01 before P7D, Sun 22 Feb",
        "2026-03-01 on_the_day, Sun 1 Mar",
    ]


def test_the_first_date_can_be_that_of_a_commitment(store):
    load(store, entry("signing", "undated (tbd)"), entry("check", "every 1 month after it was last done from signing"))
    assert not tracked(store, "check").recurs
    move(store, "signing", "2025-12-01", now=LOADED)
    assert open_ones(store) == ["2025-12-01"]
    close(store, "2025-12-01", "2025-12-02T12:00")
    move(store, "signing", "undated", now=at("2025-12-03T00:00"))
    assert open_ones(store) == ["2026-01-02"]


def test_closing_the_whole_ends_it_and_reopening_goes_on(store):
    load(store, CHECK, now=LOADED)
    tick(store, days("2025-11-10", "2025-11-11"))
    acting.close(store, "check", "withdrawn", change(at("2025-11-12T00:00")), all_occurrences=True)
    tick(store, days("2025-11-12", "2025-12-05"))
    acting.reopen(store, "check", change(at("2025-12-06T00:00")))
    assert open_ones(store) == ["2025-12-01"]
    tick(store, days("2025-12-06", "2025-12-06"))
    assert said(store) == ["closed, Wed 12 Nov", "reopened, Sat 6 Dec", "2025-12-01 overdue P0D, Sat 6 Dec"]


def test_it_is_shown_as_it_stood_at_a_time(store):
    load(store, CHECK, now=LOADED)
    close(store, "2025-12-01", "2025-12-02T12:00")
    acting.reopen(store, "check", change(at("2025-12-04T12:00")), "2025-12-01")
    close(store, "2025-12-01", "2025-12-06T12:00")
    stood = [store.commitments.as_of("check", at(day)).current.occurrence for day in AS_OF]
    assert dict(zip(AS_OF, stood, strict=True)) == AS_OF


AS_OF = {"2025-12-01": "2025-12-01", "2025-12-03": "2026-01-02", "2025-12-05": "2025-12-01", "2025-12-07": "2026-01-06"}


def test_the_moments_of_the_next_are_explained_from_the_closing_on(store):
    load(store, CHECK, now=LOADED)
    close(store, "2025-12-01", "2025-11-30T12:00")
    acting.reopen(store, "check", change(at("2025-11-30T13:00")), "2025-12-01")
    close(store, "2025-12-01", "2025-12-02T12:00")
    item, now = tracked(store, "check"), at("2025-12-03T00:00")
    history = store.ledger.history(item.id)
    found = explain(DESK, item.at("2026-01-02"), history, [], Cron(DESK.cron, "UTC"), registered_at=LOADED, now=now)
    assert [(one.kind, f"{one.send_at:%d %b}", one.outcome) for one in found] == [
        ("before", "26 Dec", "scheduled"),
        ("on_the_day", "02 Jan", "scheduled"),
        ("overdue", "03 Jan", "scheduled"),
    ]


def test_what_was_closed_before_the_first_tick_has_no_lead_from_before_that(store):
    load(store, entry("check", "every 5 days after it was last done from 2025-12-01"), now=LOADED)
    close(store, "2025-12-01", "2025-12-01T12:00")
    tick(store, days("2025-12-02", "2025-12-06"))
    assert said(store) == ["2025-12-06 on_the_day, Sat 6 Dec"]


def test_a_reopening_does_not_make_up_for_a_lead_from_before_the_closing(store):
    quiet = rule(remind=remind(before=("P7D",), on_the_day=True))
    load(store, entry("check", "every 5 days after it was last done from 2025-12-01"), now=LOADED)
    plan_at(store, LOADED, quiet)
    close(store, "2025-12-01", "2025-12-01T12:00")
    for now in days("2025-12-02", "2025-12-02"):
        plan_at(store, now, quiet, register=False)
    close(store, "2025-12-06", "2025-12-02T12:00")
    for now in days("2025-12-03", "2025-12-03"):
        plan_at(store, now, quiet, register=False)
    acting.reopen(store, "check", change(at("2025-12-03T12:00")), "2025-12-06")
    for now in days("2025-12-04", "2025-12-06"):
        plan_at(store, now, quiet, register=False)
    assert said(store)[-1] == "2025-12-06 on_the_day, Sat 6 Dec"
    assert not [one for one in said(store) if one.startswith("2025-12-06 before")]


@pytest.mark.parametrize("moved", [False, True])
def test_one_that_was_withdrawn_and_is_there_again_by_the_same_name_is_alerted(store, moved):
    load(store, entry("check", "every 5 days after it was last done from 2025-12-01"), now=LOADED)
    tick(store, [at("2025-11-11T09:00")])
    if moved:
        acting.move(store, "check", "2025-12-02", change(at("2025-11-11T12:00")), "2025-12-01")
    tick(store, [at("2025-12-01T09:00")])
    close(store, "2025-12-01", "2025-12-01T12:00")
    tick(store, [at("2025-12-01T12:01")])
    acting.reopen(store, "check", change(at("2025-12-01T12:10")), "2025-12-01")
    tick(store, [at("2025-12-01T12:11")])
    close(store, "2025-12-01", "2025-12-01T12:20")
    tick(store, [at("2025-12-01T12:21"), *days("2025-12-02", "2025-12-07")])
    assert said(store)[-2:] == ["2025-12-06 on_the_day, Sat 6 Dec", "2025-12-06 overdue P0D, Sun 7 Dec"]


def test_what_goes_out_when_it_is_closed_is_sent_about_the_next(store):
    load(store, CHECK, now=LOADED)
    tick(store, days("2025-11-10", "2025-12-24"))
    close(store, "2025-12-01", "2025-12-25T09:00")  # P31D before the next goes out at 09:00 on this day
    ahead = rule(remind=remind(before=("P31D",)))
    for now in days("2025-12-25", "2025-12-28"):
        plan_at(store, now.replace(minute=1), ahead, register=True)
    assert "2026-01-25 before P31D, Thu 25 Dec" in said(store)


def test_what_lies_before_the_closing_is_not_sent_about_one_that_has_the_name_of_one_withdrawn(store):
    ahead = rule(remind=remind(before=("P31D", "P1D")))
    load(store, entry("check", "every 2 weeks after it was last done from 2025-12-01"), now=LOADED)
    close(store, "2025-12-01", "2025-12-02T12:00")
    plan_at(store, at("2025-12-02T12:01"), ahead, register=True)
    close(store, "2025-12-16", "2025-12-02T15:00")  # the next is due on 16 December too, under the name of the 17th
    plan_at(store, at("2025-12-02T15:01"), ahead)
    acting.reopen(store, "check", change(at("2025-12-03T10:00")), "2025-12-16")
    close(store, "2025-12-16", "2025-12-03T10:05")  # and now it is due on the 17th
    plan_at(store, at("2025-12-03T10:06"), ahead)
    for now in days("2025-12-04", "2025-12-17"):
        plan_at(store, now, ahead)
    assert [one for one in said(store) if one.startswith("2025-12-17")] == ["2025-12-17 before P1D, Tue 16 Dec"]


def test_one_that_has_the_name_of_one_withdrawn_reports_its_own_move_only(store):
    load(store, entry("check", "every 2 weeks after it was last done from 2025-12-01"), now=LOADED)
    tick(store, days("2025-11-10", "2025-11-10"))
    close(store, "2025-12-01", "2025-12-02T12:00")
    close(store, "2025-12-16", "2025-12-02T15:00")
    tick(store, [at("2025-12-02T15:01")])
    acting.move(store, "check", "2025-12-20", change(at("2025-12-03T09:00")), "2025-12-17")
    acting.reopen(store, "check", change(at("2025-12-03T10:00")), "2025-12-16")
    close(store, "2025-12-16", "2025-12-03T10:05")
    acting.move(store, "check", "2025-12-23", change(at("2025-12-03T10:10")), "2025-12-17")
    tick(store, [at("2025-12-03T10:15")])
    assert [one for one in said(store) if one.startswith("2025-12-17")] == ["2025-12-17 moved, Wed 3 Dec"]
    assert tracked(store, "check").at("2025-12-17").bounds.text == "Tue 23 Dec 2025"


def test_two_that_are_closed_between_two_turns_both_report_that(store):
    load(store, entry("check", "every 2 weeks after it was last done from 2025-12-01"), now=LOADED)
    tick(store, days("2025-11-10", "2025-11-10"))
    close(store, "2025-12-01", "2025-11-11T10:00")
    close(store, "2025-12-02", "2025-11-11T11:00")
    tick(store, days("2025-11-12", "2025-11-12"))
    assert said(store) == ["2025-12-01 closed, Wed 12 Nov", "2025-12-02 closed, Wed 12 Nov"]


def test_an_answer_that_a_reopening_ended_before_the_first_turn_has_silenced_nothing(store):
    load(store, entry("check", "every 5 days after it was last done from 2025-12-01"), now=LOADED)
    tick(store, days("2025-11-10", "2025-11-10"))
    close(store, "2025-12-01", "2025-12-01T12:00")
    acting.acknowledge(store, "check", None, change(at("2025-12-09T12:00")), "2025-12-06")
    close(store, "2025-12-06", "2025-12-10T12:00")
    acting.reopen(store, "check", change(at("2025-12-10T12:10")), "2025-12-06")
    tick(store, days("2025-12-11", "2025-12-11"))
    assert said(store)[1:] == ["2025-12-06 overdue P0D, Thu 11 Dec"]
    assert said(store, skipped=True) == []


def test_one_that_has_the_name_of_one_withdrawn_has_none_of_its_dates_and_answers(store):
    load(store, entry("check", "every 2 weeks after it was last done from 2025-12-01"), now=LOADED)
    close(store, "2025-12-01", "2025-12-01T12:00")
    acting.acknowledge(store, "check", None, change(at("2025-12-01T12:10")), "2025-12-15")
    acting.move(store, "check", "2025-12-19", change(at("2025-12-01T12:20")), "2025-12-15")
    until = at("2025-12-18T00:00")
    for recipient in (None, "desk@example.org"):
        acting.snooze(store, "check", until, change(at("2025-12-01T12:30")), "2025-12-15", recipient=recipient)
    acting.reopen(store, "check", change(at("2025-12-01T12:40")), "2025-12-01")
    close(store, "2025-12-01", "2025-12-01T12:50")
    again = tracked(store, "check").at("2025-12-15")
    assert (again.bounds.text, again.bounds_version) == ("Mon 15 Dec 2025", 1)
    assert (again.acknowledged, again.snoozed) == (None, None)
    with store.database.read() as connection:
        assert not connection.execute(select(tables.snoozes)).all()
