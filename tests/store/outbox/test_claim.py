"""The outbox: each thing told once, leased with a fence, superseded when it no longer holds, and mended by hand."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from alerts.clock import utc_now
from alerts.core.deliveries import Outcome
from alerts.deadlines.errors import InputError
from alerts.store import delivery_tables, planning_tables
from tests.factories import (
    LEASE,
    NOW,
    acknowledge,
    at,
    claim,
    close,
    entries,
    entry,
    load,
    message,
    move,
    plan_at,
    remind,
    rule,
    source,
    tracked,
)

D, L = delivery_tables.deliveries, delivery_tables.delivery_reminders
R = planning_tables.reminders.c
NINE = at("2025-11-03T09:00")  # a week before the truce ends
LEAD = rule(remind=remind(before=("P7D",)))
SENT = Outcome(state="sent", remote="250 ok")


@pytest.fixture
def pending(store):
    """A store with one delivery that is due at NINE."""
    load(store, entry(), now=NOW)
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD) == 1
    return store


def ledger(store) -> list[tuple[str, str | None]]:
    return [(one["state"], one["last_error"]) for one in store.ledger.deliveries()]


def column(store, name: str):
    with store.database.read() as connection:
        return connection.execute(select(D.c[name])).scalar_one()


def set_all(store, **values) -> None:
    with store.database.write() as connection:
        connection.execute(update(D).values(**values))


def mark(store, one, outcome=SENT) -> None:
    store.outbox.record_outcomes([(one, outcome, NINE, NINE)])


def test_two_rules_that_mean_the_same_tell_it_once(store):
    rules = [rule("a", remind=remind(before=("P7D",))), rule("b", remind=remind(before=("P7D",)))]
    load(store, entry())
    plan_at(store, NOW, *rules)
    assert plan_at(store, NINE, *rules) == 1
    words = store.ledger.reminders(tracked(store).id)
    assert sorted((one["rule"], one["skipped"]) for one in words) == [
        ("a", None),
        ("b", "already sent by another rule"),
    ]


def test_two_rules_on_different_crons_tell_it_once(store):
    early, late = LEAD, rule("late", cron="0 10 * * *", remind=remind(before=("P7D",)))
    load(store, entry())
    plan_at(store, NOW, early, late)
    assert [plan_at(store, at(f"2025-11-03T{hour}"), early, late) for hour in ("09:00", "10:00")] == [1, 0]


def test_each_recipient_is_told(store):
    load(store, entry())
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD, to=("a@example.org", "b@example.org")) == 2
    assert sorted(one.recipient for one in claim(store, NINE)) == ["a@example.org", "b@example.org"]


def test_a_word_that_was_planned_goes_to_nobody_who_was_added_since(pending):
    with pending.database.write() as connection:  # as if the watch had never been moved on
        connection.execute(planning_tables.watches.update().values(next_at=NOW, cursor=None, latest_moment=None))
    assert plan_at(pending, NINE, LEAD, to=("desk@example.org", "new@example.org")) == 0
    assert [one.recipient for one in claim(pending, NINE)] == ["desk@example.org"]


def test_several_words_at_once_share_a_delivery(store):
    load(store, *entries(6))
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD) == 1
    (one,) = claim(store, NINE)
    assert len(one.contexts) == 6


def test_a_claim_brings_all_that_the_words_need(store):
    load(store, entry(by=("cn",)), parties=[], sources=[source()])
    plan_at(store, NOW, rule())
    plan_at(store, NINE, rule())
    (one,) = claim(store, NINE)
    (told,) = one.contexts
    assert (one.channel, one.recipient, one.attempt, one.fence) == ("mail", "desk@example.org", 1, 1)
    assert (one.first_due, one.deadline, one.message) == (NINE, at("2025-11-11"), None)
    assert (told.reminder.kind, told.reminder.offset, told.tracked) == ("before", "P7D", tracked(store))
    assert told.next_alert_at == at("2025-11-09T09:00")


def test_a_second_claimer_gets_nothing(pending):
    assert len(claim(pending, NINE)) == 1
    assert claim(pending, NINE) == []
    assert claim(pending, NINE + timedelta(days=9)) == []  # leases go by the real clock


def test_nothing_is_claimed_before_it_is_due_nor_for_another_channel(pending):
    assert claim(pending, NINE - timedelta(seconds=1)) == []
    assert claim(pending, NINE, channel="chat") == []
    assert claim(pending, NINE) != []


def test_a_claim_takes_no_more_than_asked_for_the_longest_waiting_first(store):
    load(store, *entries(5))
    plan_at(store, NOW, replace(LEAD, digest=False))
    plan_at(store, NINE, replace(LEAD, digest=False))
    with store.database.write() as connection:
        ids = list(connection.execute(select(D.c.id)).scalars())
        for number, one in enumerate(ids):
            connection.execute(update(D).where(D.c.id == one).values(next_at=NINE - timedelta(minutes=number)))
    assert {one.id for one in claim(store, NINE, limit=2)} == set(ids[-2:])


def test_when_a_lease_ends_another_takes_over_and_the_first_ones_mark_is_dropped(pending):
    (first,) = claim(pending, NINE)
    set_all(pending, lease_until=utc_now() - timedelta(seconds=1))
    (second,) = claim(pending, NINE)
    assert (second.id, second.fence, second.attempt) == (first.id, 2, 2)
    mark(pending, first)
    assert ledger(pending) == [("leased", None)]
    mark(pending, second, Outcome(state="dead", error="550 no such user"))
    assert ledger(pending) == [("dead", "550 no such user")]
    mark(pending, second)
    assert ledger(pending) == [("dead", "550 no such user")]
    assert _attempts(pending) == [(1, "sent", None), (2, "dead", "550 no such user")]  # both were made


def test_a_lease_that_has_not_ended_is_nobody_elses(pending):
    claim(pending, NINE)
    set_all(pending, lease_until=utc_now() + timedelta(seconds=30))
    assert claim(pending, NINE) == []


def test_a_failure_waits_and_every_attempt_is_kept(pending):
    (first,) = claim(pending, NINE)
    later = NINE + timedelta(minutes=5)
    mark(pending, first, Outcome(state="retry", next_at=later, error="421 busy"))
    assert claim(pending, later - timedelta(seconds=1)) == []
    assert pending.outbox.pause("mail", NINE) == later - NINE
    (second,) = claim(pending, later)
    mark(pending, second)
    assert _attempts(pending) == [(1, "retry", "421 busy"), (2, "sent", None)]
    assert (column(pending, "ended_at"), column(pending, "remote")) == (NINE, "250 ok")
    assert pending.outbox.pause("mail", NINE) is None


def test_the_payload_of_the_first_claim_is_kept_for_every_retry(pending):
    (first,) = claim(pending, NINE)
    pending.outbox.keep({first.id: (first.fence, message("one"), None)})
    mark(pending, first, Outcome(state="retry", next_at=NINE, error="421"))
    (second,) = claim(pending, NINE)
    assert second.message == message("one")
    assert len(column(pending, "payload_hash")) == 64


def test_who_lost_the_lease_keeps_no_payload(pending):
    (first,) = claim(pending, NINE)
    set_all(pending, lease_until=utc_now() - timedelta(seconds=1))
    (second,) = claim(pending, NINE)
    pending.outbox.keep({second.id: (second.fence, message("second"), None)})
    pending.outbox.keep({first.id: (first.fence, message("first"), None)})
    assert column(pending, "payload")["text"] == "second"


def test_what_is_given_back_is_due_again_and_was_no_attempt(pending):
    (first,) = claim(pending, NINE)
    pending.outbox.return_claims([first], NINE)
    (second,) = claim(pending, NINE)
    assert (second.attempt, second.fence) == (1, 2)
    pending.outbox.return_claims([first], NINE)  # it is not ours any more
    assert ledger(pending) == [("leased", None)]


def test_a_new_daemon_frees_the_leases_of_the_one_before(pending):
    claim(pending, NINE)
    pending.outbox.free_leases()
    (again,) = claim(pending, NINE)
    assert (again.attempt, again.fence) == (2, 2)


STALE = [
    (lambda store: move(store, "truce", "2025-12-10"), "moved meanwhile"),
    (lambda store: close(store, "truce", "withdrawn"), "closed meanwhile (withdrawn)"),
]


@pytest.mark.parametrize(("act", "reason"), STALE, ids=["moved", "closed"])
@pytest.mark.parametrize("state", ["pending", "retry", "lease ended"])
def test_a_word_that_no_longer_holds_is_superseded_at_the_claim(pending, act, reason, state):
    if state != "pending":
        (one,) = claim(pending, NINE)
    if state == "retry":
        mark(pending, one, Outcome(state="retry", next_at=NINE, error="421"))
    if state == "lease ended":
        set_all(pending, lease_until=utc_now() - timedelta(seconds=1))
    act(pending)
    assert claim(pending, NINE) == []
    assert ledger(pending) == [("superseded", reason)]
    assert column(pending, "lease_until") is None
    if state == "lease ended":
        mark(pending, one)
        assert ledger(pending) == [("superseded", reason)]


@pytest.mark.parametrize(
    ("kind", "now", "until", "goes"),
    [
        ("overdue", "2025-11-12T09:00", None, False),
        ("overdue", "2025-11-12T09:00", "2025-11-12T09:00:01", False),
        ("overdue", "2025-11-12T09:00", "2025-11-12T09:00", True),
        ("before", "2025-11-03T09:00", None, True),
        ("on_the_day", "2025-11-10T09:00", None, True),
    ],
)
def test_an_acknowledgement_supersedes_repeats_only(store, kind, now, until, goes):
    load(store, entry())
    plan_at(store, NOW, rule())
    before = {"overdue": "2025-11-11T09:00", "on_the_day": "2025-11-09T09:00"}.get(kind)
    if before:
        plan_at(store, at(before), rule())
        [mark(store, one) for one in claim(store, at(before))]
    plan_at(store, at(now), rule())
    acknowledge(store, "truce", at(until) if until else None, at(now))
    found = [told.reminder.kind for one in claim(store, at(now)) for told in one.contexts]
    assert found == ([kind] if goes else [])
    if not goes:
        assert ledger(store)[-1] == ("superseded", "acknowledged meanwhile by desk")


def test_a_later_word_supersedes_one_that_could_not_be_sent(store):
    load(store, entry())
    plan_at(store, NOW, rule())
    plan_at(store, NINE, rule())
    plan_at(store, at("2025-11-09T09:00"), rule())
    (one,) = claim(store, at("2025-11-09T09:00"))
    assert [told.reminder.offset for told in one.contexts] == ["P1D"]
    assert ledger(store)[0] == ("superseded", "a later reminder replaced it")


def test_a_later_word_for_another_recipient_supersedes_nothing(store):
    load(store, entry())
    plan_at(store, NOW, rule())
    plan_at(store, NINE, rule(), to=("a@example.org",))
    plan_at(store, at("2025-11-09T09:00"), rule(), to=("b@example.org",))
    found = claim(store, at("2025-11-09T09:00"))
    assert sorted(one.recipient for one in found) == ["a@example.org", "b@example.org"]


def test_what_moved_there_and_back_is_not_superseded(pending):
    move(pending, "truce", "2025-12-10")
    move(pending, "truce", "2025-11-10")
    assert len(claim(pending, NINE)) == 1


BACK = [
    ("2025-11-30", ["2025-11-03T11:00"], "2025-11-03T12:00"),
    ("2025-11-12", ["2025-11-05T10:01", "2025-11-05T11:00"], "2025-11-05T12:00"),  # the other day's word is there, too
]


@pytest.mark.parametrize(("there", "planned", "now"), BACK, ids=["unsent", "unsent, and that of the other day"])
def test_what_moved_there_and_back_and_was_planned_at_each_is_said_once(pending, there, planned, now):
    move(pending, "truce", there, at("2025-11-03T10:00"))
    plan_at(pending, at("2025-11-03T10:01"), LEAD)
    for when in planned[:-1]:
        plan_at(pending, at(when), LEAD)
    move(pending, "truce", "2025-11-10", at(planned[-1]))
    plan_at(pending, at(planned[-1]), LEAD)
    (one,) = claim(pending, at(now))
    assert [(told.reminder.moment, told.reminder.bounds_version) for told in one.contexts] == [(at("2025-11-03"), 3)]


def test_the_words_of_a_move_and_of_an_end_outlive_what_comes_after(store):
    only = rule(remind=remind(moved=True, closed=True))
    load(store, entry())
    plan_at(store, NOW, only)
    move(store, "truce", "2025-12-10")
    plan_at(store, NINE, only)
    move(store, "truce", "2025-12-20")
    close(store, "truce")
    plan_at(store, NINE, only)
    told = [told for one in claim(store, NINE) for told in one.contexts]
    told.sort(key=lambda one: one.change.number)  # deliveries of the same instant leave in any order
    assert [(one.reminder.kind, one.change.what) for one in told] == [("moved", "moved"), ("closed", "closed")]
    change = told[0].change  # two moves that nobody was told of are one
    assert (change.before.latest, change.after.latest) == (at("2025-11-11"), at("2025-12-21"))


def test_a_digest_goes_out_with_what_still_holds_of_it(store):
    load(store, *entries(6))
    plan_at(store, NOW, LEAD)
    plan_at(store, NINE, LEAD)
    move(store, "c00002", "2025-12-10")
    (one,) = claim(store, NINE)
    assert {told.reminder.commitment for told in one.contexts} == {f"c0000{number}" for number in (0, 1, 3, 4, 5)}


def test_what_is_superseded_does_not_hide_what_comes_behind_it(store):
    load(store, *entries(5))
    only = replace(LEAD, digest=False)
    plan_at(store, NOW, only)
    plan_at(store, NINE, only)
    with store.database.write() as connection:  # the stale ones have waited the longest
        connection.execute(update(D).values(next_at=NINE - timedelta(hours=1)))
        keep = select(L.c.delivery_id).join(planning_tables.reminders, R.id == L.c.reminder_id)
        keep = keep.where(R.commitment_id == tracked(store, "c00004").id)
        connection.execute(update(D).where(D.c.id.in_(keep)).values(next_at=NINE))
    for number in range(4):
        close(store, f"c0000{number}")
    (one,) = claim(store, NINE, limit=2)
    assert one.contexts[0].reminder.commitment == "c00004"


def test_a_dead_delivery_is_tried_again_or_let_go_by_the_start_of_its_id(pending):
    (one,) = claim(pending, NINE)
    mark(pending, one, Outcome(state="dead", error="550"))
    assert pending.ledger.dismiss(str(one.id)[:8], NINE) == one.id
    assert ledger(pending) == [("dismissed", "550")]
    assert pending.ledger.retry(str(one.id).upper(), NINE) == one.id
    (again,) = claim(pending, NINE)
    assert (again.id, again.attempt) == (one.id, 2)


@pytest.mark.parametrize("start", ["", "%", "_", "zz", "0", "-"])
def test_an_id_that_is_none_or_several_is_refused(store, start):
    load(store, *entries(2))
    plan_at(store, NOW, replace(LEAD, digest=False))
    plan_at(store, NINE, replace(LEAD, digest=False))
    with store.database.write() as connection:
        rows = connection.execute(select(D).order_by(D.c.id)).mappings().all()
        connection.execute(L.delete())
        connection.execute(D.delete())
        for number, row in enumerate(rows):
            changes = {"id": UUID(int=number), "state": "dead"}
            connection.execute(D.insert().values({**row, **changes}))
    with pytest.raises(InputError, match=r"starts? with"):
        store.ledger.retry(start, NINE)
    assert [state for state, _ in ledger(store)] == ["dead", "dead"]


def test_what_was_sent_is_neither_let_go_nor_sent_again(pending):
    (one,) = claim(pending, NINE)
    mark(pending, one)
    for change in (pending.ledger.retry, pending.ledger.dismiss):
        with pytest.raises(InputError, match="is sent: `alerts"):
            change(str(one.id), NINE)


def test_what_should_have_been_tried_long_ago_is_counted(pending):
    assert pending.ledger.stuck(NINE) == 0
    assert pending.ledger.stuck(NINE + LEASE) == 1
    mark(pending, claim(pending, NINE)[0])
    assert pending.ledger.stuck(NINE + LEASE) == 0
    assert pending.ledger.counts() == {"open": 1, "sent": 1}


def _attempts(store) -> list[tuple[int, str, str | None]]:
    columns = delivery_tables.attempts.c
    with store.database.read() as connection:
        query = select(columns.number, columns.outcome, columns.error).order_by(columns.number)
        return list(connection.execute(query).tuples())


def test_a_word_that_was_overtaken_is_not_tried_again_by_hand(pending):
    (one,) = claim(pending, NINE)
    mark(pending, one, Outcome(state="dead", error="550"))
    close(pending, "truce", now=NINE)
    with pytest.raises(InputError, match=r"is not sent any more: closed meanwhile \(fulfilled\); `alerts dismiss` it"):
        pending.ledger.retry(str(one.id), NINE)
    assert ledger(pending) == [("dead", "550")]


def test_what_moves_while_its_word_is_being_sent_is_told_anew_and_nothing_twice(store):
    load(store, entry("truce"))
    plan_at(store, NINE, rule())
    (claimed,) = claim(store, NINE)  # on its way
    move(store, "truce", "2025-11-20", now=NINE)
    mark(store, claimed)
    plan_at(store, NINE + timedelta(minutes=1), rule())
    told = claim(store, NINE + timedelta(minutes=1))
    assert [(word.reminder.kind, word.tracked.bounds.fingerprint) for one in told for word in one.contexts] == [
        ("moved", tracked(store).bounds.fingerprint)
    ]
    mark(store, told[0])
    move(store, "truce", "2025-11-10", now=NINE + timedelta(minutes=2))  # back while nothing is on its way
    plan_at(store, NINE + timedelta(minutes=3), rule())
    assert [word.reminder.kind for one in claim(store, NINE + timedelta(minutes=3)) for word in one.contexts] == [
        "moved"
    ]


def test_a_word_that_fails_while_its_commitment_moves_is_not_tried_again(store):
    load(store, entry("truce"))
    plan_at(store, NINE, rule())
    (claimed,) = claim(store, NINE)
    move(store, "truce", "2025-11-20", now=NINE)
    mark(store, claimed, Outcome(state="retry", next_at=NINE, error="451 try again"))
    plan_at(store, NINE + timedelta(minutes=1), rule())
    assert [word.reminder.kind for one in claim(store, NINE + timedelta(minutes=1)) for word in one.contexts] == [
        "moved"
    ]
    assert ("superseded", "moved meanwhile") in ledger(store)
