"""What a deputy's copy has is read while the alert is taken, in no transaction that writes: what changes by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import time
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from alerts.core.absences import Absence
from alerts.core.deliveries import Delivery, Outcome
from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables
from alerts.store.database import Database
from alerts.store.outbox import claim as claims
from alerts.store.outbox import set_aside
from alerts.store.outbox.held_back import ANY_TIME, ChannelHours
from alerts.store.outbox.reach import ServedRecipients
from tests import acting
from tests.factories import LEASE, NOW, at, change, close, entry, load, remind, rule
from tests.store.outbox.boundaries import ANA, BO

NINE, LATER, BACK = at("2025-11-03T09:00"), at("2025-11-03T09:05"), at("2025-12-01")
SCHEDULED = ScheduledRule.all([rule(remind=remind(before=("P7D",), on_the_day=True), notify=("owner",), digest=True)])
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=())}
D, LINKS = delivery_tables.deliveries, delivery_tables.delivery_reminders
Act = Callable[[Store], object]


@pytest.fixture
def away(store: Store) -> Store:
    """A digest of two for Ana, who is away, is due; Bo is her deputy."""
    store.people.register([ANA, BO])
    store.absences.record(
        Absence(person="ana", starts_at=NOW, ends_at=BACK, zone="UTC", recorded_by="desk"), NOW, "shell"
    )
    load(store, entry(owner="ana"), entry("other", owner="ana"))
    store.watches.register([one.rule for one in SCHEDULED.values()], NOW)
    plan(store, SCHEDULED, CHANNELS, NINE)
    return store


@pytest.fixture
def once_read(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen after contents were first read, and before anything is made of them."""

    def watch(act: Callable[[], object]) -> None:
        def read_claims(*arguments: Any) -> Any:
            found = original(*arguments)
            monkeypatch.undo()
            act()
            return found

        original = claims.read_claims
        monkeypatch.setattr(claims, "read_claims", read_claims)

    return watch


def claimed(store: Store, hours: ChannelHours = ANY_TIME) -> list[Delivery]:
    served = ServedRecipients(recipients=(), owners=True)
    found = store.outbox.claim("mail", LATER, 100, LEASE, served=served, hours=hours)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), LATER, LATER) for one in found])
    return found


def sent(store: Store, hours: ChannelHours = ANY_TIME) -> list[tuple[str, list[str], int]]:
    """Return what is sent: to whom, about what, in which attempt."""
    found: list[Delivery] = []
    while some := claimed(store, hours):
        found += some
    return [(one.recipient, sorted(each.reminder.commitment for each in one.contexts), one.attempt) for one in found]


OWN, COPY = (ANA.email, ["other", "truce"], 1), (BO.email, ["other", "truce"], 1)


def test_they_are_read_once_and_in_no_transaction_that_writes(away: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def carried(*arguments: Any) -> Any:
        read.append(len(writing))
        return original(*arguments)

    @contextmanager
    def write(database: Database) -> Iterator[Any]:
        with begin(database) as connection:
            writing.append(1)
            yield connection
        writing.pop()

    read, writing, original, begin = list[int](), list[int](), set_aside.carried, Database.write
    monkeypatch.setattr(set_aside, "carried", carried)
    monkeypatch.setattr(Database, "write", write)
    assert sent(away) == [OWN, COPY]
    assert read == [0, 0]  # hers, and the copy


def test_of_an_absence_that_is_ended_by_then_there_is_no_copy(away: Store, once_read: Any) -> None:
    once_read(lambda: away.absences.end("ana", LATER, "desk", "shell"))
    assert sent(away) == [OWN]


def test_what_is_closed_by_then_is_too_late_for_the_alert_and_its_copy_is_not_sent(away: Store, once_read: Any) -> None:
    once_read(lambda: [close(away, key, "withdrawn") for key in ("truce", "other")])
    assert sent(away) == [OWN]


def take_over(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(update(D).values(fence=D.c.fence + 1))


def dismiss(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(update(D).values(state="dismissed", lease_until=None, ended_at=LATER, next_at=None))


@pytest.mark.parametrize("act", [take_over, dismiss])
def test_what_another_process_has_taken_over_by_then_is_left_to_it(away: Store, once_read: Any, act: Act) -> None:
    once_read(lambda: act(away))
    assert claimed(away) == []
    with away.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(D)).scalar() == 1, "it has no copy"


@pytest.mark.parametrize("error", [KeyboardInterrupt, InterruptedError])
def test_after_a_kill_or_an_error_each_gets_it_once_and_that_was_no_attempt(
    away: Store, once_read: Any, error: type[BaseException]
) -> None:
    def end() -> None:
        raise error

    once_read(end)
    with pytest.raises(error):
        claimed(away)
    if error is KeyboardInterrupt:
        away.outbox.free_leases()  # as the next daemon does
    assert sent(away) == [OWN, COPY]


def test_what_is_held_in_part_is_read_again_and_the_copy_has_all(away: Store) -> None:
    acting.snooze(away, "truce", at("2025-11-05"), change(LATER), recipient=ANA.email)
    assert sent(away) == [(ANA.email, ["other"], 1), COPY]


def test_what_goes_out_before_office_hours_says_so_though_its_reader_is_away(away: Store) -> None:
    load(away, *(replace(entry(key, "2025-11-03", owner="ana")) for key in ("truce", "other")))
    plan(away, SCHEDULED, CHANNELS, LATER)
    hours = OfficeHours(opens=time(10), closes=None, days=WEEKDAYS[1:], timezone="UTC")
    found = claimed(away, ChannelHours(of=lambda _: hours))
    assert {one.hours_begin for claim in found if claim.recipient == ANA.email for one in claim.contexts} == {
        at("2025-11-04T10:00")
    }
