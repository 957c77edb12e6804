"""Summaries in the store: due once a firing, for whom, and gathered as things stand when they are claimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from alerts.core.commitments import Person
from alerts.core.deliveries import Outcome
from alerts.core.rules import Remind, Rule
from alerts.core.summaries import Scope
from alerts.failure_handling import handle_failures
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, planning_tables, tables
from alerts.store.outbox import enqueue
from tests.factories import NOW, acknowledge, at, claim, close, entries, entry, load, move, rule

ANA = Person(key="ana", name="Ana", email="ana@example.org", timezone="Europe/Madrid")
BO = Person(key="bo", name="Bo", email="bo@example.org")
DESK = "desk@example.org"
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=(DESK,))}
NINE = at("2025-10-29T09:00")
LATER = timedelta(days=1)


def sums(name: str = "weekly", **more: Any) -> Rule:
    return rule(name, **{"remind": Remind(), "summary": "P30D"} | more)


def turn(store: Store, now: Any, *rules: Rule, channels: Any = CHANNELS) -> int:
    return plan(store, ScheduledRule.all(rules), channels, now)


def registered(store: Store, *rules: Rule, now: Any = NOW) -> None:
    store.watches.register(rules, now)


def recipients(store: Store) -> list[str]:
    return sorted(row["recipient"] for row in store.ledger.deliveries())


def test_it_is_due_at_the_first_firing_after_the_rule_was_registered_and_once_however_often_the_clock_ticks(store):
    registered(store, sums())
    assert [turn(store, now, sums()) for now in (NOW, NINE - timedelta(seconds=1))] == [0, 0]
    assert [turn(store, now, sums()) for now in (NINE, NINE, NINE + timedelta(minutes=1))] == [1, 0, 0]
    registered(store, sums(), now=NINE + timedelta(minutes=2))  # as a restart does
    assert turn(store, NINE + timedelta(hours=1), sums()) == 0
    assert turn(store, NINE + LATER, sums()) == 1


def test_of_several_missed_firings_the_latest_is_told(store):
    registered(store, sums())
    assert turn(store, NINE + 3 * LATER + timedelta(hours=5), sums()) == 1
    (one,) = claim(store, NINE + 3 * LATER + timedelta(hours=5))
    assert one.summary is not None
    assert one.summary.firing == NINE + 3 * LATER


def test_replicas_that_plan_at_once_write_it_down_once(replicas, together):
    registered(replicas[0], sums())
    counts = together(*(lambda one=one: turn(one, NINE, sums()) for one in replicas))
    assert sorted(counts) == [0, 0, 1]
    assert recipients(replicas[0]) == [DESK]


def test_a_rule_that_changed_in_other_ways_still_tells_what_it_missed_and_one_with_another_cron_begins_anew(store):
    registered(store, sums())
    turn(store, NINE, sums())
    wider = sums(summary="P60D")
    registered(store, wider, now=NINE + LATER + timedelta(hours=1))
    assert turn(store, NINE + LATER + timedelta(hours=1), wider) == 1
    earlier = sums(cron="0 8 * * *")
    registered(store, earlier, now=NINE + 2 * LATER)
    assert turn(store, NINE + 2 * LATER, earlier) == 0
    assert turn(store, NINE + 3 * LATER, earlier) == 1


def test_a_summary_that_was_taken_away_and_put_back_begins_anew(store):
    registered(store, sums())
    turn(store, NINE, sums())
    registered(store, rule("weekly"), now=NINE + timedelta(hours=1))
    back = NINE + 3 * LATER + timedelta(hours=5)
    registered(store, sums(), now=back)
    assert [turn(store, now, sums()) for now in (back, NINE + 4 * LATER)] == [0, 1]


def test_a_rule_that_changed_in_other_ways_before_its_first_summary_still_owes_that(store):
    registered(store, sums())
    wider, widest = sums(summary="P60D"), sums(summary="P90D")
    registered(store, wider, now=NINE + timedelta(hours=1))
    registered(store, widest, now=NINE + timedelta(hours=2))
    assert [turn(store, NINE + timedelta(hours=2), widest) for _ in range(2)] == [1, 0]


def test_one_that_waits_while_its_rule_gets_another_cron_and_changes_again_still_goes_out(store):
    registered(store, sums())
    turn(store, NINE, sums())
    registered(store, sums(cron="0 8 * * *"), now=NINE + timedelta(minutes=1))
    registered(store, sums(cron="0 8 * * *", summary="P60D"), now=NINE + timedelta(minutes=2))
    assert [one.summary.firing for one in claim(store, NINE + timedelta(minutes=3)) if one.summary] == [NINE]


def test_another_meaning_that_was_registered_last_goes_before(store):
    registered(store, sums())
    registered(store, sums(summary="P60D"))
    assert turn(store, NINE, sums()) == 0


def test_each_owner_of_anything_open_that_the_rule_matches_gets_their_own(store):
    load(
        store,
        entry("a", owner="ana", tags=("x",)),
        entry("b", owner="bo"),
        entry("c", owner="nobody", tags=("x",)),
        people=[ANA, BO],
    )
    mine = sums(notify=("owner",), match={"tags": ("x",)})
    registered(store, mine)
    assert turn(store, NINE, mine) == 1
    (one,) = claim(store, NINE)
    assert (one.recipient, one.zone, one.summary and one.summary.owners) == (ANA.email, "Europe/Madrid", ("ana",))
    close(store, "a")
    assert turn(store, NINE + LATER, mine) == 0


def test_owners_with_one_address_share_one_and_one_whom_the_channel_names_gets_the_whole(store):
    twin = Person(key="al", name="Al", email="ANA@example.org")
    load(store, entry("a", owner="ana"), entry("b", owner="al"), entry("c", owner="bo"), people=[ANA, twin, BO])
    both = sums(notify=("owner", "mail"))
    registered(store, both)
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=("ana@example.org",))}
    assert turn(store, NINE, both, channels=channels) == 2
    scopes = {one.recipient: one.summary.owners for one in claim(store, NINE) if one.summary}
    assert scopes == {"ana@example.org": (), "bo@example.org": ("bo",)}


def test_two_owners_of_one_address_get_one_summary_of_what_both_look_after(store):
    twin = Person(key="al", name="Al", email=ANA.email)
    load(store, entry("a", owner="ana"), entry("b", owner="al"), people=[ANA, twin])
    mine = sums(notify=("owner",))
    registered(store, mine)
    assert turn(store, NINE, mine) == 1
    (one,) = claim(store, NINE)
    assert one.summary is not None
    summary, told = store.summaries.gather(one.summary, NINE)
    assert (summary.due, [word.owner for word in told]) == (2, [ANA, twin])


def test_it_holds_what_holds_when_it_is_gathered(store):
    load(store, *(entry(key, owner="ana") for key in ("due", "moved", "closed")), entry("u", "undated"), people=[ANA])
    registered(store, sums())
    turn(store, NINE, sums())
    (one,) = claim(store, NINE)
    move(store, "moved", "2026-12-10")
    close(store, "closed")
    acknowledge(store, "u")
    assert one.summary is not None
    summary, told = store.summaries.gather(one.summary, NINE)
    assert [(word.reminder.commitment, word.reminder.kind, word.owner) for word in told] == [
        ("due", "before", ANA), ("u", "review", None)
    ]  # fmt: skip
    assert (summary.due, summary.undated, summary.quiet) == (1, 1, 1)
    assert told[1].pause_ends == NOW + timedelta(days=30)


def test_it_goes_out_though_there_is_nothing_to_tell(store):
    registered(store, sums())
    turn(store, NINE, sums())
    (one,) = claim(store, NINE)
    assert one.summary is not None
    assert store.summaries.gather(one.summary, NINE)[1] == ()


def test_one_that_a_later_one_has_followed_does_not_go_out_any_more(store):
    registered(store, sums())
    turn(store, NINE, sums())
    turn(store, NINE + LATER, sums())
    (one,) = claim(store, NINE + LATER)
    assert one.summary is not None
    assert one.summary.firing == NINE + LATER
    assert sorted(row["state"] for row in store.ledger.deliveries()) == ["leased", "superseded"]


def test_operators_hear_of_one_that_does_not_get_through(store):
    registered(store, sums())
    turn(store, NINE, sums())
    dead = Outcome(state="dead", error="550 no such user")
    store.outbox.record_outcomes([(one, dead, NINE, NINE) for one in claim(store, NINE)])
    channels: Any = CHANNELS | {"ops": SimpleNamespace(one_at_a_time=False, default=False, recipients=("",))}
    assert handle_failures(store, ScheduledRule.all([sums()]), channels, ("ops",), NINE) == 1
    (notice,) = claim(store, NINE, channel="ops")
    assert notice.notice is not None
    assert notice.notice.failures[0].about == ("summary of rule weekly",)


def test_a_rule_that_only_sums_up_watches_nothing_and_leaves_the_default_rule_to_speak(store):
    load(store, entry())
    registered(store, sums(match={}), rule("default"))
    list(store.watches.settle())
    with store.database.read() as connection:
        assert connection.execute(select(planning_tables.watches.c.rule)).scalars().all() == ["default"]


def test_what_lies_far_ahead_is_not_read_and_no_more_than_a_chunk_is_held(store, statements):
    load(store, *entries(1200, "2027-01-01"), entry("soon", "2025-11-10"))
    registered(store, sums())
    turn(store, NINE, sums())
    (one,) = claim(store, NINE)
    assert one.summary is not None
    with statements() as heard:
        summary, _ = store.summaries.gather(one.summary, NINE)
    assert summary.due == 1
    assert sum("FROM commitments" in statement for statement, _ in heard) == 1


def test_the_recipients_of_one_firing_share_what_is_gathered_as_of_one_instant_and_no_other(store, statements):
    load(store, entry("a"), entry("b", owner="ana"), people=[ANA])
    whole = Scope(rule=sums(), firing=NINE)
    first = store.summaries.gather(whole, NINE)
    with statements() as heard:
        assert store.summaries.gather(Scope.from_json(whole.to_json()), NINE) == first
    assert list(heard) == []
    assert store.summaries.gather(replace(whole, owners=("ana",)), NINE)[0].due == 1
    close(store, "a")
    assert store.summaries.gather(whole, NINE + timedelta(microseconds=1))[0].due == 1


def test_one_whose_data_cannot_be_read_is_left_out(store):
    load(store, entry("a"), entry("b"))
    with store.database.write() as connection:
        broken = tables.commitments.update().where(tables.commitments.c.key == "a").values(bounds={"odd": 1})
        connection.execute(broken)
    registered(store, sums())
    turn(store, NINE, sums())
    (one,) = claim(store, NINE)
    assert one.summary is not None
    assert store.summaries.gather(one.summary, NINE)[0].due == 1


def test_one_that_does_not_get_through_goes_to_the_fallback_one_for_each_owner(store):
    load(store, entry("a", owner="ana"), entry("b", owner="bo"), people=[ANA, BO])
    mine = sums(notify=("owner",), fallback="chat")
    registered(store, mine)
    assert turn(store, NINE, mine) == 2
    dead = Outcome(state="dead", error="550 no such user")
    store.outbox.record_outcomes([(one, dead, NINE, NINE) for one in claim(store, NINE)])
    channels: Any = CHANNELS | {"chat": SimpleNamespace(one_at_a_time=False, default=False, recipients=("",))}
    assert handle_failures(store, ScheduledRule.all([mine]), channels, (), NINE) == 2
    assert handle_failures(store, ScheduledRule.all([mine]), channels, (), NINE) == 0
    found = claim(store, NINE, channel="chat")
    assert sorted(one.summary.owners for one in found if one.summary) == [("ana",), ("bo",)]
    assert {one.fallback_for.recipient for one in found if one.fallback_for} == {ANA.email, BO.email}


def test_it_goes_to_no_channel_that_takes_one_word_at_a_time(store):
    both = sums(notify=("pager", "mail"), fallback="pager")
    registered(store, both)
    channels: Any = CHANNELS | {"pager": SimpleNamespace(one_at_a_time=True, default=False, recipients=("",))}
    assert turn(store, NINE, both, channels=channels) == 1
    dead = Outcome(state="dead", error="550 no such user")
    store.outbox.record_outcomes([(one, dead, NINE, NINE) for one in claim(store, NINE)])
    handle_failures(store, ScheduledRule.all([both]), channels, (), NINE)
    assert claim(store, NINE, channel="pager") == []


def test_one_that_fails_to_be_written_down_is_made_by_the_next_turn(store, monkeypatch):
    def fail(*_: object) -> set[UUID]:
        raise OSError("the disk is full")

    registered(store, sums())
    with monkeypatch.context() as patched:
        patched.setattr(enqueue, "put_deliveries", fail)
        with pytest.raises(OSError, match="the disk is full"):
            turn(store, NINE, sums())
    assert turn(store, NINE, sums()) == 1
