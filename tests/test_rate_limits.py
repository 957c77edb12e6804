"""The rate of a channel delays what it sends: nothing fails for it, nothing is claimed early, and the order stays."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

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
from alerts.turn_delivery import WAITS_FOR, deliver
from alerts.worker_threads import POLL_INTERVAL, until_next
from tests.factories import NOW, at, entry, load, plan_at, remind, rule
from tests.sim_time import SimStop, SimTime, Window, deliver_all

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), notify=("hook",), digest=False)
MANY = 24
Make = Callable[..., ChannelWorker]


@pytest.fixture
def time() -> SimTime:
    return SimTime(NINE)


@pytest.fixture
def make(store: Store, httpserver: HTTPServer, time: SimTime) -> Iterator[Make]:
    """Build a webhook with some settings, plan many alerts for it, and return its worker."""
    built = []

    def worker(many: int = MANY, **options: Any) -> ChannelWorker:
        channel = build("hook", "webhook", {"url": httpserver.url_for("/hook"), "timeout": 5, **options})
        built.append(channel)
        load(store, *(entry(f"c{number:03}") for number in range(many)))
        plan_at(store, NOW, LEAD)
        assert plan(store, ScheduledRule.all([LEAD]), {"hook": channel}, NINE) == many
        renderer = Renderer([shipped.folder("templates")])
        return ChannelWorker(store, channel, renderer, "UTC", time.now, steady=time.steady, stop=SimStop(time))

    yield worker
    for channel in built:
        channel.close()


def sink(httpserver: HTTPServer, window: Window) -> list[Any]:
    """Answer 429 to what is more than a window allows; returns what was accepted."""
    seen: list[Any] = []

    def respond(request: Request) -> Response:
        if not window.accepts():
            return Response("", 429, {"Retry-After": "30"})
        seen.append(request.json)
        return Response("", 200)

    httpserver.expect_request("/hook").respond_with_handler(respond)
    return seen


def attempts(store: Store) -> set[int]:
    return {one["attempts"] for one in store.ledger.deliveries()}


def test_without_a_rate_the_service_refuses_and_the_breaker_opens(
    store: Store, make: Make, httpserver: HTTPServer, time: SimTime
) -> None:
    window = Window(time, 5, 1.0)
    sink(httpserver, window)
    worker = make()
    worker.drain()
    assert window.refused
    assert worker.health.breaker.out_since


@pytest.mark.parametrize(
    ("rate", "burst", "seconds"),
    [("5/s", 1, (MANY - 1) / 5), ("300/min", 1, (MANY - 1) / 5), ("2/s", 3, (MANY - 3) / 2)],
)
def test_with_a_rate_the_service_refuses_nothing_and_each_is_tried_once(
    *, store: Store, make: Make, httpserver: HTTPServer, time: SimTime, rate: str, burst: int, seconds: float
) -> None:
    window = Window(time, 5, 1.0)
    sink(httpserver, window)
    worker = make(rate=rate, burst=burst)
    assert deliver_all(worker, time) == {"sent": MANY}
    assert (window.refused, attempts(store)) == ([], {1})
    assert time.passed == pytest.approx(seconds, abs=0.1)
    assert window.accepted.count(0.0) == burst


def test_what_waits_for_the_rate_is_not_claimed(
    store: Store, make: Make, httpserver: HTTPServer, time: SimTime
) -> None:
    sink(httpserver, Window(time, 100, 1.0))
    worker = make(rate="1/min")
    assert worker.drain() == {"sent": 1}
    waiting = [one for one in store.ledger.deliveries() if one["state"] != "sent"]
    assert {(one["state"], one["attempts"]) for one in waiting} == {("pending", 0)}
    for _ in range(3):
        assert worker.drain() == {}
    pause = worker.pause()
    assert pause is not None
    assert pause.total_seconds() == pytest.approx(60)
    assert worker.is_well(time.now())


def test_they_go_in_the_order_in_which_they_fell_due(
    store: Store, make: Make, httpserver: HTTPServer, time: SimTime
) -> None:
    seen = sink(httpserver, Window(time, 100, 1.0))
    worker = make(many=4, rate="1/min", connections=1)
    for number, hour in ((50, "10:00"), (60, "11:00")):
        load(store, *(entry(f"c{number + more:03}") for more in range(3)))
        later = at(f"2025-11-03T{hour}")
        plan(store, ScheduledRule.all([LEAD]), {"hook": worker.channel}, later)
    time.pass_for(3 * 3600)
    deliver_all(worker, time)
    tens = [int(one["data"]["reminders"][0]["commitment"]["key"][1:3]) for one in seen]
    assert tens == [0] * 4 + [5] * 3 + [6] * 3


@pytest.mark.parametrize("connections", [1, 3])
def test_as_many_are_under_way_as_connections_are_stated(make: Make, connections: int) -> None:
    under_way, most, lock = Counter[str](), Counter[str](), threading.Lock()
    full = threading.Barrier(connections)

    def respond(_: Request) -> Response:
        with lock:
            under_way["now"] += 1
            most["now"] = max(most["now"], under_way["now"])
        full.wait(10)  # all of them are
        with lock:
            under_way["now"] -= 1
        return Response("", 200)

    with HTTPServer(threaded=True) as server:
        server.expect_request("/hook").respond_with_handler(respond)
        assert make(url=server.url_for("/hook"), connections=connections).drain() == {"sent": MANY}
    assert most["now"] == connections


def test_a_turn_waits_for_the_rate_but_for_no_more_than_a_minute(
    store: Store, make: Make, httpserver: HTTPServer, time: SimTime
) -> None:
    sink(httpserver, Window(time, 100, 1.0))
    worker = make(rate="12/min")
    assert deliver([worker]) == {"sent": 1 + WAITS_FOR // 5}
    assert time.passed == WAITS_FOR
    assert deliver([worker]) == {"sent": MANY - 1 - WAITS_FOR // 5}


@pytest.mark.parametrize(("rate", "seconds"), [("100/s", 0.01), ("2/s", 0.5), ("30/h", 60.0)])
def test_a_daemon_looks_again_when_the_next_may_go(
    *, make: Make, httpserver: HTTPServer, time: SimTime, rate: str, seconds: float
) -> None:
    sink(httpserver, Window(time, 100, 1.0))
    worker = make(many=3, rate=rate)
    assert worker.drain() == {"sent": 1}
    assert until_next(worker).total_seconds() == pytest.approx(seconds, abs=1e-4)
    assert until_next(worker) <= POLL_INTERVAL


def test_a_turn_with_nothing_due_does_not_wait(make: Make, httpserver: HTTPServer, time: SimTime) -> None:
    sink(httpserver, Window(time, 100, 1.0))
    worker = make(many=1, rate="12/min")
    assert deliver([worker]) == {"sent": 1}
    assert time.passed == 0
