"""Settling: what is new with a rule that is new is looked at once, and what has changed is not passed over."""

from sqlalchemy import select, update

from alerts.store import Store, planning_tables, tables
from tests.factories import NOW, at, entries, entry, load, move, plan_at, rule, settle

W, C = planning_tables.watches.c, tables.commitments.c
LATER, LATEST = at("2025-10-29T09:00"), at("2025-10-30T09:00")
X = {"tags": ("x",)}


def watches(store: Store, name: str) -> dict[str, tuple]:
    """Return since when a rule watches which commitments, whether it has changed, and when the watch is due."""
    query = select(C.key, W.since, W.changed, W.next_at).join(tables.commitments, C.id == W.commitment_id)
    with store.database.read() as connection:
        return {key: tuple(rest) for key, *rest in connection.execute(query.where(W.rule == name))}


def test_what_is_new_with_several_new_rules_is_settled_by_one_look(store, statements):
    load(store, *entries(7))
    store.watches.register([rule("one"), rule("two")], NOW)
    with statements() as heard:
        assert list(store.watches.settle()) == [7]
    said = [statement.split("\n")[0] for statement, _ in heard]
    assert not [one for one in said if one.startswith("UPDATE watches")]
    looks = [
        statement for statement, _ in heard if statement.startswith("SELECT") and "commitments.bounds" in statement
    ]
    assert len(looks) == 1
    assert len(watches(store, "one")) == len(watches(store, "two")) == 7


def test_a_changed_rule_wakes_what_has_changed_too_by_both(store):
    load(store, entry("a", tags=("x",)), entry("b", tags=("x",)))
    plan_at(store, NOW, rule())
    move(store, "a", "2025-12-10", LATER)
    settle(store, rule(match=X), now=LATEST)
    assert watches(store, "desk") == {"a": (LATEST, True, LATER), "b": (LATEST, True, LATEST)}


def test_rules_that_were_registered_at_other_times_are_settled_each_by_its_own(store):
    load(store, *entries(7))
    settle(store)  # nothing is new any more
    store.watches.register([rule("one")], NOW)
    with store.database.write() as connection:
        connection.execute(
            update(planning_tables.rules).values(
                settled_to=select(C.id).order_by(C.id).offset(4).limit(1).scalar_subquery()
            )
        )
    store.watches.register([rule("one"), rule("two")], LATER)
    settle(store)
    assert [since for since, *_ in watches(store, "one").values()] == [NOW] * 2
    assert [since for since, *_ in watches(store, "two").values()] == [LATER] * 7
