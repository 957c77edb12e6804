"""Silences in the store: what they hold back, and that it goes out at their end, once, in one digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.core.commitments import Priority
from alerts.core.deliveries import Delivery, Outcome
from alerts.core.rules import Overdue
from alerts.core.silences import Silence, check_silence
from alerts.deadlines.errors import InputError
from alerts.store import Store, silence_rows
from alerts.store.outbox import held_back
from tests.factories import LEASE, NOW, at, claim, close, entry, load, plan_at, remind, rule

ANN = "ann@example.org"
LEADS = rule(remind=remind(before=("P7D", "P5D"), on_the_day=True, overdue=Overdue(), moved=True, closed=True))
NINE, END = at("2025-11-03T09:00"), at("2025-11-08T00:00")


def silence(until: datetime = END, since: datetime = NOW, **match: tuple[str, ...]) -> Silence:
    return Silence(match=match, since=since, until=until, reason="the office moves", by="ann")


def tick(store: Store, now: datetime, *, register: bool = False) -> list[Delivery]:
    plan_at(store, now, LEADS, register=register, to=(ANN,))
    return claim(store, now)


def record(store: Store, claims: Sequence[Delivery], now: datetime, state: Any = "sent") -> None:
    store.outbox.record_outcomes([(one, Outcome(state=state, next_at=now), now, now) for one in claims])


def at_end(store: Store, now: datetime = END) -> list[Delivery]:
    """Return what is claimed at the end of a silence, and not just before."""
    assert tick(store, now - timedelta(seconds=1)) == []
    return tick(store, now)


def told(claims: Sequence[Delivery]) -> list[list[tuple[str, str | None]]]:
    return [sorted((one.reminder.commitment, one.reminder.offset) for one in each.contexts) for each in claims]


@pytest.fixture
def quiet(store: Store) -> Store:
    """Have two leads held back."""
    load(store, entry(), entry("other"))
    tick(store, NOW, register=True)
    store.silences.add(silence())
    assert tick(store, NINE) == []
    return store


def test_what_it_held_back_goes_out_at_its_end_as_one_digest(quiet: Store) -> None:
    assert told(at_end(quiet)) == [[("other", "P5D"), ("truce", "P5D")]], "of one state the latest"
    assert tick(quiet, END + timedelta(hours=1)) == []


@pytest.mark.parametrize(("priority", "expected"), [("normal", "2025-11-12T00:00"), ("critical", "2025-11-10T09:00")])
def test_an_alert_before_it_names_the_time_at_which_it_lets_the_next_one_go(
    store: Store, priority: Priority, expected: str
) -> None:
    load(store, entry(priority=priority))
    tick(store, NOW, register=True)
    store.silences.add(silence(at("2025-11-12"), at("2025-11-04")))
    (found,) = tick(store, NINE)
    assert found.contexts[0].next_alert_at == at(expected)


def test_it_says_that_it_was_held_back(quiet: Store) -> None:
    (found,) = at_end(quiet)
    assert [one.silences for one in found.contexts] == 2 * [(silence(),)]


def test_what_does_not_match_goes_out(store: Store) -> None:
    load(store, entry(tags=("quiet",)), entry("other"))
    tick(store, NOW, register=True)
    store.silences.add(silence(tags=("quiet",)))
    assert told(tick(store, NINE)) == [[("other", "P7D")]]


def test_only_what_one_of_several_silences_is_for_is_held_and_only_series_are_read_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch_whole(connection: Any, ids: Any) -> Any:
        found = whole(connection, ids)
        read.extend(one.commitment.key for one in found.values())
        return found

    read, whole = list[str](), held_back.fetch_whole
    load(store, entry("each-week", "every week on friday from 2025-11-07", tags=("group 1",)))
    load(store, *(entry(f"c{number}", tags=(f"group {number}",)) for number in range(4)))
    tick(store, NOW, register=True)
    for number in range(2):
        store.silences.add(silence(tags=(f"group {number}",)))
    monkeypatch.setattr(held_back, "fetch_whole", fetch_whole)
    assert sorted(told(tick(store, NINE))) == [[("c2", "P7D")], [("c3", "P7D")]]
    assert read == ["each-week"]


def test_it_holds_what_waits_in_the_outbox_already_and_the_rest_of_a_digest_goes(store: Store) -> None:
    load(store, *(entry(f"c{number}", tags=("quiet",) if number else ()) for number in range(7)))
    tick(store, NOW, register=True)
    plan_at(store, NINE, LEADS, register=False, to=(ANN,))
    store.silences.add(silence(tags=("quiet",), since=NINE))
    assert told(claim(store, NINE)) == [[("c0", "P7D")]]
    assert store.silences.held(NINE) == 6
    assert told(tick(store, END - LEASE)) == [[("c0", "P5D")]]
    assert told(tick(store, END)) == [[(f"c{number}", "P5D") for number in range(1, 7)]]


def test_what_was_tried_waits_in_its_delivery(store: Store) -> None:
    load(store, entry())
    tick(store, NOW, register=True)
    record(store, tick(store, NINE), NINE, "retry")
    store.silences.add(silence(since=NINE))
    assert claim(store, NINE + timedelta(minutes=1)) == []
    assert store.silences.held(NINE) == 0
    assert told(claim(store, END)) == [[("truce", "P7D")]]


@pytest.mark.parametrize("until", [END, at("2025-12-01T00:00")])
def test_nothing_critical_is_held_past_its_deadline(store: Store, until: datetime) -> None:
    load(store, entry(deadline="2025-11-10T12:00Z", priority="critical"))
    tick(store, NOW, register=True)
    store.silences.add(silence(until))
    assert tick(store, at("2025-11-03T12:00")) == []
    goes = min(until, at("2025-11-10T09:00"))  # the last firing before the deadline
    assert tick(store, goes - timedelta(seconds=1)) == []
    (found,) = tick(store, goes)
    (context,) = found.contexts
    assert context.silences == (silence(until),)


def test_a_silence_to_come_that_would_hold_the_deadline_counts_for_what_is_critical(store: Store) -> None:
    lead = rule(remind=remind(before=("P5D",)))
    load(store, entry(deadline="2025-11-10T12:00Z", priority="critical"))
    plan_at(store, NOW, lead, to=(ANN,))
    store.silences.add(silence(at("2025-11-10T10:00")))
    store.silences.add(silence(at("2025-12-01T00:00"), since=at("2025-11-08T00:00")))
    for now, expected in (
        ("2025-11-06T09:00", []),
        ("2025-11-10T08:59", []),
        ("2025-11-10T09:00", [[("truce", "P5D")]]),  # the last firing before the deadline
    ):
        plan_at(store, at(now), lead, register=False, to=(ANN,))
        assert told(claim(store, at(now))) == expected


def test_what_is_critical_and_late_is_not_held(store: Store) -> None:
    load(store, entry(deadline="2025-11-03T08:00Z", priority="critical"))
    tick(store, NOW, register=True)
    store.silences.add(silence(since=at("2025-11-03T08:30")))
    assert [one.contexts[0].reminder.kind for one in tick(store, NINE)] == ["overdue"]


def test_what_becomes_critical_meanwhile_is_looked_at_again(store: Store) -> None:
    lead, due = rule(remind=remind(before=("P7D",))), "2025-11-05T08:00Z"
    load(store, entry(deadline=due))
    plan_at(store, NOW, lead, to=(ANN,))
    store.silences.add(silence())
    plan_at(store, at("2025-10-29T09:00"), lead, register=False, to=(ANN,))
    assert claim(store, at("2025-10-29T09:00")) == []
    load(store, entry(deadline=due, priority="critical"), now=NINE)
    last = at("2025-11-04T09:00")  # the last firing before the deadline
    plan_at(store, last - LEASE, lead, register=False, to=(ANN,))
    assert claim(store, last - LEASE) == []
    plan_at(store, last, lead, register=False, to=(ANN,))
    assert told(claim(store, last)) == [[("truce", "P7D")]]


def test_what_is_closed_meanwhile_is_not_sent(quiet: Store) -> None:
    quiet.silences.end(silence().id, NINE, "desk", "shell")
    close(quiet, "truce", now=NINE)
    found = Counter(context.reminder.kind for one in tick(quiet, NINE) for context in one.contexts)
    assert found == {"before": 1, "closed": 1}


def test_ended_by_hand_it_lets_go_what_it_held(quiet: Store) -> None:
    now = NINE + timedelta(hours=1)
    assert quiet.silences.end(silence().id, now, "desk", "shell") == silence()
    assert told(tick(quiet, now)) == [[("other", "P7D"), ("truce", "P7D")]]
    with pytest.raises(InputError, match="no present silence"):
        quiet.silences.end(silence().id, now, "desk", "shell")


def test_another_silence_goes_on(quiet: Store) -> None:
    later = END + timedelta(days=1)
    quiet.silences.add(silence(later))
    assert tick(quiet, END) == []
    assert len(at_end(quiet, later)) == 1


def test_while_it_lasts_no_digest_waits_for_what_it_holds(quiet: Store) -> None:
    load(quiet, entry("third", "2025-11-13"), now=NINE)
    quiet.silences.end(silence().id, NINE, "desk", "shell")
    quiet.silences.add(silence(key=("truce", "other")))
    assert told(tick(quiet, at("2025-11-06T09:00"))) == [[("third", "P7D")]]


def test_those_of_the_settings_begin_and_end_with_them(store: Store) -> None:
    stated = Silence(match={}, since=NOW, until=END, reason="moving", by="ann", of_settings=True)

    def register(*found: Silence, now: datetime = NOW) -> list[str]:
        with store.database.write() as connection:
            silence_rows.put_silences(connection, found, now)
        return [one.id for one in store.silences.lasting(now)]

    assert register(stated) == register(stated) == [stated.id]
    assert register() == []
    assert register(stated) == [stated.id], "put back"
    store.silences.end(stated.id, NINE, "desk", "shell")
    assert register(stated, now=NINE) == [], "a person has ended it"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (silence(NOW), "must end after it begins"),
        (silence(NOW + timedelta(days=91)), "90 days at most"),
        (silence(NOW - timedelta(days=1), NOW - timedelta(days=2)), "in the future"),
    ],
)
def test_a_silence_has_a_time(found: Silence, why: str) -> None:
    with pytest.raises(InputError, match=why):
        check_silence(found, NOW)
