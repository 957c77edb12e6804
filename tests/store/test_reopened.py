"""Reopening: a revision that works out the date anew, ends what silenced it, and is told once."""

from datetime import timedelta

import pytest

from alerts.core.deliveries import Outcome
from alerts.core.rules import Overdue
from alerts.deadlines.errors import InputError
from alerts.store import Store
from tests import acting
from tests.factories import acknowledge, at, change, claim, close, entry, load, move, plan_at, remind, rule, tracked

CLOSED, LATER, REOPENED = at("2025-10-29T09:00"), at("2025-10-29T12:00"), at("2025-10-30T09:00")
ENDS = rule(remind=remind(closed=True, moved=True))
MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=15 from 2025-11-15"


def reopen(store: Store, key: str = "truce", now=REOPENED, occurrence: str = ""):
    return acting.reopen(store, key, change(now, reason="by mistake"), occurrence)


def told(store: Store, key: str = "truce") -> list[tuple[str, str | None]]:
    return [(word["kind"], word["skipped"]) for word in store.ledger.reminders(tracked(store, key).id)]


def test_an_occurrence_that_ended_before_the_whole_stays_as_it_ended(store: Store) -> None:
    load(store, entry("monthly", MONTHLY))
    acting.close(store, "monthly", "fulfilled", change(CLOSED), "2025-11-15")
    close(store, "monthly", "withdrawn", LATER)
    ends = [tracked(store, "monthly").at(name).ended_as for name in ("2025-11-15", "2025-12-15")]
    assert ends == ["fulfilled", "withdrawn"]


def test_it_is_a_revision_and_a_new_version_of_its_bounds(store):
    load(store, entry())
    close(store, "truce", "withdrawn", CLOSED)
    reopen(store)
    now = tracked(store)
    last = store.ledger.history(now.id)[-1]
    assert (now.open, now.bounds_version, now.revision, now.bounds.latest) == (True, 2, 3, at("2025-11-11"))
    assert (last.what, last.reason, last.detail, last.bounds_version) == (
        "reopened",
        "by mistake",
        "it was withdrawn",
        2,
    )


def test_its_date_is_worked_out_anew_and_what_hangs_on_it_follows(store):
    load(store, entry("a"), entry("b", "P1D after a"), entry("c", "P1D after b"))
    close(store, "b", now=CLOSED)
    move(store, "a", "2025-12-10", LATER)
    assert tracked(store, "c").bounds.latest == at("2025-11-13")
    report = reopen(store, "b")
    assert ([one.key for one in report.moved], [one.key for one in report.moved_dependants]) == (["b"], ["c"])
    assert [tracked(store, key).bounds.latest for key in "bc"] == [at("2025-12-12"), at("2025-12-13")]


def test_what_is_open_cannot_be_reopened(store):
    load(store, entry())
    with pytest.raises(InputError, match="truce is open"):
        reopen(store)


def test_it_is_told_once_to_those_who_heard_of_the_end(store):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    close(store, "truce", now=CLOSED)
    plan_at(store, CLOSED, ENDS)
    reopen(store)
    assert [plan_at(store, now, ENDS) for now in (REOPENED, at("2025-10-30T10:00"))] == [1, 0]
    assert told(store) == [("closed", None), ("reopened", None)]


def test_closed_and_reopened_before_a_tick_tells_nothing(store):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    close(store, "truce", now=CLOSED)
    reopen(store, now=LATER)
    assert plan_at(store, REOPENED, ENDS) == 0
    assert told(store) == []


def test_an_end_that_has_not_gone_out_yet_goes_out_no_more(store):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    close(store, "truce", now=CLOSED)
    plan_at(store, CLOSED, ENDS)
    reopen(store)
    assert claim(store, REOPENED) == []
    plan_at(store, REOPENED, ENDS)
    (one,) = claim(store, REOPENED)
    assert [word.reminder.kind for word in one.contexts] == ["reopened"]


def test_of_two_ends_that_wait_the_later_goes_out(store):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    for now in (CLOSED, at("2025-11-01")):
        close(store, "truce", now=now)
        plan_at(store, now, ENDS)
        if now == CLOSED:
            reopen(store)
            plan_at(store, REOPENED, ENDS)
    (one,) = claim(store, at("2025-11-01"))
    assert [(word.reminder.kind, word.reminder.moment) for word in one.contexts] == [("closed", at("2025-11-01"))]


def test_what_was_sent_is_sent(store):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    close(store, "truce", now=CLOSED)
    plan_at(store, CLOSED, ENDS)
    (one,) = claim(store, CLOSED)
    store.outbox.record_outcomes([(one, Outcome(state="sent", remote="250 ok"), CLOSED, CLOSED)])
    reopen(store)
    assert [row["state"] for row in store.ledger.deliveries()] == ["sent"]


def test_it_ends_an_acknowledgement(store):
    load(store, entry("a"), entry("b", MONTHLY))
    acknowledge(store, "a")
    acting.acknowledge(store, "b", None, change(), "2025-11-15")
    for key in "ab":
        close(store, key, now=CLOSED)
        reopen(store, key)
    seen = [tracked(store, "a"), tracked(store, "b").at("2025-11-15")]
    assert [one.acknowledged.ended for one in seen] == [REOPENED] * 2


def test_one_occurrence_is_reopened_by_itself_and_told(store):
    load(store, entry(deadline=MONTHLY))
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    acting.close(store, "truce", "fulfilled", change(CLOSED), "2025-11-15")
    plan_at(store, CLOSED, ENDS)
    with pytest.raises(InputError, match="2025-12-15 is open"):
        reopen(store, occurrence="2025-12-15")
    reopen(store, occurrence="2025-11-15")
    assert plan_at(store, REOPENED, ENDS) == 1
    one, other = (tracked(store).at(name) for name in ("2025-11-15", "2025-12-15"))
    assert (one.open, one.bounds_version, other.bounds_version) == (True, 2, 1)
    assert told(store) == [("closed", None), ("reopened", None)]


def test_an_occurrence_of_what_is_closed_as_a_whole_names_what_to_do(store):
    load(store, entry(deadline=MONTHLY))
    close(store, "truce", now=CLOSED)
    with pytest.raises(InputError, match="closed as a whole"):
        reopen(store, occurrence="2025-11-15")


def test_what_came_while_a_series_was_closed_is_said_when_it_is_reopened(store):
    late = rule(remind=remind(overdue=remind().overdue, closed=True))
    load(store, entry(deadline=MONTHLY))
    plan_at(store, at("2025-10-28T10:00"), late)
    close(store, "truce", now=at("2025-11-10"))
    plan_at(store, at("2025-11-10"), late)
    reopen(store, now=at("2025-11-20T10:00"))
    plan_at(store, at("2025-11-20T10:00"), late)
    assert sorted(told(store)) == [("closed", None), ("overdue", None), ("reopened", None)]


def test_what_was_known_then_is_what_it_was_then(store):
    load(store, entry())
    close(store, "truce", now=CLOSED)
    reopen(store)
    states = [store.commitments.as_of("truce", at(day)).open for day in ("2025-10-28T12:00", "2025-10-29T12:00")]
    assert [*states, store.commitments.as_of("truce", REOPENED).open] == [True, False, True]


def test_what_a_move_stood_for_is_not_said_when_the_series_is_reopened(store):
    early = rule(remind=remind(before=("P60D",), closed=True, moved=True))
    load(store, entry(deadline="every FREQ=MONTHLY;BYMONTHDAY=15 from 2026-06-15"))
    plan_at(store, at("2025-10-28T10:00"), early)
    anew = "every FREQ=MONTHLY;BYMONTHDAY=20 from 2025-12-20"
    acting.move(store, "truce", anew, change(CLOSED), all_occurrences=True)
    plan_at(store, CLOSED, early)
    close(store, "truce", now=LATER)
    plan_at(store, LATER, early)
    reopen(store)
    plan_at(store, REOPENED, early)
    assert sorted(told(store)) == [("closed", None), ("moved", None), ("reopened", None)]


@pytest.mark.parametrize("seen_closed", [False, True])
def test_what_was_late_acknowledged_and_closed_before_its_first_alert_goes_out_as_overdue(store, seen_closed):
    overdue = rule(remind=remind(on_the_day=True, overdue=Overdue()), digest=False)
    plan_at(store, at("2025-11-16T09:00"), overdue)
    load(store, entry(), now=at("2025-11-17T09:30"))
    acknowledge(store, "truce", until=at("2025-12-01"), now=at("2025-11-17T10:00"))
    close(store, "truce", now=at("2025-11-17T11:00"))
    if seen_closed:
        assert plan_at(store, at("2025-11-17T11:30"), overdue, register=False) == 0
    reopen(store, now=at("2025-11-17T12:00"))
    plan_at(store, at("2025-11-17T12:30"), overdue, register=False)
    found = claim(store, at("2025-11-17T12:30"))
    assert [word.reminder.kind for one in found for word in one.contexts] == ["overdue"]


def test_what_still_waits_is_not_sent_beside_the_reopening(store):
    nine = at("2025-11-03T09:00")
    leads = rule(remind=remind(before=("P7D",), closed=True), digest=False)
    load(store, entry())
    plan_at(store, at("2025-10-28T12:00"), leads)
    plan_at(store, nine, leads, register=False)
    (one,) = claim(store, nine)
    again = Outcome(state="retry", next_at=nine + timedelta(minutes=30), error="450")
    store.outbox.record_outcomes([(one, again, nine, nine)])
    close(store, "truce", now=nine + timedelta(minutes=1))
    plan_at(store, nine + timedelta(minutes=2), leads, register=False)
    reopen(store, now=nine + timedelta(minutes=5))
    plan_at(store, nine + timedelta(minutes=6), leads, register=False)
    found = claim(store, nine + timedelta(minutes=31))
    assert [word.reminder.kind for one in found for word in one.contexts] == ["reopened"]


def test_a_repeat_that_an_escalation_means_too_is_sent_though_it_is_acknowledged_before_the_claim(store):
    def late(**overdue):
        return remind(before=(), on_the_day=False, opens=False, moved=False, closed=False, overdue=Overdue(**overdue))

    rules = (rule("a", remind=late(), digest=False), rule("b", remind=late(after="P2D"), digest=False))
    load(store, entry())
    plan_at(store, at("2025-10-28T12:00"), *rules)
    third = at("2025-11-13T09:00")
    plan_at(store, third, *rules, register=False)
    acknowledge(store, "truce", now=third + timedelta(seconds=30))
    assert [word.reminder.offset for one in claim(store, third + timedelta(minutes=1)) for word in one.contexts] == [
        "P2D"
    ]


AGAIN = at("2025-11-01T09:00")


def send(store: Store, now) -> list[str]:
    """The kinds of the alerts that go out at a time."""
    sent = claim(store, now)
    store.outbox.record_outcomes([(one, Outcome(state="sent", remote="250 ok"), now, now) for one in sent])
    return [word.reminder.kind for one in sent for word in one.contexts]


@pytest.mark.parametrize(
    ("status", "date", "heard", "expected"),
    [
        ("fulfilled", None, True, []),
        ("withdrawn", None, True, ["closed"]),
        ("fulfilled", "2025-12-10", True, ["closed"]),
        ("fulfilled", None, False, ["closed"]),  # the first alert was superseded while it was open
    ],
    ids=["same", "other-end", "other-date", "not-heard"],
)
def test_what_is_closed_again_before_a_tick_is_told_again_only_where_that_is_news(store, status, date, heard, expected):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    close(store, "truce", now=CLOSED)
    plan_at(store, CLOSED, ENDS)
    if heard:
        assert send(store, CLOSED) == ["closed"]
    reopen(store)
    if not heard:
        assert send(store, REOPENED) == []
    if date:
        move(store, "truce", date, REOPENED + timedelta(hours=1))
    close(store, "truce", status, now=AGAIN)
    plan_at(store, AGAIN, ENDS)
    assert [kind for kind in send(store, AGAIN) if kind == "closed"] == expected


def test_what_was_told_to_be_open_meanwhile_is_told_to_be_closed_again(store):
    load(store, entry())
    plan_at(store, at("2025-10-28T10:00"), ENDS)
    found = []
    for now, step in ((CLOSED, close), (REOPENED, None), (AGAIN, close)):
        if step:
            step(store, "truce", now=now)
        else:
            reopen(store)
        plan_at(store, now, ENDS)
        found += send(store, now)
    assert found == ["closed", "reopened", "closed"]
