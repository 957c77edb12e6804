"""Who waits for a row on PostgreSQL holds nothing that the one it waits for may want: no two wait for each other.

Each play holds the first row that something needs, as another process may, lets it begin and wait, and then takes the
last row as well. Without one order of all locks that is a deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, select, text, update

from alerts.core.commitments import Person, Source
from alerts.core.deliveries import Outcome
from alerts.core.envelopes import Routes
from alerts.core.registration import GRACE, RuleSet
from alerts.core.rules import Unanswered
from alerts.core.schedule.watches import Evaluation
from alerts.core.silences import Silence
from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.write_back import Evaluated, Written
from tests import acting
from tests.factories import NOW, at, change, claim, entry, load, plan_at, remind, rule, settle
from tests.store.conftest import Begin

NINE = at("2025-11-07T09:00")
LEAD = rule(remind=remind(before=("P7D",), unanswered=Unanswered(after="P3D")))
OTHER = rule("other", match={"tags": ("none",)})
_C, _G, _W = tables.commitments.c, delivery_tables.gathered.c, planning_tables.watches.c
WATCHES = select(_W.rule).order_by(_W.commitment_id, _W.rule, _W.occurrence)
COMMITMENTS = select(_C.id).order_by(_C.id)
GATHERED = select(_G.reminder_id).order_by(_G.channel, _G.recipient, _G.reminder_id)


def register(store: Store, *rules: Any, now: Any = NOW) -> None:
    mine = RuleSet(rules={one.name: one for one in rules})
    store.registrations.register(mine, now, by="one", alive=timedelta(minutes=5), may=lambda *_: True)


@pytest.fixture
def store(replicas: list[Store]) -> Store:
    """A store whose second commitment falls due before the first."""
    store = replicas[0]
    load(store, entry("first", "2025-11-12"), entry("second", "2025-11-11"))
    register(store, LEAD)
    plan_at(store, NOW, LEAD, register=False)
    return store


def ends(act: Callable[[], Any], rows: Select[Any], begin: Begin, other: Store) -> Any:
    """Hold the first of some rows, let something begin and wait for it, take the last one, and let all end."""
    with other.database.write() as connection:
        count = len(connection.execute(rows).all())
        connection.execute(rows.limit(1).with_for_update(key_share=True))
        future = begin(act)
        assert not future.done(), "it waits for nothing"
        took = connection.execute(rows.offset(count - 1).with_for_update(nowait=True, key_share=True)).all()
        assert len(took) == 1
        assert count > 1
    return future.result(60)


def changed(store: Store) -> None:
    for key in ("first", "second"):
        acting.edit(store, key, lambda one: one, change(NINE))
    with store.database.write() as connection:
        connection.execute(text("UPDATE commitments SET changed_at = now() + id * interval '-1 second'"))


def a_rule(store: Store) -> None:
    register(store, LEAD, OTHER, now=NINE)
    with store.database.write() as connection:
        connection.execute(text("UPDATE rules SET settled_to = 0 WHERE name = 'desk'"))


def alerted(store: Store) -> None:
    plan_at(store, NINE, LEAD, register=False)
    claims = claim(store, NINE)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE) for one in claims])


def nothing(_: Store) -> None:
    """Leave all as it is."""


PLANNERS: dict[str, tuple[Callable[[Store], None], Callable[[Store], Any]]] = {
    "claims": (nothing, lambda store: store.watches.claim_due({"desk": LEAD}, NINE)),
    "settles changed commitments": (changed, settle),
    "settles a rule": (a_rule, settle),
    "wakes for what was sent": (alerted, settle),
    "sends again what was too early": (alerted, lambda store: store.resend_too_early(NOW)),
}


@pytest.mark.parametrize(("before", "act"), PLANNERS.values(), ids=[name.replace(" ", "_") for name in PLANNERS])
def test_a_planner_that_waits_for_a_watch_holds_no_later_one(
    store: Store, replicas: list[Store], begin: Begin, before: Callable[[Store], None], act: Callable[[Store], Any]
) -> None:
    before(store)
    ends(lambda: act(store), WATCHES, begin, replicas[1])


def test_a_claim_that_is_given_back_waits_for_a_watch_and_holds_no_later_one(
    store: Store, replicas: list[Store], begin: Begin
) -> None:
    claimed = store.watches.claim_due({"desk": LEAD}, NINE)
    assert claimed is not None
    ends(lambda: store.watches.release(claimed), WATCHES, begin, replicas[1])


def test_what_is_written_back_is_held_no_more_while_its_planner_waits_to_give_back_the_rest(
    store: Store, replicas: list[Store], begin: Begin
) -> None:
    claimed = store.watches.claim_due({"desk": LEAD}, NINE)
    assert claimed is not None
    found = Evaluated(evaluations=[Evaluation(watch) for watch, _ in claimed.watches], addressed=[])

    def act() -> Written:
        return store.watches.write_back(claimed, found, Routes(recipients={}), NINE, planned_rules=["desk"])

    written = ends(act, WATCHES, begin, replicas[1])
    assert (written.watches, written.left) == (1, 1)
    with store.database.read() as connection:
        assert connection.execute(select(_W.rule).where(_W.claimed_by.is_not(None))).all() == []


def test_a_rule_that_ends_waits_for_commitments_before_it_holds_a_watch(
    store: Store, replicas: list[Store], begin: Begin
) -> None:
    register(store, rule("another"), now=NINE)
    with replicas[1].database.write() as connection:
        connection.execute(COMMITMENTS.with_for_update(key_share=True))
        future = begin(lambda: store.registrations.end_removed(NINE + GRACE))
        assert not future.done()
        assert len(connection.execute(WATCHES.with_for_update(nowait=True)).all()) == 2
    assert future.result(60) == ["desk"]
    with store.database.read() as connection:
        assert connection.execute(select(_W.rule).where(_W.rule == "desk")).all() == []


@pytest.fixture
def held(store: Store) -> Store:
    """Two alerts that a silence holds back. The first by its key is found last, and goes out last."""
    store.silences.add(Silence(match={}, since=NOW, until=at("2025-11-20"), reason="the office moves", by="ann"))
    plan_at(store, NINE, LEAD, register=False)
    assert claim(store, NINE) == []
    with store.database.write() as connection:
        first = connection.execute(GATHERED.limit(1)).scalar_one()
        connection.execute(
            update(delivery_tables.gathered).where(_G.reminder_id == first).values(planned_at=NINE + GRACE)
        )
        reminders = planning_tables.reminders
        connection.execute(update(reminders).where(reminders.c.id == first).values(send_at=NINE + GRACE))
    return store


def end_silence(store: Store) -> None:
    [one] = store.silences.lasting(NINE)
    store.silences.end(one.id, NINE, "ann", "shell")


ENDS: dict[str, tuple[Callable[[Store], None], Callable[[Store], Any]]] = {
    "by a person": (nothing, end_silence),
    "by a change": (changed, settle),
    "by itself": (nothing, lambda store: list(store.gathering.seal(list, at("2025-11-20")))),
}


@pytest.mark.parametrize(("before", "act"), ENDS.values(), ids=[name.replace(" ", "_") for name in ENDS])
def test_what_a_silence_held_is_let_go_in_one_order(
    held: Store, replicas: list[Store], begin: Begin, before: Callable[[Store], None], act: Callable[[Store], Any]
) -> None:
    before(held)
    ends(lambda: act(held), GATHERED, begin, replicas[1])


def test_two_that_seal_at_once_make_one_digest(held: Store, replicas: list[Store], begin: Begin) -> None:
    end = at("2025-11-20")

    def seal(store: Store) -> list[int]:
        return list(store.gathering.seal(list, end))

    with replicas[1].database.write() as connection:
        connection.execute(GATHERED.limit(1).with_for_update())
        first = begin(lambda: seal(held))
    assert first.result(60) + seal(replicas[1]) == [1]


PEOPLE = [Person(key=key, name=key, email=f"{key}@example.org") for key in ("ann", "bo")]
SOURCES = [Source(key=key, title=key) for key in ("one", "two")]
MANY_ROWS: dict[str, Callable[[Store], Any]] = {
    "names sources": lambda store: load(store, entry("third"), sources=SOURCES),
    "adds people": lambda store: store.people.add(PEOPLE),
    "makes links void": lambda store: store.link_revocations.revoke("ann@example.org", NINE),
    "sends again after a restore": lambda store: store.held_sending.release(NINE),
    "says what has left a file": lambda store: store.commitments.note_left("/a.yaml", []),
}


@pytest.mark.parametrize("act", MANY_ROWS.values(), ids=[name.replace(" ", "_") for name in MANY_ROWS])
def test_what_changes_many_rows_in_no_order_waits_for_its_turn(
    store: Store, replicas: list[Store], begin: Begin, act: Callable[[Store], Any]
) -> None:
    store.held_sending.hold(NOW, NOW)
    with replicas[1].database.change():
        future = begin(lambda: act(store))
        assert not future.done()
    future.result(60)
