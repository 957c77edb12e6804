"""Breakers: a dead server costs one attempt and not a thousand, and is noticed soon when it is back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.core.breakers import Breaker
from alerts.core.deliveries import Outcome
from tests.factories import NOW

OUT = Outcome(state="retry", error="refused", channel="out")
SENT = Outcome(state="sent")
CLOSED = Breaker()
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def after(*outcomes: Outcome, breaker: Breaker = CLOSED, now=NOW) -> Breaker:
    for outcome in outcomes:
        breaker = breaker.after(outcome, started=now, ended=now)
    return breaker


def test_all_goes_until_the_first_failure_then_nothing_then_one_probe():
    assert Breaker().allows(NOW, 4) == 4
    opened = after(OUT)
    assert [opened.allows(NOW + wait * SECOND, 4) for wait in (0, 4.9, 5, 60)] == [0, 0, 1, 1]
    assert (opened.out_since, opened.reason) == (NOW, "refused")


def test_a_probe_that_gets_through_closes_it():
    assert after(OUT, SENT) == Breaker()


@pytest.mark.parametrize("outcome", [Outcome(state="dead", error="550"), Outcome(state="retry", error="450")])
def test_a_recipient_who_is_refused_says_that_the_server_works(outcome):
    assert after(OUT, outcome) == Breaker()


def test_pauses_grow_to_ten_minutes():
    breaker, now, pauses = Breaker(), NOW, []
    for _ in range(6):
        breaker = after(OUT, breaker=breaker, now=now)
        assert breaker.probe_at
        pauses.append(int((breaker.probe_at - now).total_seconds()))
        now = breaker.probe_at
    assert pauses == [5, 30, 120, 600, 600, 600]
    assert breaker.out_since == NOW


def test_what_was_in_flight_when_it_opened_makes_the_pause_no_longer():
    opened = after(OUT)
    again = opened.after(OUT, started=NOW - SECOND, ended=NOW + SECOND)
    assert again == opened


def test_the_pause_that_the_peer_asks_for_is_kept():
    opened = after(replace(OUT, pause=timedelta(minutes=3)))
    assert [opened.allows(NOW + timedelta(minutes=wait), 1) for wait in (2.9, 3)] == [0, 1]


def test_a_channel_that_is_closed_for_good_stays_off():
    off = after(Outcome(state="dead", error="HTTP 410", channel="off"))
    assert off.off == "HTTP 410"
    assert after(SENT, OUT, breaker=off) == off
    assert off.allows(NOW, 4) == 4  # each is given up at once, so that it is told elsewhere


def test_a_clock_that_is_put_back_does_not_keep_it_open():
    assert after(OUT).allows(NOW - DAY, 4) == 1


def test_a_probe_after_the_clock_was_put_back_is_learned_from():
    back = NOW - DAY
    again = after(OUT).after(OUT, started=back, ended=back)
    assert [again.allows(back + wait * SECOND, 4) for wait in (1, 30)] == [0, 1]
