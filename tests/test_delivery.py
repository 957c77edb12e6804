"""Channel workers: a dead server costs few attempts, an odd delivery holds up no other, and outcomes are recorded."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import func, select, update
from sqlalchemy.exc import DataError
from werkzeug import Request, Response

from alerts import shipped
from alerts.channels import build
from alerts.core.deliveries import Delivery
from alerts.core.messages import Outgoing
from alerts.core.notifications import Notification
from alerts.delivery import ChannelWorker
from alerts.failure_handling import handle_failures
from alerts.planning import plan
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables
from alerts.store.store_error import DamagedError, StoreError
from tests.factories import NOW, SetClock, at, entries, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), notify=("hook",), fallback="spare", digest=False)
CLAIMS = 6  # per connection: fewer than the product claims, so that fewer deliveries are several claims
MANY = 32  # more than are claimed at once
DELIVERIES = delivery_tables.deliveries


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NINE)


@pytest.fixture
def workers(
    store: Store, httpserver: HTTPServer, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, ChannelWorker]]:
    """Workers for two webhooks, with many deliveries due on the first."""
    monkeypatch.setattr("alerts.delivery.CLAIMS_PER_CONNECTION", CLAIMS)
    channels = {
        name: build(name, "webhook", {"url": httpserver.url_for(f"/{name}"), "timeout": 5})
        for name in ("hook", "spare")
    }
    load(store, *entries(MANY))
    plan_at(store, NOW, LEAD)
    assert plan(store, ScheduledRule.all([LEAD]), channels, NINE) == MANY
    renderer = Renderer([shipped.folder("templates")])
    yield {name: ChannelWorker(store, channel, renderer, "UTC", clock) for name, channel in channels.items()}
    for channel in channels.values():
        channel.close()


def answer(httpserver: HTTPServer, path: str, say: Callable[[UUID], int]) -> Counter[UUID]:
    """Answer with what is said to each id; returns how often each has come."""
    seen: Counter[UUID] = Counter()

    def respond(request: Request) -> Response:
        one = UUID(request.headers["webhook-id"])
        seen[one] += 1
        return Response("", say(one))

    httpserver.expect_request(path).respond_with_handler(respond)
    return seen


def states(store: Store) -> Counter[str]:
    return Counter(one["state"] for one in store.ledger.deliveries())


def test_a_dead_server_costs_an_attempt_a_connection_and_one_a_probe(store, workers, httpserver, clock):
    worker, status = workers["hook"], 503
    seen = answer(httpserver, "/hook", lambda _: status)
    worker.drain()
    first = sum(seen.values())
    assert 1 <= first <= worker.channel.connections
    assert worker.drain() == {}
    for wait in (5, 30, 120, 600, 600):
        pause = worker.pause()
        assert pause is not None
        assert pause.total_seconds() == pytest.approx(wait)
        clock.now += pause
        worker.drain()
    assert sum(seen.values()) == first + 5
    status = 200
    clock.now += timedelta(hours=1)
    assert sum(worker.drain().values()) == MANY
    assert (len(seen), states(store)) == (MANY, {"sent": MANY})
    assert all(one["attempts"] <= 2 for one in store.ledger.deliveries())


def test_nothing_is_claimed_while_it_may_not_send(store, workers, httpserver):
    """While the clock is in doubt, say."""
    seen = answer(httpserver, "/hook", lambda _: 200)
    workers["hook"].may_send = lambda: False
    assert not workers["hook"].drain()
    assert not seen
    workers["hook"].may_send = lambda: True
    assert workers["hook"].drain()["sent"] == MANY


def test_a_message_that_is_refused_holds_up_no_other(store, workers, httpserver):
    odd: list[UUID] = []

    def say(one: UUID) -> int:
        if not odd:
            odd.append(one)
        return 400 if one in odd else 200

    answer(httpserver, "/hook", say)
    workers["hook"].drain()
    assert states(store) == {"sent": MANY - 1, "retry": 1}


def test_a_webhook_that_is_closed_for_good_is_turned_off_and_its_words_go_to_the_fallback(store, workers, httpserver):
    seen, spare = answer(httpserver, "/hook", lambda _: 410), answer(httpserver, "/spare", lambda _: 200)
    workers["hook"].drain()
    assert sum(seen.values()) <= workers["hook"].channel.connections
    assert states(store) == {"dead": MANY}
    channels = {name: worker.channel for name, worker in workers.items()}
    assert handle_failures(store, ScheduledRule.all([LEAD]), channels, (), NINE) == MANY
    workers["spare"].drain()
    assert sum(spare.values()) == MANY
    request, _ = httpserver.log[-1]
    instead = json.loads(request.data)["data"]["fallback_for"]
    assert instead["channel"] == "hook"
    assert "HTTP 410" in instead["error"]


def test_sends_that_end_almost_together_share_a_commit(store, workers, httpserver, monkeypatch):
    answer(httpserver, "/hook", lambda _: 200)
    recorded, record = [], store.outbox.record_outcomes
    monkeypatch.setattr("alerts.delivery.GATHER_SECONDS", 30.0)
    monkeypatch.setattr(store.outbox, "record_outcomes", lambda ended: recorded.append(len(ended)) or record(ended))
    assert workers["hook"].drain() == {"sent": MANY}
    connections = workers["hook"].channel.connections
    assert connections > 1
    assert recorded == [connections] * (MANY // connections)


def test_an_answer_that_cannot_be_stored_holds_up_no_other_mark(store, workers, httpserver, monkeypatch):
    answer(httpserver, "/hook", lambda _: 200)
    mark = store.outbox.record_outcomes

    def choosy(marks: Any) -> None:
        """As PostgreSQL does with a NUL in a text."""
        if any(outcome.remote and delivery.id.int % 7 == 0 for delivery, outcome, _, _ in marks):
            raise DataError("update", {}, ValueError("a NUL"))
        mark(marks)

    monkeypatch.setattr(store.outbox, "record_outcomes", choosy)
    workers["hook"].drain()
    assert states(store) == {"sent": MANY}


def sent_while_five_recordings_fail(
    store: Store,
    workers: dict[str, ChannelWorker],
    httpserver: HTTPServer,
    patch: pytest.MonkeyPatch,
    error: StoreError,
) -> set[int]:
    """Drain, and return how often each delivery was sent."""
    seen = answer(httpserver, "/hook", lambda _: 200)
    patch.setattr("alerts.outcome_recording.RETRY_AFTER", 0.001)
    record, left = store.outbox.record_outcomes, [5]

    def fail_at_first(ended: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise error
        record(ended)

    patch.setattr(store.outbox, "record_outcomes", fail_at_first)
    workers["hook"].drain()
    return set(seen.values())


def test_what_is_sent_is_marked_when_the_database_is_back(store, workers, httpserver, monkeypatch):
    lost = StoreError("the connection was lost")
    assert sent_while_five_recordings_fail(store, workers, httpserver, monkeypatch, lost) == {1}
    assert states(store) == {"sent": MANY}


def test_a_daemon_goes_on_recording_where_the_file_is_damaged_and_sends_nothing_again(
    store, workers, httpserver, monkeypatch
):
    damaged = DamagedError("the file is damaged")
    assert sent_while_five_recordings_fail(store, workers, httpserver, monkeypatch, damaged) == {1}
    assert states(store) == {"sent": MANY}


def test_who_wakes_up_after_its_lease_begins_nothing(store, workers, httpserver):
    worker, steady = workers["hook"], [0.0]
    worker.steady = lambda: steady[0]

    def stop_at_first(_: UUID) -> int:
        steady[0] = 1e6  # the process stands still amid the first sends, for days
        return 200

    seen = answer(httpserver, "/hook", stop_at_first)
    worker.drain()
    with store.database.read() as connection:
        claimed_again = connection.execute(select(func.count()).where(DELIVERIES.c.fence == 2)).scalar_one()
    assert claimed_again >= (CLAIMS - 1) * worker.channel.connections, "all that was not begun"
    assert (states(store), set(seen.values())) == ({"sent": MANY}, {1})
    assert {row["attempts"] for row in store.ledger.deliveries(limit=MANY)} == {1}


def test_who_wakes_up_after_its_lease_sends_nothing_that_another_took_over(store, workers, httpserver, monkeypatch):
    seen = answer(httpserver, "/hook", lambda _: 200)
    claim, steady, theirs = store.outbox.claim, [0.0], []

    def stopped_after_the_claim(*asked: Any, **more: Any) -> list[Delivery]:
        mine = claim(*asked, **more)
        if not theirs:
            steady[0] += 3600
            with store.database.write() as connection:
                connection.execute(update(DELIVERIES).where(DELIVERIES.c.state == "leased").values(lease_until=NOW))
            theirs.extend(claim("hook", NINE, MANY, timedelta(minutes=9)))
        return mine

    workers["hook"].steady = lambda: steady[0]
    monkeypatch.setattr(store.outbox, "claim", stopped_after_the_claim)
    workers["hook"].drain()
    assert (len(theirs), sum(seen.values()), states(store)) == (MANY, 0, {"leased": MANY})


def test_at_the_end_what_is_claimed_and_not_begun_is_given_back(store, workers, httpserver):
    worker = workers["hook"]

    def end(_: UUID) -> int:
        worker.stop.set()
        return 200

    seen = answer(httpserver, "/hook", end)
    worker.drain()
    assert len(seen) <= worker.channel.connections
    assert (states(store)["leased"], states(store)["sent"]) == (0, len(seen))
    assert {one["attempts"] for one in store.ledger.deliveries() if one["state"] == "retry"} == {0}


@contextmanager
def dependants() -> Iterator[int]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_hangs_costs_its_timeout_once_not_once_a_delivery(store, workers):
    with dependants() as port:
        slow = build("hook", "webhook", {"url": f"http://127.0.0.1:{port}/", "timeout": 0.3})
        worker = ChannelWorker(store, slow, workers["hook"].renderer, "UTC", workers["hook"].clock)
        worker.drain()
        slow.close()
    assert set(states(store)) == {"pending", "retry"}
    assert 1 <= sum(one["attempts"] for one in store.ledger.deliveries()) <= slow.connections


def test_what_is_in_flight_when_the_database_is_lost_is_marked_all_the_same(store, workers, httpserver, monkeypatch):
    seen = answer(httpserver, "/hook", lambda _: 200)
    claim, calls = store.outbox.claim, []

    def out_the_second_time(*arguments: Any, **more: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise StoreError("the connection was lost")
        return claim(*arguments, **more)

    monkeypatch.setattr(store.outbox, "claim", out_the_second_time)
    with pytest.raises(StoreError):
        workers["hook"].drain()
    assert states(store)["sent"] == len(seen)
    assert states(store)["leased"] == 0
    workers["hook"].drain()
    assert (states(store), set(seen.values())) == ({"sent": MANY}, {1})


def test_a_retry_sends_the_same_bytes_whatever_has_been_edited_meanwhile(store, workers, httpserver, clock):
    odd = [400, 200]
    seen = answer(httpserver, "/hook", lambda one: odd[seen[one] - 1])
    workers["hook"].drain()
    load(store, *(replace(one, commitment=replace(one.commitment, title="Edited")) for one in entries(MANY)))
    clock.now += timedelta(minutes=1)
    workers["hook"].drain()
    assert states(store) == {"sent": MANY}
    sent: dict[str, set[bytes]] = defaultdict(set)
    for request, _ in httpserver.log:
        sent[request.headers["webhook-id"]].add(request.data)
    assert set(seen.values()) == {2}
    assert {len(bodies) for bodies in sent.values()} == {1}


def test_what_is_in_flight_is_sent_once_though_its_lease_seems_to_have_ended(store, workers, httpserver, monkeypatch):
    """As where the clock is put on while it is being sent."""
    answer(httpserver, "/hook", lambda _: 200)
    monkeypatch.setattr("alerts.delivery.CLAIMS_PER_CONNECTION", 1)
    send, begun, many = workers["hook"].channel.send, list[UUID](), threading.Event()

    def hold_the_first(outgoing: Outgoing) -> str:
        begun.append(outgoing.id)
        if outgoing.id == begun[0] and begun.count(outgoing.id) == 1:
            with store.database.write() as connection:
                connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == outgoing.id).values(lease_until=NOW))
            assert many.wait(30)
        elif len(begun) > 20:
            many.set()
        return send(outgoing)

    monkeypatch.setattr(workers["hook"].channel, "send", hold_the_first)
    workers["hook"].drain()
    assert (states(store), len(begun), len(set(begun))) == ({"sent": MANY}, MANY, MANY)


def test_what_waits_for_an_hour_behind_a_channel_that_is_out_is_told_elsewhere(store, workers, httpserver, clock):
    answer(httpserver, "/hook", lambda _: 503)
    worker, rung = workers["hook"], []
    worker.on_failure = lambda: rung.append("rung")
    worker.drain()
    assert not rung
    clock.now += timedelta(hours=1)
    worker.drain()
    assert rung
    channels = {name: worker.channel for name, worker in workers.items()}
    assert handle_failures(store, ScheduledRule.all([LEAD]), channels, (), clock.now) == MANY


def test_a_channel_that_fails_in_no_known_way_is_tried_again(store, workers, httpserver, monkeypatch, caplog):
    answer(httpserver, "/hook", lambda _: 200)
    send, odd = workers["hook"].channel.send, [ZeroDivisionError("in the channel")]

    def fail_once(outgoing: Outgoing) -> str:
        if odd:
            raise odd.pop()
        return send(outgoing)

    monkeypatch.setattr(workers["hook"].channel, "send", fail_once)
    workers["hook"].drain()
    assert states(store) == {"sent": MANY - 1, "retry": 1}
    assert "unexpected ZeroDivisionError in the channel" in caplog.text


def test_a_worker_whose_every_claim_fails_is_not_well(store, workers, clock, monkeypatch):
    worker = workers["hook"]
    worker.drain()
    assert worker.is_well(clock.now)
    monkeypatch.setattr(store.outbox, "claim", lambda *_, **__: 1 / 0)
    clock.now += timedelta(minutes=6)
    with pytest.raises(ZeroDivisionError):
        worker.drain()
    assert not worker.is_well(clock.now)


def test_a_message_that_cannot_be_rendered_fails_by_itself_and_is_told_elsewhere(
    store, workers, httpserver, monkeypatch, clock
):
    sent, said = answer(httpserver, "/hook", lambda _: 200), answer(httpserver, "/spare", lambda _: 200)
    odd: list[UUID] = []

    def fail_on_one(renderer: Renderer, channel: Any, asked: Notification) -> Any:
        odd.append(asked.id)
        return compose(renderer, channel, asked) if asked.id != odd[0] or channel.name != "hook" else 1 / 0

    monkeypatch.setattr("alerts.message_preparation.compose", fail_on_one)
    workers["hook"].drain()
    assert states(store) == {"sent": MANY - 1, "retry": 1}
    for _ in range(12):
        clock.now += timedelta(minutes=30)
        workers["hook"].drain()
    channels = {name: worker.channel for name, worker in workers.items()}
    assert handle_failures(store, ScheduledRule.all([LEAD]), channels, (), clock.now) == 1
    workers["spare"].drain()
    assert (len(sent), len(said)) == (MANY - 1, 1)


def test_what_takes_long_to_render_is_given_back_and_goes_out_all_the_same(store, workers, httpserver, monkeypatch):
    sent, steady = answer(httpserver, "/hook", lambda _: 200), [0.0]

    def slow(*asked: Any) -> Any:
        steady[0] += 3.0
        return compose(*asked)

    monkeypatch.setattr("alerts.message_preparation.compose", slow)
    workers["hook"].steady = lambda: steady[0]
    assert workers["hook"].drain() == {"sent": MANY}
    assert set(sent.values()) == {1}
    assert {row["attempts"] for row in store.ledger.deliveries(limit=MANY)} == {1}
