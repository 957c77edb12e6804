"""The daemon's sweeps, in this process: who watches from outside hears only of those that went well."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from alerts import shipped
from alerts.channels import build
from alerts.channels.heartbeat import Heartbeat
from alerts.core.breakers import Breaker
from alerts.daemon import Daemon
from alerts.delivery import ChannelWorker
from alerts.rendering.renderer import Renderer
from alerts.store import Store, delivery_tables
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox.unreachable import ALIVE
from alerts.store.store_error import StoreError
from tests.factories import NOW

TOO_SOON = 0.5  # seconds within which a heartbeat comes that nothing holds back
PATIENCE = 30.0


@pytest.fixture
def worker(sqlite_url: str, httpserver: HTTPServer) -> Iterator[ChannelWorker]:
    store = Store(sqlite_url)
    channel = build("hook", "webhook", {"url": httpserver.url_for("/hook"), "timeout": 5})
    yield ChannelWorker(store, channel, Renderer([shipped.folder("templates")]), "UTC", lambda: NOW)
    channel.close()
    store.close()


@pytest.fixture
def beaten(httpserver: HTTPServer) -> threading.Event:
    """Set when the heartbeat has come."""
    come = threading.Event()
    httpserver.expect_request("/beat").respond_with_handler(lambda _: come.set() or Response())
    return come


@pytest.fixture
def signals() -> Iterator[None]:
    """Put the handlers of signals back that a daemon sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def planning_fails(_: ChannelWorker, *, well: bool) -> None:
    if not well:
        raise StoreError("the disk is full")


def channel_is_off(worker: ChannelWorker, *, well: bool) -> None:
    worker.health.breaker = Breaker() if well else Breaker(off="HTTP 410")


def deliveries_wait_for_nobody(worker: ChannelWorker, *, well: bool) -> None:
    way = {"channel": "gone", "recipient": ""}
    with worker.store.database.write() as connection:
        connection.execute(delivery_tables.deliveries.delete())
        connection.execute(delivery_tables.missing_recipients.delete())
        if not well:
            connection.execute(delivery_tables.deliveries.insert(), new_delivery(uuid4(), "gone", "", NOW))
            connection.execute(delivery_tables.missing_recipients.insert(), way | {"since": NOW - ALIVE})


@pytest.mark.parametrize("befalls", [planning_fails, channel_is_off, deliveries_wait_for_nobody])
def test_the_heartbeat_waits_for_a_sweep_that_went_well(
    *,
    worker: ChannelWorker,
    beaten: threading.Event,
    httpserver: HTTPServer,
    signals: None,
    monkeypatch: pytest.MonkeyPatch,
    befalls: Callable[..., None],
) -> None:
    came: list[bool] = []

    def sweep(*_: object, **__: object) -> None:
        """Two sweeps go badly, the others well; whether one was told shows in the one after it."""
        worker.on_failure()  # so that the next comes at once
        came.append(beaten.wait((0, TOO_SOON, 0, PATIENCE)[len(came)]) if len(came) < 4 else True)
        if len(came) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        befalls(worker, well=len(came) > 2)

    monkeypatch.setattr("alerts.daemon.plan", sweep)
    daemon = Daemon(worker.store, {}, [worker], worker.clock, heartbeat=Heartbeat({"url": httpserver.url_for("/beat")}))
    assert daemon.run()
    assert came[:4] == [False, False, False, True]
