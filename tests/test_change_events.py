"""Channels that subscribe to changes: each is posted, signed, at least once and in order, and disturbs no alert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy.engine import Engine
from sqlalchemy.event import listen, remove
from standardwebhooks import Webhook
from werkzeug import Request, Response

from alerts import shipped
from alerts.actions.edit import assign, note
from alerts.channels import build
from alerts.core.change_events import EVENT_NAMES, expand_events
from alerts.core.commitments import Commitment, Person
from alerts.core.registration import RuleSet
from alerts.deadlines.errors import InputError
from alerts.delivery import ChannelWorker
from alerts.failure_handling import handle_failures
from alerts.health_problems import delivery_problems
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests import acting
from tests.factories import NOW, SetClock, acknowledge, at, change, close, entries, entry, load, move, rule

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANA = Person(key="ana", name="Ana", email="ana@example.org")
DESK = rule()


def subscribe(store: Store, *events: str, channel: str = "cases") -> None:
    """Register what a configuration has whose channel subscribes to these; without any, it does not subscribe."""
    found = {channel: expand_events(events)} if events else {}
    mine = RuleSet(rules={DESK.name: DESK}, people=(ANA,), events=found)
    store.registrations.register(mine, NOW, by="test", alive=timedelta(minutes=5), may=lambda *_: True)


class Receiver:
    """A system that takes events; `status` is what it answers."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("/events")
        self.status = 204
        self.posts: list[Request] = []
        server.expect_request("/events", method="POST").respond_with_handler(self._take)

    def _take(self, request: Request) -> Response:
        self.posts.append(request)
        return Response(status=self.status)

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return what was posted, each with a signature that verifies."""
        return [Webhook(SECRET).verify(one.data, dict(one.headers)) for one in self.posts]

    @property
    def types(self) -> list[str]:
        return [one["type"].removeprefix("commitment.") for one in self.events]


@pytest.fixture
def receiver(httpserver: HTTPServer) -> Receiver:
    return Receiver(httpserver)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def worker(store: Store, receiver: Receiver, clock: SetClock) -> Iterator[ChannelWorker]:
    """What sends for the channel that subscribes."""
    channel = build("cases", "webhook", {"url": receiver.url, "secret": SECRET, "events": "all", "timeout": 5})
    yield ChannelWorker(store, channel, Renderer([shipped.folder("templates")]), "UTC", clock)
    channel.close()


def retitled(now: Commitment) -> Commitment:
    return replace(now, title="The armistice")


KINDS: list[tuple[str, Callable[[Store], object]]] = [
    ("edited", lambda store: acting.edit(store, "truce", retitled, change())),
    ("assigned", lambda store: assign(store, "truce", "ana", change())),
    ("noted", lambda store: note(store, "truce", "called them", change())),
    ("moved", lambda store: move(store, "truce", "2025-12-01")),
    ("acknowledged", lambda store: acknowledge(store, "truce")),
    ("snoozed", lambda store: acting.snooze(store, "truce", at("2025-11-05"), change(), recipient=None)),
    ("closed", lambda store: close(store, "truce")),
]


@pytest.mark.parametrize(("name", "act"), KINDS, ids=[name for name, _ in KINDS])
def test_each_kind_of_change_is_posted_once(
    store: Store, receiver: Receiver, worker: ChannelWorker, name: str, act: Callable[[Store], object]
) -> None:
    subscribe(store, "all")
    load(store, entry())
    act(store)
    worker.drain()
    worker.drain()
    assert receiver.types == ["recorded", name]


def test_an_answer_that_is_withdrawn_and_a_reopening_are_posted(
    store: Store, receiver: Receiver, worker: ChannelWorker
) -> None:
    subscribe(store, "unacknowledged", "reopened")
    load(store, entry())
    acknowledge(store, "truce")
    acting.withdraw_answers(store, "truce", change())
    close(store, "truce")
    acting.reopen(store, "truce", change())
    worker.drain()
    assert receiver.types == ["unacknowledged", "reopened"]


def test_a_move_says_who_moved_what_from_where_to_where(
    store: Store, receiver: Receiver, worker: ChannelWorker
) -> None:
    subscribe(store, "moved")
    load(store, entry(owner="ana"), entry("exchange", "P7D after truce"))
    move(store, "truce", "2025-12-01", by="Ana", proof="link", allowed=frozenset({"move"}), reason="talks")
    worker.drain()
    first, second = receiver.events
    assert (first["type"], first["timestamp"]) == ("commitment.moved", "2025-10-28T09:00:00Z")
    data = first["data"]
    assert data["id"] == receiver.posts[0].headers["webhook-id"]
    stated = {"commitment": "truce", "occurrence": None, "revision": 2, "recorded_by": "Ana", "proof": "link",
              "reason": "talks", "cause": None, "changed": ["deadline"]}  # fmt: skip
    assert {name: data[name] for name in stated} == stated
    ends = [(data[side]["deadline"], data[side]["latest"], data[side]["owner"]) for side in ("before", "after")]
    assert ends == [("2025-11-10", "2025-11-11T00:00:00Z", "ana"), ("2025-12-01", "2025-12-02T00:00:00Z", "ana")]
    assert (second["data"]["commitment"], second["data"]["cause"]) == ("exchange", "truce")
    assert second["data"]["before"]["latest"] == "2025-11-18T00:00:00Z"
    assert second["data"]["after"]["latest"] == "2025-12-09T00:00:00Z"


def test_what_is_new_has_nothing_before_it(store: Store, receiver: Receiver, worker: ChannelWorker) -> None:
    subscribe(store, "recorded")
    load(store, entry())
    worker.drain()
    (one,) = receiver.events
    assert one["data"]["before"] is None
    assert one["data"]["after"]["status"] == "open"


def test_an_occurrence_is_told_by_its_name(store: Store, receiver: Receiver, worker: ChannelWorker) -> None:
    subscribe(store, "closed", "acknowledged")
    load(store, entry("report", "every month on the 5th from 2025-11-05"))
    acting.acknowledge(store, "report", None, change(), "2025-11-05")
    acting.close(store, "report", "fulfilled", change(), "2025-11-05")
    worker.drain()
    seen, ended = (one["data"] for one in receiver.events)
    assert [one["occurrence"] for one in (seen, ended)] == ["2025-11-05"] * 2
    assert (seen["before"]["acknowledged"], seen["after"]["acknowledged"]["by"]) == (None, "desk")
    assert (ended["before"]["status"], ended["after"]["status"]) == ("open", "fulfilled")
    assert ended["after"]["latest"] == "2025-11-06T00:00:00Z"


def test_changes_of_one_instant_go_in_their_order(store: Store, receiver: Receiver, worker: ChannelWorker) -> None:
    subscribe(store, "all")
    load(store, entry())
    for _ in range(4):
        assign(store, "truce", "ana", change())
        assign(store, "truce", "", change())
    worker.drain()
    assert [one["data"]["revision"] for one in receiver.events] == list(range(1, 10))
    owners = [(one["data"]["before"]["owner"], one["data"]["after"]["owner"]) for one in receiver.events[1:]]
    assert owners == [(None, "ana"), ("ana", None)] * 4


def test_a_subscriber_gets_what_it_names(store: Store, receiver: Receiver, worker: ChannelWorker) -> None:
    subscribe(store, "assigned", "edited")
    load(store, entry())
    note(store, "truce", "called", change())
    assign(store, "truce", "ana", change())
    acknowledge(store, "truce")
    acting.edit(store, "truce", lambda now: replace(now, owner=None, deadline="2025-12-01"), change())
    worker.drain()
    assert receiver.types == ["noted", "assigned", "moved"]
    assert receiver.events[-1]["data"]["changed"] == ["deadline", "owner"]


def test_without_a_subscriber_nothing_is_stored_and_a_new_one_begins_now(
    store: Store, receiver: Receiver, worker: ChannelWorker
) -> None:
    load(store, entry())
    subscribe(store, "all")
    assert store.ledger.deliveries() == []
    close(store, "truce")
    worker.drain()
    assert receiver.types == ["closed"]


def test_who_unsubscribes_gets_nothing_more(store: Store, receiver: Receiver, worker: ChannelWorker) -> None:
    subscribe(store, "all")
    load(store, entry())
    subscribe(store)
    close(store, "truce")
    worker.drain()
    assert receiver.posts == []
    assert [(row["state"], row["last_error"]) for row in store.ledger.deliveries()] == [
        ("superseded", "the channel no longer subscribes to changes")
    ]


def test_a_receiver_that_fails_and_comes_back_gets_all_under_the_same_ids(
    store: Store, receiver: Receiver, worker: ChannelWorker, clock: SetClock
) -> None:
    subscribe(store, "all")
    load(store, *entries(3))
    receiver.status = 503
    worker.drain()
    tried = {one.headers["webhook-id"] for one in receiver.posts}
    receiver.status = 204
    while (pause := worker.pause()) is not None:
        clock.now += pause + timedelta(seconds=1)
        worker.drain()
    posted = [one.headers["webhook-id"] for one in receiver.posts if one.headers["webhook-id"] in tried]
    assert len(posted) > len(tried)  # the first was tried again, under its id
    assert {one["data"]["commitment"] for one in receiver.events} == {"c00000", "c00001", "c00002"}
    assert {row["state"] for row in store.ledger.deliveries()} == {"sent"}


def test_a_dead_event_fails_the_health_and_goes_to_nobody_else(
    store: Store, receiver: Receiver, worker: ChannelWorker, clock: SetClock
) -> None:
    subscribe(store, "all")
    load(store, entry())
    receiver.status = 410
    worker.drain()
    spare = build("spare", "webhook", {"url": receiver.url})
    channels = {"cases": worker.channel, "spare": spare}
    assert handle_failures(store, ScheduledRule.all([DESK]), channels, ["spare"], clock()) == 0
    spare.close()
    assert "1 delivery is dead: see `alerts deliveries --state dead`, then retry or dismiss" in delivery_problems(
        store, clock(), str
    )
    (row,) = store.ledger.deliveries()
    assert (row["state"], row["channel"], row["carries"]) == ("dead", "cases", ["truce recorded"])
    with pytest.raises(InputError, match="is an event for cases alone: retry it without --channel"):
        store.ledger.retry_through(str(row["id"]), "spare", ("",), clock(), one_at_a_time=False)
    assert store.ledger.retry(str(row["id"]), clock()) == row["id"]


def test_two_replicas_post_each_event_once(
    database_url: str, store: Store, receiver: Receiver, worker: ChannelWorker, clock: SetClock
) -> None:
    subscribe(store, "all")
    load(store, *entries(40))
    other = Store(database_url)
    twin = ChannelWorker(other, build("cases", "webhook", {"url": receiver.url, "secret": SECRET, "events": "all"}),
                         worker.renderer, "UTC", clock)  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        counts = [one.result()["sent"] for one in [pool.submit(each.drain) for each in (worker, twin)]]
    twin.channel.close()
    other.close()
    assert sum(counts) == 40
    assert len({one.headers["webhook-id"] for one in receiver.posts}) == len(receiver.posts) == 40


def test_two_writers_at_once_lose_no_event(
    database_url: str, store: Store, receiver: Receiver, worker: ChannelWorker
) -> None:
    subscribe(store, "all")
    load(store, *entries(10))
    other = Store(database_url)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(note, each, f"c{number:05}", "called", change(by=by))
                for number in range(10) for each, by in ((store, "ann"), (other, "bo"))]  # fmt: skip
        assert all(one.result() for one in done)
    other.close()
    worker.drain()
    noted = [one["data"] for one in receiver.events if one["type"] == "commitment.noted"]
    assert sorted((one["commitment"], one["revision"]) for one in noted) == [
        (f"c{number:05}", revision) for number in range(10) for revision in (2, 3)
    ]
    for key in {one["commitment"] for one in noted}:
        assert [one["revision"] for one in noted if one["commitment"] == key] == [2, 3]


def test_every_name_is_one_that_a_change_has() -> None:
    assert {*EVENT_NAMES} == {"recorded", "unacknowledged", "reopened", *(name for name, _ in KINDS)}
    assert expand_events(["all"]) == EVENT_NAMES
    assert expand_events(["moved", "recorded"]) == ("recorded", "moved")


def test_many_rows_of_a_file_cost_a_statement_for_many_and_not_for_each(store: Store) -> None:
    executed: Counter[str] = Counter()

    def hear(_c: object, _k: object, statement: str, *_: object) -> None:
        executed[statement.partition(" (")[0]] += 1

    load(store, *entries(600))
    subscribe(store, "all")
    listen(Engine, "before_cursor_execute", hear)
    try:
        load(store, *entries(600, "2025-11-12"), now=at("2025-10-29T09:00"))
    finally:
        remove(Engine, "before_cursor_execute", hear)
    assert len(store.ledger.deliveries()) == 600
    assert executed["INSERT INTO deliveries"] <= 8
    assert sum(executed.values()) < 100, executed.most_common(5)


def test_a_claim_reads_the_history_of_many_commitments_at_once(
    store: Store, receiver: Receiver, worker: ChannelWorker
) -> None:
    executed: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_: object) -> None:
        executed.append(statement)

    subscribe(store, "all")
    load(store, *entries(12))
    listen(Engine, "before_cursor_execute", hear)
    try:
        worker.drain()
    finally:
        remove(Engine, "before_cursor_execute", hear)
    assert len(receiver.posts) == 12
    assert sum("FROM revisions" in one for one in executed) <= 2


def test_without_a_subscriber_a_change_costs_one_small_query_more(store: Store) -> None:
    executed: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_: object) -> None:
        executed.append(statement)

    load(store, entry())
    listen(Engine, "before_cursor_execute", hear)
    try:
        move(store, "truce", "2025-12-01")
    finally:
        remove(Engine, "before_cursor_execute", hear)
    about = [one for one in executed if "subscriptions" in one or "INSERT INTO deliveries" in one]
    assert len(about) == 1
