"""The past of a whole register, in both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.store import Store
from alerts.store.past_register import PastRegister
from tests.factories import acknowledge, at, close, entry, load, move, plan_at, rule, tracked

END = datetime(2026, 1, 1, tzinfo=UTC)


def test_what_has_changed_since_stands_as_it_did_and_what_came_later_is_not_there(store: Store) -> None:
    load(store, entry("a"), entry("b"), entry("c"), now=at("2025-10-01"))
    move(store, "a", "2025-12-01", now=at("2025-10-05"))
    close(store, "b", now=at("2025-10-07"))
    load(store, entry("d"), now=at("2025-10-08"))
    past = PastRegister(store.database)
    found = past.states(at("2025-10-06"), 9)
    assert found is not None
    assert {one.commitment.key: one.open for one in found.changed.values()} == {"b": True}
    assert found.later == {tracked(store, "d").id}
    earlier = past.states(at("2025-10-04"), 9)
    assert earlier is not None
    deadlines = {one.commitment.key: one.commitment.deadline for one in earlier.changed.values()}
    assert deadlines == {"a": "2025-11-10", "b": "2025-11-10"}
    assert past.states(at("2025-10-04"), 1) is None


def test_days_have_what_was_recorded_on_them(store: Store) -> None:
    load(store, entry("a"), entry("b"), now=at("2025-10-01"))
    acknowledge(store, "b", now=at("2025-10-05T09:00"))
    acknowledge(store, "a", now=at("2025-10-05T08:00"))
    past, a, b = PastRegister(store.database), tracked(store, "a").id, tracked(store, "b").id
    assert list(past.changed_between(at("2025-10-05"), at("2025-10-05T23:00"))) == [a, b]
    assert past.changed_between(at("2025-10-02"), at("2025-10-04")) == {}
    assert past.around(at("2025-10-02"), at("2025-10-03"), END) == (at("2025-10-01"), at("2025-10-05T08:00"))
    assert past.around(at("2025-10-01"), at("2025-10-06"), END) == (None, None)
    assert past.around(at("2025-10-02"), at("2025-10-03"), at("2025-10-04")) == (at("2025-10-01"), None)


def test_what_is_planned_was_not_sent(store: Store) -> None:
    load(store, entry("a"), now=at("2025-10-01"))
    plan_at(store, at("2025-11-10T09:00"), rule())
    assert PastRegister(store.database).sent_between(at("2025-01-01"), END, 9) == []
