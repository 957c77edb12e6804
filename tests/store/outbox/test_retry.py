"""Deliveries that people send again, by the same way or another, or let go."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import update

from alerts.core.deliveries import TRY_FOR_AT_LEAST, Delivery, DeliveryError, Outcome, after_failure
from alerts.deadlines.errors import InputError
from alerts.store import Store, delivery_tables
from tests.factories import NOW, at, claim, close, entries, entry, load, plan_at, remind, rule

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), digest=False)
DEAD = Outcome(state="dead", error="550 no such user")
D = delivery_tables.deliveries


def due(store: Store, count: int = 1, *, digest: bool | None = False) -> list[str]:
    only = replace(LEAD, digest=digest)
    load(store, *(entries(count) if count > 1 else [entry()]))
    plan_at(store, NOW, only)
    plan_at(store, NINE, only)
    return [str(row["id"]) for row in store.ledger.deliveries()]


def end(store: Store, outcome: Outcome, one: Delivery) -> None:
    store.outbox.record_outcomes([(one, outcome, NINE, NINE)])


def died(store: Store) -> str:
    (one,) = due(store)
    end(store, DEAD, claim(store, NINE)[0])
    return one


def states(store: Store) -> list[tuple[str, str, str]]:
    return sorted((one["channel"], one["recipient"], one["state"]) for one in store.ledger.deliveries())


def fails(one: Delivery, now: timedelta) -> Outcome:
    """What follows when a claim fails at a time, as its worker reckons it."""
    refused = DeliveryError("451 not now")
    schedule = {"attempt": one.tries, "first_due": one.first_due, "deadline": one.deadline}
    return after_failure(refused, now=NINE + now, random=lambda: 0.5, **schedule)  # type: ignore[arg-type]


def test_a_retry_has_the_full_schedule_again_however_old_the_delivery(store):
    one = died(store)
    old = TRY_FOR_AT_LEAST * 4  # past its deadline, too
    store.ledger.retry(one, NINE + old)
    pauses = []
    at_ = old
    for _ in range(3):
        (again,) = claim(store, NINE + at_)
        outcome = fails(again, at_)
        assert outcome.state == "retry"
        assert outcome.next_at is not None
        pauses.append(outcome.next_at - NINE - at_)
        end(store, outcome, again)
        at_ = outcome.next_at - NINE
    assert [pause.total_seconds() for pause in pauses] == [5, 30, 120]
    assert (again.attempt, again.tries) == (4, 3)
    assert fails(again, old + TRY_FOR_AT_LEAST).state == "dead"


def test_a_retry_counts_from_itself_behind_a_channel_that_is_out_and_in_health(store):
    one, old = died(store), TRY_FOR_AT_LEAST * 4
    store.ledger.retry(one, NINE + old)
    assert not store.outbox.note_outage("mail", "refused", NINE + old + timedelta(minutes=59))
    assert store.ledger.stuck(NINE + old - timedelta(hours=1)) == 0
    assert store.outbox.note_outage("mail", "refused", NINE + old + timedelta(hours=1))
    assert states(store)[0][2] == "retry"
    store.outbox.note_outage("mail", "refused", NINE + old + TRY_FOR_AT_LEAST)
    assert states(store)[0][2] == "dead"


@pytest.mark.parametrize("state", ["retry", "dead", "dismissed"])
def test_what_waits_is_dead_or_was_let_go_is_sent_again_at_once(store, state):
    (one,) = due(store)
    end(store, Outcome(state=state, next_at=NINE + timedelta(hours=1), error="451"), claim(store, NINE)[0])
    store.ledger.retry(one, NINE)
    assert [again.attempt for again in claim(store, NINE)] == [2]


@pytest.mark.parametrize("state", ["pending", "retry", "dead"])
def test_what_is_not_sent_yet_or_is_dead_is_let_go(store, state):
    (one,) = due(store)
    if state != "pending":
        end(store, Outcome(state=state, next_at=NINE, error="451"), claim(store, NINE)[0])
    store.ledger.dismiss(one, NINE)
    assert claim(store, NINE) == []
    assert store.ledger.counts()["dismissed"] == 1


def test_what_is_let_go_while_it_is_being_sent_stays_so(store):
    (one,) = due(store)
    (mine,) = claim(store, NINE)
    store.ledger.dismiss(one, NINE)
    end(store, Outcome(state="retry", next_at=NINE, error="451"), mine)
    assert states(store) == [("mail", "desk@example.org", "dismissed")]
    store.ledger.retry(one, NINE)
    (again,) = claim(store, NINE)
    end(store, Outcome(state="sent"), mine)  # of the lease that was taken away
    assert states(store) == [("mail", "desk@example.org", "leased")]
    assert again.fence > mine.fence


def test_of_two_people_who_retry_at_once_one_is_told_that_the_other_did(store, just_before):
    (one,) = due(store)
    end(store, Outcome(state="retry", next_at=NINE, error="451"), claim(store, NINE)[0])
    both = threading.Barrier(2, timeout=20)
    held = store.database.sqlite  # there the second waits for the first from its first look on
    answers: list[str] = []

    if not held:
        just_before("UPDATE deliveries SET", both.wait, both.wait)

    def person() -> None:
        try:
            store.ledger.retry(one, NINE)
            answers.append("done")
        except InputError as error:
            answers.append(str(error))

    people = [threading.Thread(target=person) for _ in range(2)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    if held:
        assert answers == ["done", "done"]
    else:
        refused = f"delivery {one[:8]} was changed by somebody else just now: see `alerts deliveries`"
        assert sorted(answers) == [refused, "done"]
    assert len(claim(store, NINE)) == 1


def test_through_another_channel_it_is_a_new_delivery_and_the_first_is_let_go(store):
    one = died(store)
    fresh = store.ledger.retry_through(one, "chat", ["a", "b"], NINE)
    assert states(store) == [
        ("chat", "a", "pending"), ("chat", "b", "pending"), ("mail", "desk@example.org", "dismissed")
    ]  # fmt: skip
    sent = claim(store, NINE, channel="chat")
    assert {told.id for told in sent} == set(fresh)
    for told in sent:
        assert [word.reminder.kind for word in told.contexts] == ["before"]
        assert told.fallback_for is not None
        assert (told.fallback_for.channel, told.fallback_for.error) == ("mail", "550 no such user")


def test_what_a_channel_has_had_it_is_not_told_twice(store):
    one = died(store)
    store.ledger.retry_through(one, "chat", [""], NINE)
    with pytest.raises(InputError, match="chat has had what it carries already"):
        store.ledger.retry_through(one, "chat", [""], NINE)
    assert [way for way in states(store) if way[0] == "chat"] == [("chat", "", "pending")]


def test_a_digest_goes_one_by_one_to_a_channel_that_takes_no_other(store):
    (one,) = due(store, 3, digest=True)
    assert len(store.ledger.retry_through(one, "pager", [""], NINE, one_at_a_time=True)) == 3


@pytest.mark.parametrize("through", [None, "chat"])
def test_what_is_overtaken_goes_by_no_way(store, through):
    one, ledger = died(store), store.ledger
    close(store, "truce", now=NINE)
    again = partial(ledger.retry_through, one, through, [""], NINE) if through else partial(ledger.retry, one, NINE)
    with pytest.raises(InputError, match="is not sent any more: closed meanwhile"):
        again()
    assert states(store) == [("mail", "desk@example.org", "dead")]


def test_a_notice_goes_elsewhere_as_it_is(store):
    one = died(store)
    with store.database.write() as connection:
        connection.execute(delivery_tables.delivery_reminders.delete())
        connection.execute(update(D).values(notice={"troubles": [], "more": 7}))
    store.ledger.retry_through(one, "chat", [""], NINE)
    (told,) = claim(store, NINE, channel="chat")
    assert told.notice is not None
    assert told.notice.more == 7
