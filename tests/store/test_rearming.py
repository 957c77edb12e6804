"""What went out by a clock that was ahead is sent again at its time, once the clock is right."""

from __future__ import annotations

from datetime import timedelta

from alerts.clock_check import SWEPT, ClockCheck, accept
from alerts.core.deliveries import Outcome
from tests.factories import NOW, at, claim, close, entries, entry, load, move, plan_at, remind, rule, tracked

DESK = rule(remind=remind(before=("P7D", "P1D"), on_the_day=True, moved=True, closed=True))
AHEAD = at("2026-10-28T09:00")
MINUTE = timedelta(minutes=1)


def sent(store, now, *rules):
    """Plan and send: what goes out, by key, kind and lead."""
    plan_at(store, now, *rules or (DESK,))
    claims = claim(store, now)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
    reminders = [told.reminder for one in claims for told in one.contexts]
    return sorted((one.commitment, one.kind, one.offset or "") for one in reminders)


def put_right(store, now):
    """Let a daemon start whose clock is right again, and a person say so."""
    store.ledger.record_fact(SWEPT, "", AHEAD)
    check = ClockCheck(store, lambda: now, lambda: None, lambda: 5.0)
    assert not check.begin()
    accept(store, now)
    assert check.settle()
    check.swept()


def test_what_the_wrong_clock_sent_goes_out_again_at_its_time_and_once(store):
    load(store, entry("truce", "2025-11-10"), entry("tariff", "2025-11-12"))
    assert sent(store, NOW) == []
    assert [key for key, *_ in sent(store, AHEAD)] == ["tariff", "truce"]
    put_right(store, NOW)
    assert sent(store, NOW + MINUTE) == []
    assert sent(store, at("2025-11-03T09:00")) == [("truce", "before", "P7D")]
    assert sent(store, at("2025-11-03T09:01")) == []
    assert sent(store, at("2025-11-05T09:00")) == [("tariff", "before", "P7D")]
    assert sent(store, at("2025-11-09T09:00")) == [("truce", "before", "P1D")]
    assert sent(store, at("2025-11-10T09:00")) == [("truce", "on_the_day", "")]


def test_what_was_sent_before_the_clock_ran_ahead_is_not_sent_again(store):
    load(store, entry("truce", "2025-11-05"))
    assert sent(store, at("2025-10-29T09:00")) == [("truce", "before", "P7D")]
    sent(store, AHEAD)
    put_right(store, at("2025-10-29T10:00"))
    assert sent(store, at("2025-10-29T10:01")) == []
    assert sent(store, at("2025-11-04T09:00")) == [("truce", "before", "P1D")]


def test_moves_and_closings_that_were_told_stay_told(store):
    load(store, entry("truce", "2027-11-05"), entry("pact", "2027-11-05"))
    sent(store, NOW)
    move(store, "truce", "2027-12-05", now=AHEAD)
    close(store, "pact", now=AHEAD)
    assert [kind for _, kind, _ in sent(store, AHEAD)] == ["closed", "moved"]
    put_right(store, NOW)
    assert sent(store, NOW + MINUTE) == []
    assert [one["kind"] for one in store.ledger.reminders(tracked(store).id) if one["deliveries"]] == ["moved"]


def test_occurrences_and_a_digest_are_armed_again_too(store):
    weekly = entry("report", "every FREQ=WEEKLY;BYDAY=MO from 2025-11-03")
    load(store, weekly, *entries(20, "2025-11-17"))
    day = rule(remind=remind(on_the_day=True), digest=True)
    assert sent(store, at("2025-11-03T09:00"), day) == [("report", "on_the_day", "")]
    assert len(sent(store, AHEAD, day)) > 20
    put_right(store, at("2025-11-03T10:00"))
    assert sent(store, at("2025-11-03T10:01"), day) == []
    assert sent(store, at("2025-11-10T09:00"), day) == [("report", "on_the_day", "")]
    assert len(sent(store, at("2025-11-17T09:00"), day)) == 21


def test_the_history_says_what_is_sent_again_and_why(store):
    load(store, entry("truce", "2025-11-10"))
    sent(store, NOW)
    sent(store, AHEAD)
    put_right(store, NOW)
    last = store.ledger.history(tracked(store).id)[-1]
    assert (last.reason, last.recorded_at) == ("this machine's clock was ahead", NOW)
    assert last.detail == "alerts that went out too early will be sent again: 1"


def test_a_summary_of_the_wrong_year_does_not_keep_back_the_next(store):
    weekly = rule("monday", cron="0 9 * * 1", summary="P30D", remind=remind(closed=False))
    load(store, entry("truce", "2025-11-10"))
    plan_at(store, NOW, weekly)
    assert plan_at(store, AHEAD, weekly, register=False) == 1
    put_right(store, NOW)
    assert plan_at(store, at("2025-11-03T09:00"), weekly, register=False) == 1
