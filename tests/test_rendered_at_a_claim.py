"""What a retry says: the same bytes, until the reader's day or the entries that still hold have changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alerts import shipped
from alerts.channels import build
from alerts.delivery import ChannelWorker
from alerts.planning import plan
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests.factories import NOW, SetClock, at, close, entries, load, plan_at, remind, rule

EVE = at("2025-11-09T15:00")  # late on the day before in Shanghai, early on it in New York
EVERY = rule(remind=remind(before=("P1D",)), notify=("hook",), digest=True)


@pytest.fixture(params=[1, 3], ids=["one", "digest"])
def worker(store: Store, httpserver: HTTPServer, request: pytest.FixtureRequest) -> Iterator[ChannelWorker]:
    """A lane of a webhook that refuses, with one delivery that was tried."""
    httpserver.expect_request("/hook").respond_with_handler(lambda _: Response("", 400))
    channel = build("hook", "webhook", {"url": httpserver.url_for("/hook")})
    load(store, *entries(request.param))
    plan_at(store, NOW, EVERY)
    assert plan(store, ScheduledRule.all([EVERY]), {"hook": channel}, EVE) == 1
    made = ChannelWorker(store, channel, Renderer([shipped.folder("templates")]), "America/New_York", SetClock(EVE))
    assert made.drain() == {"retry": 1}
    yield made
    channel.close()


def sent(httpserver: HTTPServer) -> list[Request]:
    return [request for request, _ in httpserver.log]


def test_on_the_same_day_of_the_reader_it_sends_the_same_bytes(worker, httpserver):
    worker.clock.now = at("2025-11-10T04:30")  # past midnight in UTC
    worker.drain()
    first, second = sent(httpserver)
    assert first.data == second.data
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_on_another_day_of_the_reader_it_says_what_is_true_then(worker, httpserver):
    worker.clock.now = at("2025-11-10T05:30")
    worker.drain()
    first, second = sent(httpserver)
    standing = [request.json["data"]["reminders"][0]["standing"] for request in (first, second)]
    assert ["today" in words for words in standing] == [False, True]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_what_is_closed_meanwhile_is_left_out_and_what_was_alone_is_superseded(worker, store, httpserver):
    (first,) = sent(httpserver)
    keys = [entry["commitment"]["key"] for entry in first.json["data"]["reminders"]]
    close(store, keys[0])
    worker.clock.now = at("2025-11-09T16:00")
    worker.drain()
    assert [one["state"] for one in store.ledger.deliveries()] == ["retry" if keys[1:] else "superseded"]
    again = [[entry["commitment"]["key"] for entry in one.json["data"]["reminders"]] for one in sent(httpserver)[1:]]
    assert again == ([keys[1:]] if keys[1:] else [])


def test_what_was_stored_without_its_entries_goes_out_as_it_is(worker, store, httpserver):
    with store.database.write() as connection:
        connection.exec_driver_sql("update deliveries set entries = null")
    worker.clock.now = at("2025-11-09T16:00")
    worker.drain()
    first, second = sent(httpserver)
    assert first.data == second.data
