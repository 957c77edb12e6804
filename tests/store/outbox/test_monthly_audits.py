"""The first summary of each rule in a month states what the audit of the month before comes to."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from alerts.core.audited_months import AuditedMonth, month_before, month_bounds
from alerts.core.deliveries import Outcome
from alerts.core.rules import Remind, Rule
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, tables
from alerts.views.audit_export import AuditExport, csv_pieces
from alerts.views.monthly_audits import MonthlyAudits
from tests.factories import at, claim, entries, load, move, plan_at, remind, rule

ZONE = "Europe/Brussels"
CHANNELS: Any = {
    "mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=("desk@example.org", "ops@example.org"))
}
DAY = timedelta(days=1)
FIRST = at("2025-11-01T09:00")
LEAD = rule("lead", remind=remind(before=("P7D",)), notify=("lead",), digest=False)


def sums(name: str = "daily", cron: str = "0 9 * * *") -> Rule:
    return rule(name, remind=Remind(), summary="P30D", cron=cron)


def turn(store: Store, now: datetime, *rules: Rule) -> None:
    audits = MonthlyAudits(store.database, ZONE, frozenset())
    plan(store, ScheduledRule.all(rules), CHANNELS, now, audit=audits.find)


def stated(store: Store, now: datetime, *rules: Rule) -> set[AuditedMonth | None]:
    """Plan, and return what the new summaries state."""
    turn(store, now, *rules)
    claimed = claim(store, now)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claimed])
    return {one.summary.audit for one in claimed if one.summary}


def octets(store: Store, first: date) -> bytes:
    since, until = month_bounds(first, ZONE)
    export = AuditExport(database=store.database, since=since, until=until, zone=ZONE, shared=frozenset())
    return b"".join(csv_pieces(export.lines()))


@pytest.fixture
def october(store: Store) -> Store:
    """Return a store in which something was recorded in October."""
    load(store, *entries(3, "2025-11-20"), now=at("2025-10-20T09:00"))
    store.watches.register([sums()], at("2025-10-20T09:00"))
    turn(store, at("2025-10-31T09:00"), sums())
    claimed = claim(store, at("2025-10-31T09:00"))
    store.outbox.record_outcomes([(one, Outcome(state="sent"), FIRST - DAY, FIRST - DAY) for one in claimed])
    assert {one.summary.audit for one in claimed if one.summary} == {None}  # nothing was there in September
    return store


def test_the_first_of_a_month_states_the_month_before_and_the_second_does_not(october: Store) -> None:
    expected = hashlib.sha256(octets(october, date(2025, 10, 1))).hexdigest()
    assert stated(october, FIRST, sums()) == {AuditedMonth(first=date(2025, 10, 1), zone=ZONE, sha256=expected)}
    assert stated(october, FIRST + DAY, sums()) == {None}
    (november,) = stated(october, at("2025-12-01T09:00"), sums())
    assert november
    assert november.sha256 == hashlib.sha256(octets(october, date(2025, 11, 1))).hexdigest() != expected


def test_one_that_did_not_get_out_leaves_it_to_the_next(october: Store) -> None:
    turn(october, FIRST, sums())  # its channel is down until the next summary makes it stale
    (month,) = stated(october, FIRST + DAY, sums())
    assert month
    assert month.first == date(2025, 10, 1)
    assert [row["state"] for row in october.ledger.deliveries()].count("superseded") == 2
    assert stated(october, FIRST + 2 * DAY, sums()) == {None}


def test_a_new_installation_states_no_month(store: Store) -> None:
    load(store, *entries(3, "2025-11-20"), now=FIRST - timedelta(minutes=1))
    store.watches.register([sums()], FIRST - timedelta(minutes=1))
    assert stated(store, FIRST, sums()) == {None}
    (november,) = stated(store, at("2025-12-01T09:00"), sums())
    assert november
    assert november.first == date(2025, 11, 1)


def test_each_rule_states_what_was_worked_out_once(october: Store) -> None:
    october.watches.register([sums(), sums("weekly", "0 9 * * MON")], FIRST - DAY)
    first = stated(october, FIRST, sums())
    with october.database.write() as connection:
        connection.execute(update(tables.revisions).values(recorded_by="mallory"))
    both = stated(october, at("2025-11-03T09:00"), sums(), sums("weekly", "0 9 * * MON"))
    assert both == first | {None}


def change_revision(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(update(tables.revisions).where(tables.revisions.c.number == 1).values(recorded_by="mallory"))


def change_recipient(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(update(delivery_tables.deliveries).values(recipient="mallory@example.org"))


def change_time(store: Store) -> None:
    attempts = delivery_tables.attempts
    with store.database.write() as connection:
        connection.execute(update(attempts).values(ended_at=FIRST - 2 * DAY))


def drop_revision(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(tables.revisions.delete().where(tables.revisions.c.commitment_id == 1))


@pytest.mark.parametrize("change", [change_revision, change_recipient, change_time, drop_revision])
def test_whatever_is_changed_later_no_longer_comes_to_what_was_stated(
    october: Store, change: Callable[[Store], None]
) -> None:
    (month,) = stated(october, FIRST, sums())
    assert month
    change(october)
    assert hashlib.sha256(octets(october, date(2025, 10, 1))).hexdigest() != month.sha256


def test_what_is_recorded_and_sent_later_leaves_it_as_it_was(october: Store) -> None:
    (month,) = stated(october, FIRST, sums())
    assert month
    move(october, "c00000", "2025-12-20", FIRST + DAY)
    stated(october, FIRST + DAY, sums())
    assert hashlib.sha256(octets(october, date(2025, 10, 1))).hexdigest() == month.sha256


def test_messages_that_may_be_tried_again_are_counted(october: Store) -> None:
    eve = at("2025-10-31T22:30")  # half an hour before the month ends in Brussels
    load(october, *entries(5, "2025-11-07"), now=eve - timedelta(hours=2))
    lead = rule("lead", remind=remind(before=("P7D",)), digest=False)
    october.watches.register([sums(), lead], eve - timedelta(hours=2))
    plan_at(october, eve, sums(), lead)
    retried, *sent = claim(october, eve)
    later = Outcome(state="retry", error="busy", next_at=at("2025-11-05T09:00"))
    october.outbox.record_outcomes(
        [(retried, later, eve, eve), *((one, Outcome(state="sent"), eve, eve) for one in sent)]
    )
    (month,) = stated(october, FIRST, sums())
    assert month
    assert month.unfinished == 1


@pytest.mark.parametrize(
    ("firing", "first"),
    [
        ("2025-11-01T09:00", date(2025, 10, 1)),
        ("2025-10-31T23:00", date(2025, 9, 1)),  # midnight in Brussels: what was just sent may not be recorded yet
        ("2025-10-31T23:59", date(2025, 9, 1)),
        ("2025-11-01T00:00", date(2025, 10, 1)),
        ("2026-01-01T09:00", date(2025, 12, 1)),
    ],
)
def test_a_month_is_stated_once_it_was_over_for_an_hour(firing: str, first: date) -> None:
    assert month_before(at(firing), ZONE) == first


def test_what_a_clock_stated_that_was_ahead_is_worked_out_anew(october: Store) -> None:
    audits = MonthlyAudits(october.database, ZONE, frozenset())
    assert audits.find("daily", at("2025-12-01T09:00"), at("2025-12-01T09:00")) is None  # nothing was in it yet
    move(october, "c00000", "2025-12-20", FIRST + DAY)
    right = audits.find("daily", at("2025-12-01T09:00"), at("2025-12-01T08:59"))
    assert right
    assert right.sha256 == hashlib.sha256(octets(october, date(2025, 11, 1))).hexdigest()


def test_replicas_that_work_it_out_at_once_state_the_same(replicas: list[Store], together: Any) -> None:
    load(replicas[0], *entries(3, "2025-11-20"), now=at("2025-10-20T09:00"))
    finders = [MonthlyAudits(one.database, ZONE, frozenset()).find for one in replicas]
    months = together(*(lambda one=one: one("daily", FIRST, FIRST) for one in finders))
    assert months[0]
    assert len(set(months)) == 1


def test_a_month_that_cannot_be_read_holds_up_no_summary(october: Store, caplog: pytest.LogCaptureFixture) -> None:
    with october.database.write() as connection:
        connection.execute(update(tables.revisions).values(proof="a later release"))
    with caplog.at_level(logging.ERROR):
        assert stated(october, FIRST, sums()) == {None}
    assert "the summary of rule daily does not state it" in caplog.text
    with october.database.write() as connection:
        connection.execute(update(tables.revisions).values(proof="shell"))
    (month,) = stated(october, FIRST + DAY, sums())
    assert month
