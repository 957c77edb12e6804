"""What recurs: each occurrence speaks, is acknowledged, closed and moved by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from alerts.core.schedule.evaluation import evaluate
from alerts.deadlines.errors import InputError
from alerts.forecasting import forecast
from alerts.scheduled_rules import ScheduledRule
from alerts.store import planning_tables
from tests import acting
from tests.factories import at, change, close, entry, load, move, plan_at, put_back, remind, rule, settle, tracked
from tests.store.recurring import DESK, LOADED, MONTHLY, days, said, tick


def test_each_occurrence_is_warned_of_closed_and_late_by_itself(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-05"))
    acting.close(store, "report", "fulfilled", change(at("2025-12-05T12:00")), "2025-11-30")
    tick(store, days("2025-12-06", "2026-01-20"))
    acting.acknowledge(store, "report", None, change(at("2026-01-20T12:00")), "2025-12-31")
    tick(store, days("2026-01-21", "2026-02-08"))
    assert said(store) == [
        "2025-11-30 before P7D, Sun 23 Nov",
        "2025-11-30 on_the_day, Sun 30 Nov",
        "2025-11-30 overdue P0D, Mon 1 Dec",
        "2025-11-30 closed, Sat 6 Dec",
        "2025-12-31 before P7D, Wed 24 Dec",
        "2025-12-31 on_the_day, Wed 31 Dec",
        "2025-12-31 overdue P0D, Thu 1 Jan",
        "2025-12-31 overdue P7D, Thu 8 Jan",
        "2025-12-31 overdue P14D, Thu 15 Jan",
        "2026-01-31 before P7D, Sat 24 Jan",
        "2025-12-31 overdue, Wed 28 Jan",  # a week after somebody had seen it
        "2025-12-31 overdue P28D, Thu 29 Jan",
        "2026-01-31 on_the_day, Sat 31 Jan",
        "2026-01-31 overdue P0D, Sun 1 Feb",
        "2025-12-31 overdue P35D, Thu 5 Feb",
        "2026-01-31 overdue P7D, Sun 8 Feb",
    ]
    assert said(store, skipped=True) == []


def test_what_had_passed_when_it_was_recorded_is_history(store):
    load(store, entry("report", MONTHLY.replace("2025-11-30", "2019-01-31")), now=at("2025-12-01T00:00"))
    tick(store, days("2025-12-01", "2025-12-31"))
    assert said(store) == ["2025-12-31 before P7D, Wed 24 Dec", "2025-12-31 on_the_day, Wed 31 Dec"]


def test_after_a_long_outage_each_occurrence_says_one_word(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED, at("2026-02-03T10:00")])
    assert said(store) == [
        "2025-11-30 overdue P63D, Tue 3 Feb",
        "2025-12-31 overdue P28D, Tue 3 Feb",
        "2026-01-31 overdue P0D, Tue 3 Feb",
    ]
    assert len(said(store, skipped=True)) == 3 * 2 + 9 + 4


def test_what_is_foretold_is_what_is_said(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-10"))
    end = at("2026-03-05T00:00")
    foretold = [
        (one.reminder.occurrence, one.reminder.kind, one.reminder.moment)
        for one in forecast(store, ScheduledRule.all([DESK]), at("2025-12-10T09:01"), end)
    ]
    before = len(said(store))
    tick(store, days("2025-12-11", "2026-03-04"))
    r = planning_tables.reminders.c
    with store.database.read() as connection:
        rows = connection.execute(select(r.occurrence, r.kind, r.moment).order_by(r.send_at, r.occurrence)).all()
    assert foretold == [tuple(row) for row in rows[before:]]
    assert len(foretold) > 20


def test_a_move_of_the_whole_is_told_once_and_keeps_what_is_closed(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-02"))
    acting.close(store, "report", "fulfilled", change(at("2025-12-02T12:00")), "2025-11-30")
    tick(store, days("2025-12-03", "2025-12-25"))
    told = len(said(store))
    move(store, "report", MONTHLY + " except 2025-12-31", now=at("2025-12-26T00:00"))
    tick(store, days("2025-12-26", "2026-01-31"))
    assert said(store)[told:] == [
        "moved, Fri 26 Dec",
        "2026-01-31 before P7D, Sat 24 Jan",
        "2026-01-31 on_the_day, Sat 31 Jan",
    ]
    with store.database.read() as connection:
        watched = set(connection.execute(select(planning_tables.watches.c.occurrence)).scalars())
    assert watched == {"", "2025-11-30", "2026-01-31"}
    assert tracked(store, "report").at("2025-11-30").commitment.status == "fulfilled"


@pytest.mark.parametrize("moved_at", ["2025-11-11T00:00", "2025-12-25T00:00"], ids=["early", "late"])
def test_one_occurrence_moves_by_itself(store, moved_at):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-11-10"))
    acting.close(store, "report", "withdrawn", change(at("2025-11-10T12:00")), "2025-11-30")
    tick(store, (day for day in days("2025-11-11", "2025-12-24") if day < at(moved_at)))
    told = len(said(store))
    report = acting.move(store, "report", "2026-01-10", change(at(moved_at), reason="asked"), "2025-12-31")
    assert [one.key for one in report.moved] == ["report 2025-12-31"]
    tick(store, days(moved_at[:10], "2026-01-15"))
    assert [word for word in said(store)[told:] if word.startswith("2025-12-31")] == [
        f"2025-12-31 moved, {at(moved_at):%a} {at(moved_at).day} {at(moved_at):%b}",
        "2025-12-31 before P7D, Sat 3 Jan",
        "2025-12-31 on_the_day, Sat 10 Jan",
        "2025-12-31 overdue P0D, Sun 11 Jan",
    ]


def test_one_that_moved_there_and_back_before_anybody_looked_says_nothing(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    acting.move(store, "report", "2026-01-10", change(at("2025-11-11T00:00")), "2025-12-31")
    acting.move(store, "report", "2025-12-31", change(at("2025-11-11T00:05")), "2025-12-31")
    tick(store, days("2025-11-12", "2025-11-13"))
    assert said(store) == []
    assert said(store, skipped=True) == ["2025-12-31 moved, Wed 12 Nov"] * 2


def test_an_end_long_before_the_date_is_told_and_then_nothing_more(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    acting.close(store, "report", "fulfilled", change(at("2025-11-11T00:00")), "2025-12-31")
    tick(store, days("2025-11-11", "2026-01-20"))
    assert [word for word in said(store) if word.startswith("2025-12-31")] == ["2025-12-31 closed, Tue 11 Nov"]


def test_closing_the_whole_ends_all_occurrences(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-02"))
    told = len(said(store))
    close(store, "report", now=at("2025-12-02T12:00"))
    tick(store, days("2025-12-03", "2026-02-01"))
    assert said(store)[told:] == ["closed, Wed 3 Dec"]


def test_what_recurred_and_what_will_recur_change_places(store):
    load(store, entry("report", MONTHLY), entry("visit", "2025-12-20"), now=LOADED)
    tick(store, days("2025-11-10", "2025-12-01"))
    told = len(said(store))
    move(store, "report", "2025-12-15", now=at("2025-12-02T00:00"))
    move(store, "visit", "every FREQ=WEEKLY from 2025-12-09", now=at("2025-12-02T00:00"))
    tick(store, days("2025-12-02", "2025-12-09"))
    assert said(store)[told:] == [
        "moved, Tue 2 Dec",
        "moved, Tue 2 Dec",
        "2025-12-09 before P7D, Tue 2 Dec",
        "before P7D, Mon 8 Dec",
        "2025-12-09 on_the_day, Tue 9 Dec",
        "2025-12-16 before P7D, Tue 9 Dec",
    ]


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda s: acting.acknowledge(s, "report", None, change(LOADED)),
         "report recurs: say which one is acknowledged, as in --occurrence 2025-11-30; --all means the whole"),
        (lambda s: acting.close(s, "report", "fulfilled", change(LOADED), "2025-12-30"),
         "there is no occurrence '2025-12-30': expected one such as '2025-11-30'; did you mean"),
        (lambda s: acting.close(s, "once", "fulfilled", change(LOADED), "2025-12-30"),
         "once does not recur: it has no occurrence '2025-12-30'"),
        (lambda s: acting.move(s, "report", "P1D after once", change(LOADED), "2025-12-31"),
         "one occurrence is moved to a date of its own"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_the_way_out(store, act, refusal):
    load(store, entry("report", MONTHLY), entry("once"), now=LOADED)
    with pytest.raises(InputError, match=refusal):
        act(store)
    assert said(store) == []


def test_a_move_of_the_whole_takes_no_lead_from_the_occurrences_to_come(store):
    """The leads of the nearer occurrences lie behind the move, those of the farther ones do not."""
    desk = rule(remind=remind(before=("P30D", "P1D"), on_the_day=True, moved=True))
    load(store, entry("report", "every FREQ=WEEKLY from 2025-11-13"), now=LOADED)
    plan_at(store, at("2025-11-10T09:00"), desk)
    told = len(said(store))
    move(store, "report", "every FREQ=WEEKLY from 2025-11-13 except 2026-02-05", now=at("2025-11-10T12:00"))
    for now in days("2025-11-11", "2025-11-25"):
        plan_at(store, now, desk, register=False)
    assert [word for word in said(store)[told:] if "P30D" in word] == [
        "2025-12-11 before P30D, Tue 11 Nov",
        "2025-12-18 before P30D, Tue 18 Nov",
        "2025-12-25 before P30D, Tue 25 Nov",
    ]


def test_a_rule_that_means_no_moment_of_an_occurrence_sleeps_when_all_have_passed(store):
    """It tells of moves and ends only: the watch must not stay due for ever, which would hold up every other."""
    quiet = rule(remind=remind(moved=True, closed=True))
    load(store, entry("report", "every FREQ=WEEKLY;COUNT=2 from 2025-11-12"), now=LOADED)
    looks = 0
    for now in days("2025-11-10", "2025-11-25"):
        store.watches.register([quiet], now)
        settle(store)
        while claimed := store.watches.claim_due({"desk": quiet}, now):
            looks += 1
            assert looks < 20
            looked = [
                evaluate(quiet, item, watch, now, ScheduledRule.all([quiet])["desk"].cron)
                for watch, item in claimed.watches
            ]
            put_back(store, claimed, looked, now)
    assert store.watches.next_alert() is None
    close(store, "report", now=at("2025-11-26T00:00"))
    plan_at(store, at("2025-11-26T09:00"), quiet, register=False)
    assert said(store) == ["closed, Wed 26 Nov"]


@pytest.mark.parametrize("also", ["the rule changes", "the whole moves"])
def test_one_that_moved_by_itself_is_told_of_whatever_else_changes_before_anybody_looks(store, also):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    acting.move(store, "report", "2026-02-10", change(at("2025-11-11T00:00")), "2026-01-31")
    other = DESK
    if also == "the rule changes":
        other = rule(remind=remind(before=("P5D",), moved=True))
    else:
        move(store, "report", MONTHLY + " except 2026-05-31", now=at("2025-11-11T00:01"))
    plan_at(store, at("2025-11-12T09:00"), other)
    assert "2026-01-31 moved, Wed 12 Nov" in said(store)


def test_an_end_of_one_is_told_though_the_whole_ends_before_anybody_looks(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    acting.close(store, "report", "fulfilled", change(at("2025-11-11T00:00")), "2025-12-31")
    close(store, "report", now=at("2025-11-11T00:01"))
    tick(store, days("2025-11-12", "2025-11-13"))
    assert said(store) == ["closed, Wed 12 Nov", "2025-12-31 closed, Wed 12 Nov"]


def test_a_look_reads_only_the_ends_that_it_has_not_seen(store):
    """Where thousands have ended, another end must not read the history of all of them for each."""
    load(store, entry("report", MONTHLY), now=LOADED)
    tick(store, [LOADED])
    for number, name in enumerate(["2025-11-30", "2025-12-31", "2026-01-31"]):
        acting.close(store, "report", "fulfilled", change(at("2025-11-11T00:00")), name)
        if number == 1:
            tick(store, [at("2025-11-11T09:00")])
    (standing,) = [one for some in store.watches.watched_commitments() for one in some]
    assert [(one.what, one.occurrence) for one in standing.tracked.changes] == [("closed", "2026-01-31")]


def test_one_that_was_moved_far_away_hides_none_of_those_that_have_come(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    acting.move(store, "report", "2026-12-10", change(at("2025-11-11T00:00")), "2025-11-30")
    acting.close(store, "report", "fulfilled", change(at("2025-11-11T00:00")), "2026-08-31")
    come = list(tracked(store, "report").relevant_occurrences(at("2026-02-05T00:00")))
    assert come == ["2025-11-30", "2025-12-31", "2026-01-31", "2026-02-28", "2026-08-31"]


def test_a_move_of_one_occurrence_repeats_nothing_of_the_others(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    second = rule("second", cron="0 12 * * *", remind=remind(before=("P7D",)))
    plan_at(store, LOADED, DESK, second)
    assert plan_at(store, at("2025-11-23T09:00"), DESK, second) == 1
    acting.move(store, "report", "2026-01-10", change(at("2025-11-23T10:00")), "2025-12-31")
    assert plan_at(store, at("2025-11-23T10:01"), DESK, second) == 1  # the move
    assert plan_at(store, at("2025-11-23T12:00"), DESK, second) == 0  # told at nine


def test_what_was_moved_by_itself_follows_the_zone_of_the_whole(store):
    load(store, entry("report", MONTHLY), now=LOADED)
    acting.move(store, "report", "2026-01-10", change(LOADED), "2025-12-31")
    load(store, entry("report", MONTHLY, timezone="Asia/Tokyo"), now=LOADED + timedelta(hours=1))
    assert tracked(store, "report").at("2025-12-31").bounds.latest == at("2026-01-10T15:00")
