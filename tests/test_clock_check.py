"""A clock that jumps by a year is doubted until it is put right, is accepted, or a second one agrees."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from alerts.channels.heartbeat import Heartbeat
from alerts.clock_check import ACCEPTED, DOUBT, SWEPT, ClockCheck, accept
from tests.factories import NOW

YEAR = timedelta(days=365)
TWO_DAYS = timedelta(days=2)


class Clocks:
    """A wall clock and a steady one, and a second clock where there is one."""

    def __init__(self) -> None:
        self.wall, self.steady, self.second = NOW, 1000.0, None

    def run_on(self, by: timedelta) -> None:
        self.wall += by
        self.steady += by.total_seconds()


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def check(store, clocks, monkeypatch):
    monkeypatch.setattr(store, "second_clock", lambda: None)
    made = ClockCheck(store, lambda: clocks.wall, lambda: clocks.second, lambda: clocks.steady)
    assert made.begin()
    made.swept()
    return made


@pytest.mark.parametrize("by", [YEAR, -YEAR, timedelta(days=3), -timedelta(days=3)])
def test_a_jump_is_doubted_at_once_said_and_over_when_it_is_put_right(check, clocks, store, by):
    clocks.wall += by
    assert not check.is_sure()
    assert not check.settle()
    check.swept()
    assert store.ledger.facts()[SWEPT].at == NOW, "what the wrong clock says is not remembered"
    assert "the steady clock" in store.ledger.facts()[DOUBT].value
    clocks.wall -= by
    assert check.settle()
    assert check.is_sure()
    assert DOUBT not in store.ledger.facts()


@pytest.mark.parametrize("by", [TWO_DAYS, -TWO_DAYS, timedelta(hours=-1)])
def test_two_days_are_no_reason(check, clocks, by):
    clocks.wall += by
    assert check.is_sure()
    assert check.settle()


def test_a_long_run_without_a_sweep_is_no_jump(check, clocks):
    clocks.run_on(YEAR)
    assert check.is_sure()


def test_a_start_far_before_the_last_good_sweep_is_doubted_until_it_is_put_right(check, clocks, store):
    clocks.wall -= YEAR
    again = ClockCheck(store, lambda: clocks.wall, lambda: None, lambda: 5.0)
    assert not again.begin()
    assert not again.is_sure()
    clocks.wall += YEAR
    assert again.settle()
    assert again.is_sure()


@pytest.mark.parametrize(("days", "sure"), [(200, True), (365, False)])
def test_a_start_long_after_the_last_good_sweep_asks_for_a_second_clock(check, clocks, store, days, sure):
    clocks.wall += timedelta(days=days)
    again = ClockCheck(store, lambda: clocks.wall, lambda: clocks.second, lambda: 5.0)
    assert again.begin() is sure
    clocks.second = clocks.wall + timedelta(hours=3)
    assert again.settle()


def test_a_second_clock_settles_it_only_where_it_agrees(check, clocks):
    clocks.wall += YEAR
    clocks.second = NOW
    assert not check.settle()
    clocks.second = clocks.wall - timedelta(days=1)
    assert check.settle()
    assert check.is_sure()


def test_a_person_may_accept_it(check, clocks, store):
    clocks.wall += YEAR
    assert not check.settle()
    assert "ahead of the steady clock" in accept(store, clocks.wall)
    assert check.settle()
    assert not {DOUBT, ACCEPTED} & set(store.ledger.facts())


def test_an_acceptance_counts_for_the_clock_that_it_was_given_for(check, clocks, store):
    accept(store, clocks.wall)
    clocks.wall += YEAR
    assert not check.settle()


def test_the_clock_of_the_database_server_is_the_second_one(postgresql_url):
    from alerts.store import Store

    store = Store(postgresql_url)
    assert abs(store.second_clock() - datetime.now(UTC)) < timedelta(minutes=1)
    store.close()


def test_the_date_of_the_heartbeats_server_is_asked_for_without_a_ping(httpserver: HTTPServer):
    httpserver.expect_request("/", "HEAD").respond_with_response(Response(status=404))
    found = Heartbeat({"url": httpserver.url_for("/ping/SECRET")}).date()
    assert abs(found - datetime.now(UTC)) < timedelta(minutes=1)
    assert [request.path for request, _ in httpserver.log] == ["/"]


def test_a_restart_settles_nothing(check, clocks, store):
    clocks.wall += timedelta(days=30)
    assert not check.settle()
    again = ClockCheck(store, lambda: clocks.wall, lambda: None, lambda: 5.0)
    assert not again.begin()
    clocks.wall = NOW
    assert again.settle()


def test_a_doubt_that_another_process_left_is_forgotten_once_the_clock_is_right(check, clocks, store):
    """As with cron only: a boot before the time is set, and later an outage of three days."""
    assert not ClockCheck(store, lambda: NOW - timedelta(days=10)).begin()
    assert ClockCheck(store, lambda: clocks.wall).begin()
    assert DOUBT not in store.ledger.facts()
    assert ClockCheck(store, lambda: NOW + timedelta(days=4)).begin()


def test_a_good_sweep_forgets_what_was_doubted_and_accepted_beside_it(check, clocks, store):
    assert not ClockCheck(store, lambda: NOW - timedelta(days=10)).begin()
    accept(store, clocks.wall)
    check.swept()
    assert not {DOUBT, ACCEPTED} & set(store.ledger.facts())
