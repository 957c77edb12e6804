"""Rules that change or end at one replica, while another settles commitments by what they meant before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts.core.rules import Rule
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, planning_tables, tables
from alerts.store.registry import GRACE
from tests.factories import NOW, entry, load, rule, settle
from tests.store.conftest import Begin

W, C, R = planning_tables.watches.c, tables.commitments.c, planning_tables.rules.c
DESK, DEFAULT = rule(), rule("default")


PlanWhile = Callable[[Store, list[Rule], Callable[[], Any]], None]


@pytest.fixture
def plan_while(just_before: Callable[..., None], begin: Begin) -> PlanWhile:
    """Plan at one replica, and let another begin something after watches were made and before that is committed."""

    def play(store: Store, rules: list[Rule], act: Callable[[], Any]) -> None:
        begun: list[Future[Any]] = []
        just_before("UPDATE commitments", lambda: begun.append(begin(act)))
        plan(store, ScheduledRule.all(rules), {}, NOW)
        [future] = begun
        future.result(60)
        settle(store)

    return play


def watched(store: Store) -> list[tuple[str, str]]:
    with store.database.read() as connection:
        found = connection.execute(select(W.rule, C.key).join(tables.commitments)).tuples()
        registered = set(connection.execute(select(R.name)).scalars())
        return sorted((name, key) for name, key in found if name in registered)


def test_what_a_changed_rule_no_longer_matches_is_watched_by_it_no_more(replicas, plan_while):
    """It would send alerts of what is none of its business."""
    one, two, _ = replicas
    settle(one, DESK)
    load(one, entry("a", "2026-01-05"))

    def change_the_rule() -> None:
        settle(two, rule(match={"tags": ("x",)}))

    plan_while(one, [DESK], change_the_rule)
    assert watched(one) == []


def test_the_default_rule_watches_what_a_rule_matched_that_has_ended(replicas, plan_while):
    """Nobody would hear of it."""
    one, two, _ = replicas
    settle(one, DESK, DEFAULT)
    load(one, entry("a", "2026-01-05"))
    with one.database.write() as connection:
        connection.execute(update(planning_tables.rules).where(R.name == "desk").values(removed_at=NOW - GRACE))
    plan_while(one, [DESK, DEFAULT], lambda: two.registrations.end_removed(NOW))
    assert watched(one) == [("default", "a")]


def test_what_is_new_with_a_rule_is_settled_by_others_that_change_meanwhile(replicas, plan_while):
    one, two, _ = replicas
    other = rule("other", match={"tags": ("x",)})
    settle(one, other)
    load(one, entry("a", "2026-01-05", tags=("x",)))
    one.watches.register([DESK, other], NOW)

    def change_the_other() -> None:
        two.watches.register([DESK, rule("other", match={"tags": ("y",)})], NOW)
        settle(two)

    plan_while(one, [DESK, other], change_the_other)
    assert watched(one) == [("desk", "a")]
