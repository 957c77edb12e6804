"""What happens between a claim and its writing back: nothing of it is written, and the watch is due as before.

Each play is held against the same change without a claim: the alerts must be the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts.core.deliveries import Outcome
from alerts.core.registration import RuleSet
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, planning_tables, tables, write_back
from alerts.store.claimed_watches import LEASE
from alerts.store.outbox import enqueue
from alerts.store.store_error import StoreError
from tests import acting
from tests.factories import (
    NOW,
    acknowledge,
    at,
    change,
    claim,
    close,
    entry,
    load,
    move,
    plan_at,
    remind,
    rule,
    tracked,
)

NINE = at("2025-11-03T09:00")
DAILY = timedelta(days=1)
DESK = rule("default", remind=remind(before=("P7D",), moved=True, closed=True), digest=False)
OTHER = rule("default", remind=remind(before=("P5D",), moved=True, closed=True), digest=False)
WEEKLY = "every FREQ=WEEKLY;COUNT=2 from 2025-11-10"
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=("desk@example.org",))}
_C, _W = tables.commitments.c, planning_tables.watches.c


def register(store: Store, *rules: Any, now: Any = NINE) -> None:
    mine = RuleSet(rules={one.name: one for one in rules})
    store.registrations.register(mine, now, by="one", alive=timedelta(minutes=5), may=lambda *_: True)


def settled_by_a_replica(store: Store) -> None:
    """Wake only the watch: another rule comes, so the default rule is settled anew."""
    register(store, DESK, rule("other", match={"tags": ("none",)}))
    assert sum(store.watches.settle())


def edit(store: Store) -> None:
    acting.edit(store, "truce", lambda one: replace(one, note="anew"), change(NINE))


def edit_and_settle(store: Store) -> None:
    edit(store)
    assert sum(store.watches.settle())


def close_and_reopen(store: Store) -> None:
    close(store, "truce", now=NINE)
    acting.reopen(store, "truce", change(NINE))


def move_one(store: Store) -> None:
    acting.move(store, "weekly", "2025-11-12", change(NINE), "2025-11-10")


def snooze(store: Store) -> None:
    acting.snooze(store, "truce", at("2025-11-06T00:00"), change(NINE), recipient=None)


LEAD, WEEK = "truce before 09:00", "weekly/2025-11-10 before 09:00"
PLAYS: dict[str, tuple[Callable[[Store], object], list[str]]] = {
    "moved": (lambda store: move(store, "truce", "2025-12-10", NINE), ["truce moved 09:00", WEEK]),
    "moved with what it depends on": (
        lambda store: move(store, "base", "2025-12-01", NINE), ["base moved 09:00", "truce moved 09:00", WEEK]
    ),
    "acknowledged": (lambda store: acknowledge(store, "truce", now=NINE), [LEAD, WEEK]),
    "snoozed for everybody": (snooze, [WEEK]),
    "closed": (lambda store: close(store, "truce", now=NINE), ["truce closed 09:00", WEEK]),
    "closed and reopened": (close_and_reopen, [LEAD, WEEK]),
    "one occurrence moved": (move_one, [LEAD, "weekly/2025-11-10 moved 09:00"]),
    "edited": (edit, [LEAD, WEEK]),
    "edited and settled": (edit_and_settle, [LEAD, WEEK]),
    "woken by settling": (settled_by_a_replica, [LEAD, WEEK]),
}  # fmt: skip

IDS = [name.replace(" ", "_") for name in PLAYS]


def planned(store: Store) -> Store:
    load(store, entry("base", "2025-11-01"), entry("truce", "P9D after base"), entry("weekly", WEEKLY))
    register(store, DESK, now=NOW)
    plan_at(store, NOW, DESK, register=False)
    done = [(one, Outcome(state="sent", remote="250 ok"), NOW, NOW) for one in claim(store, NOW)]  # of the base
    store.outbox.record_outcomes(done)
    return store


def turn(store: Store, *rules: Any, now: Any = NINE, batches: int = 99) -> int:
    """Plan once, or only so many batches."""
    done: list[bool] = []
    stop = lambda: len(done) >= batches  # noqa: E731  # a name for what is passed
    return plan(
        store, ScheduledRule.all(rules or (DESK,)), CHANNELS, now, on_batch=lambda: done.append(True), stop=stop
    )


def sent(store: Store, now: Any = NINE) -> list[str]:
    """What goes out: the commitment, the kind and the hour that it was meant for."""
    return sorted(
        f"{one.tracked.commitment.key}{'/' * bool(one.reminder.occurrence)}{one.reminder.occurrence} "
        f"{one.reminder.kind} {one.reminder.send_at:%H:%M}"
        for found in claim(store, now)
        for one in found.contexts
    )


def due(store: Store, key: str = "truce", now: Any = NINE) -> bool:
    """Whether a watch of a commitment is due, and free."""
    query = select(_W.rule).join(tables.commitments, _C.id == _W.commitment_id)
    with store.database.read() as connection:
        free = query.where(_C.key == key, _W.next_at <= now, _W.claimed_by.is_(None), _W.claimed_until.is_(None))
        return connection.execute(free.limit(1)).first() is not None


@pytest.fixture
def other(store: Store, request: pytest.FixtureRequest) -> Any:
    """A second store on the same database, as another process has it."""
    opened = Store(str(store.database.url.render_as_string(hide_password=False)))
    yield opened
    opened.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen once, between the next claim and its writing back."""

    def let(act: Callable[[], object]) -> None:
        original = write_back.write_back

        def after_the_act(*arguments: Any, **named: Any) -> Any:
            monkeypatch.setattr(write_back, "write_back", original)
            act()
            return original(*arguments, **named)

        monkeypatch.setattr(write_back, "write_back", after_the_act)

    return let


@pytest.mark.parametrize(("act", "alerts"), PLAYS.values(), ids=IDS)
def test_what_changes_between_claim_and_write_back_is_evaluated_anew(store, other, meanwhile, act, alerts):
    planned(store)
    meanwhile(partial(act, other))
    turn(store, batches=1)
    assert due(store, "weekly" if act is move_one else "truce")
    assert set(sent(store)) <= {LEAD, WEEK} - ({WEEK} if act is move_one else {LEAD})
    turn(store)
    assert alerts_of(store) == alerts


@pytest.mark.parametrize(("act", "alerts"), PLAYS.values(), ids=IDS)
def test_one_turn_is_enough_to_evaluate_it_anew(store, other, meanwhile, act, alerts):
    planned(store)
    meanwhile(partial(act, other))
    turn(store)
    assert alerts_of(store) == alerts


def test_a_rule_that_no_longer_matches_sends_nothing_of_what_is_evaluated_anew(store, other, meanwhile):
    urgent = rule("urgent", match={"priority": ("high",)}, remind=remind(before=("P7D",)), digest=False)
    load(store, entry(priority="high"))
    register(store, urgent, now=NOW)
    plan_at(store, NOW, urgent, register=False)
    calm = partial(acting.edit, other, "truce", lambda one: replace(one, priority="low"), change(NINE))
    meanwhile(calm)
    assert turn(store, urgent) == 0
    assert alerts_of(store) == []


@pytest.mark.parametrize(("act", "alerts"), PLAYS.values(), ids=IDS)
def test_the_same_change_before_the_claim_makes_the_same_alerts(store, act, alerts):
    act(planned(store))
    turn(store)
    assert alerts_of(store) == alerts


def alerts_of(store: Store) -> list[str]:
    """All reminders that were planned since, each once."""
    r = planning_tables.reminders.c
    query = select(_C.key, r.occurrence, r.kind, r.send_at).join(tables.commitments, _C.id == r.commitment_id)
    with store.database.read() as connection:
        rows = connection.execute(query.where(r.skipped.is_(None), r.planned_at >= NINE)).all()
    return sorted(
        f"{row.key}{'/' * bool(row.occurrence)}{row.occurrence} {row.kind} {row.send_at:%H:%M}" for row in rows
    )


def test_a_snooze_between_claim_and_write_back_ends_with_the_alert(store, other, meanwhile):
    planned(store)
    meanwhile(partial(snooze, other))
    turn(store)
    later = at("2025-11-06T09:00")
    turn(store, now=later)
    assert alerts_of(store) == ["truce before 09:00", WEEK]
    assert LEAD in sent(store, later)


def test_a_rule_with_another_hash_is_not_written_back_by_its_old_meaning(store, other, meanwhile):
    planned(store)
    meanwhile(partial(register, other, OTHER))
    assert turn(store) == 0
    assert alerts_of(store) == []
    assert due(store)
    assert turn(store, OTHER) == 1  # the lead of the base that the new meaning has missed
    assert alerts_of(store) == ["base before 09:00"]
    assert turn(store, OTHER, now=NINE + 2 * DAILY) == 2
    assert alerts_of(store) == ["base before 09:00", LEAD, WEEK]


def test_a_rule_that_is_removed_is_not_written_back_and_goes_on_where_it_is_put_back(store, other, meanwhile):
    planned(store)
    meanwhile(partial(register, other, rule("more", match={"tags": ("none",)})))
    assert turn(store) == 0
    assert due(store)
    register(store, DESK)
    assert turn(store) == 2
    assert alerts_of(store) == [LEAD, WEEK]


def lapse(store: Store) -> None:
    """Let the claims lapse, as if a minute had passed."""
    with store.database.write() as connection:
        past = store.database.real_now(connection) - timedelta(seconds=1)
        connection.execute(update(planning_tables.watches).where(_W.claimed_by.is_not(None)).values(claimed_until=past))


def test_where_the_lease_is_over_and_a_replica_has_written_the_first_writes_nothing(store, other, meanwhile):
    planned(store)
    by_the_other: list[int] = []

    def replace_it() -> None:
        lapse(other)
        by_the_other.append(turn(other))

    meanwhile(replace_it)
    assert turn(store) == 0
    assert by_the_other == [2]
    assert alerts_of(store) == [LEAD, WEEK]
    assert sent(store) == [LEAD, WEEK]


def test_where_the_lease_is_over_and_a_replica_has_claimed_it_the_first_writes_nothing(store, other, meanwhile):
    planned(store)
    claims: list[Any] = []

    def take_over() -> None:
        lapse(other)
        claims.append(other.watches.claim_due({DESK.name: DESK}, NINE))

    meanwhile(take_over)
    assert turn(store) == 0
    assert alerts_of(store) == []
    other.watches.release(claims[0])
    assert due(store)
    assert turn(other) == 2


def test_of_two_commitments_the_one_that_a_replica_has_claimed_since_is_left_to_it(store, other, meanwhile):
    planned(store)

    def take_one() -> None:
        truce = select(_C.id).where(_C.key == "truce").scalar_subquery()
        with other.database.write() as connection:
            mine = update(planning_tables.watches).where(_W.commitment_id == truce, _W.claimed_by.is_not(None))
            assert connection.execute(mine.values(claimed_by="another")).rowcount == 1

    meanwhile(take_one)
    assert turn(store) == 1
    assert alerts_of(store) == [WEEK]


def test_what_a_claim_held_when_its_process_was_killed_is_due_a_minute_later(store, other):
    planned(store)
    assert store.watches.claim_due({DESK.name: DESK}, NINE)  # and no more
    assert turn(other) == 0
    lapse(other)
    assert turn(other) == 2
    assert sent(other) == [LEAD, WEEK]


def test_the_only_daemon_of_a_file_frees_the_claims_of_its_predecessor(sqlite_url):
    store = planned(Store(sqlite_url))
    assert store.watches.claim_due({DESK.name: DESK}, NINE)
    with store.serve():
        assert due(store)
        assert turn(store) == 2
    store.close()


def test_a_claim_of_a_clock_that_was_put_back_an_hour_holds_up_nothing(store, other):
    planned(store)
    claimed = store.watches.claim_due({DESK.name: DESK}, NINE)
    with store.database.write() as connection:
        ahead = store.database.real_now(connection) + LEASE + timedelta(hours=1)
        connection.execute(update(planning_tables.watches).values(claimed_until=ahead))
    assert turn(other) == 2
    assert claimed
    assert sent(other) == [LEAD, WEEK]


def test_what_is_stopped_while_it_is_evaluated_is_free_at_once(store):
    planned(store)
    plan(store, ScheduledRule.all([DESK]), CHANNELS, NINE, stop=lambda: not due(store))
    assert alerts_of(store) == []
    assert due(store)
    assert turn(store) == 2


def test_no_process_takes_the_other_rules_of_what_another_has_claimed(store, other):
    """A rule is woken while another one of the same commitment is being evaluated."""
    load(store, entry())
    rules = {
        name: rule(name, remind=remind(before=(lead,)), digest=False) for name, lead in (("a", "P6D"), ("b", "P7D"))
    }
    register(store, *rules.values(), now=NOW)
    plan_at(store, NOW, *rules.values(), register=False)
    claimed = store.watches.claim_due(rules, NINE)
    assert [watch.rule for watch, _ in claimed.watches] == ["b"]
    with store.database.write() as connection:
        connection.execute(update(planning_tables.watches).where(_W.rule == "a").values(next_at=NINE))
    assert other.watches.claim_due(rules, NINE) is None
    store.watches.release(claimed)
    assert [watch.rule for watch, _ in other.watches.claim_due(rules, NINE).watches] == ["a", "b"]


def test_a_change_after_the_check_waits_until_all_is_written(postgresql_url, monkeypatch):
    store = planned(Store(postgresql_url))
    other = Store(f"{postgresql_url}&options=-c%20lock_timeout%3D1s")
    record, waited = enqueue.record_planned, []

    def move_meanwhile(*arguments: Any, **named: Any) -> enqueue.Recorded:
        monkeypatch.setattr(enqueue, "record_planned", record)
        with pytest.raises(StoreError, match="lock timeout"):
            move(other, "truce", "2025-12-10", NINE)
        waited.append(True)
        return record(*arguments, **named)

    monkeypatch.setattr(enqueue, "record_planned", move_meanwhile)
    assert turn(store) == 2
    assert waited
    move(other, "truce", "2025-12-10", NINE)
    assert turn(store) == 1
    assert sent(store) == ["truce moved 09:00", WEEK]
    store.close()
    other.close()


@pytest.mark.parametrize("held", ["before_the_claim", "before_it_is_written_back"])
def test_what_is_being_changed_now_is_left_due_and_not_waited_for(postgresql_url, meanwhile, held):
    """To wait could be a deadlock: one change holds several commitments, in the order of its dependencies."""
    store = planned(Store(f"{postgresql_url}&options=-c%20lock_timeout%3D1s"))
    other = Store(postgresql_url)
    one = select(_C.id).where(_C.id == tracked(store).id).with_for_update()
    holder = other.database.write()
    if held == "before_the_claim":
        holder.__enter__().execute(one)
    else:
        meanwhile(lambda: holder.__enter__().execute(one))
    assert turn(store) == 1
    holder.__exit__(None, None, None)
    assert due(store)
    assert turn(store) == 1
    assert alerts_of(store) == [LEAD, WEEK]
    store.close()
    other.close()
