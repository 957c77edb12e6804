"""What a delivery carries is read after its lease: what changes in between counts, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts.core.absences import Absence
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, tables
from alerts.store.calendar_uids import INSTALLATION
from alerts.store.outbox import claim as claims
from alerts.store.outbox import contents, set_aside
from tests.factories import NOW, acknowledge, at, claim, close, entry, load, move, plan_at, remind, rule
from tests.store.outbox.boundaries import ANA, BO, CHANNELS, Received, hand_over

NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)))
D = delivery_tables.deliveries
Meanwhile = Callable[[Any, str, Callable[[], object]], None]


@pytest.fixture
def pending(sqlite_url: str) -> Iterator[Store]:
    """A store with one delivery that is due at NINE."""
    store = Store(sqlite_url)
    load(store, entry(), now=NOW)
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD) == 1
    yield store
    store.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let something happen before a function is called for the first time."""

    def watch(module: Any, name: str, act: Callable[[], object]) -> None:
        original, left = getattr(module, name), [act]

        def called(*arguments: Any) -> Any:
            if left:
                left.pop()()
            return original(*arguments)

        monkeypatch.setattr(module, name, called)

    return watch


def states(store: Store) -> list[tuple[str, str | None, int, datetime | None]]:
    with store.database.read() as connection:
        return [
            tuple(one) for one in connection.execute(select(D.c.state, D.c.last_error, D.c.attempts, D.c.lease_until))
        ]


def take_over(store: Store) -> None:
    """Claim it as another process does whose clock says that the lease is over."""
    with store.database.write() as connection:
        connection.execute(update(D).values(fence=D.c.fence + 1, attempts=D.c.attempts + 1))


CHANGES: dict[str, tuple[Callable[[Store], object], str]] = {
    "moved": (lambda store: move(store, "truce", "2025-12-10"), "moved meanwhile"),
    "closed": (lambda store: close(store, "truce", "withdrawn"), "closed meanwhile (withdrawn)"),
}


@pytest.mark.parametrize(("act", "reason"), CHANGES.values(), ids=list(CHANGES))
def test_what_no_longer_holds_once_it_is_leased_is_superseded_and_was_no_attempt(
    pending: Store, meanwhile: Meanwhile, act: Callable[[Store], object], reason: str
) -> None:
    meanwhile(claims, "read_leased", lambda: act(pending))
    assert claim(pending, NINE) == []
    assert states(pending) == [("superseded", reason, 0, None)]


def test_what_is_answered_once_it_is_leased_says_so(pending: Store, meanwhile: Meanwhile) -> None:
    meanwhile(claims, "read_leased", lambda: acknowledge(pending, "truce", now=NINE))
    [one] = claim(pending, NINE)
    [told] = one.contexts
    assert told.tracked.acknowledged is not None
    assert told.tracked.acknowledged.by == "desk"


def test_an_alert_whose_copy_is_sent_goes_out_though_a_later_one_is_planned_and_that_goes_to_both(
    sqlite_url: str, meanwhile: Meanwhile
) -> None:
    desk, later = rule(remind=remind(before=("P7D", "P3D")), notify=("owner",)), at("2025-11-07T09:00")
    store = Store(sqlite_url)
    store.people.register([ANA, BO])
    absence = Absence(person="ana", starts_at=NOW, ends_at=at("2025-12-01"), zone="UTC", recorded_by="desk")
    store.absences.record(absence, NOW, "shell")
    load(store, entry(owner="ana"), now=NOW)
    store.watches.register([desk], NOW)
    assert plan(store, ScheduledRule.all([desk]), CHANNELS, NINE) == 1
    copied: list[Received] = []

    def send_the_copy_and_plan_again() -> None:
        copied.extend(hand_over(store, later))
        plan(store, ScheduledRule.all([desk]), CHANNELS, later)

    meanwhile(claims, "read_leased", send_the_copy_and_plan_again)
    found = hand_over(store, later)
    store.close()
    assert [(one.recipient, one.alert[2], one.is_copy) for one in copied] == [(BO.email, at("2025-11-03"), True)]
    assert [(one.recipient, one.alert[2], one.is_copy) for one in found] == [
        (ANA.email, at("2025-11-03"), False),
        (ANA.email, at("2025-11-07"), False),
        (BO.email, at("2025-11-07"), True),
    ]


def test_what_another_process_has_taken_over_meanwhile_is_left_to_it(pending: Store, meanwhile: Meanwhile) -> None:
    close(pending, "truce", "withdrawn")
    meanwhile(set_aside, "unsent_row", lambda: take_over(pending))
    assert claim(pending, NINE) == []
    [(state, error, attempts, lease)] = states(pending)
    assert (state, error, attempts) == ("leased", None, 2)
    assert lease is not None


def test_what_cannot_be_read_is_given_back_and_was_no_attempt(pending: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise InterruptedError

    with monkeypatch.context() as broken:
        broken.setattr(claims, "read_leased", fail)
        with pytest.raises(InterruptedError):
            claim(pending, NINE)
    [one] = claim(pending, NINE)
    assert (one.attempt, one.fence) == (1, 2)


def test_the_name_of_the_installation_is_there_before_contents_are_only_read(
    pending: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def entries(connection: Any, about: Any) -> Any:
        known.append(connection.scalar(select(tables.meta.c.name).where(tables.meta.c.name == INSTALLATION)))
        return original(connection, about)

    known, original = list[str | None](), contents.entries
    monkeypatch.setattr(contents, "entries", entries)
    assert claim(pending, NINE)
    assert known == [INSTALLATION]
