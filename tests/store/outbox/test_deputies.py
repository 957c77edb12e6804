"""Who gets what goes to people who are away or have left: decided at the claim, once for each, and never lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from alerts.core.absences import Absence
from alerts.core.commitments import Person
from alerts.core.deliveries import Delivery, Outcome
from alerts.core.delivery_failures import DeliveryFailure, Notice, notice_id
from alerts.core.envelopes import Routes
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from alerts.store.new_deliveries import new_delivery
from alerts.store.outbox import enqueue
from alerts.store.outbox.reach import ServedRecipients
from tests import acting
from tests.factories import LEASE, NOW, acknowledge, at, change, close, entry, load, move, remind, rule

ANA = Person(key="ana", name="Ana Lopez", email="ana@example.org", timezone="Europe/Madrid")
BO = Person(key="bo", name="Bo", email="Bo@example.org")
CY = Person(key="cy", name="Cy", email="cy@example.org")
NINE = at("2025-11-03T09:00")  # a week before the truce ends
BACK = at("2025-11-05T23:00")  # midnight in Madrid
LEAD = rule(remind=remind(before=("P7D", "P4D"), moved=True, closed=True), notify=("owner",))
OPERATORS = Routes(recipients={"ops": ("desk@example.org",)})


def people(store: Store, *some: Person) -> None:
    store.people.register(some)


def away(store: Store, who: str, to: str | None = None, start: Any = NINE, end: Any = BACK) -> None:
    absence = Absence(person=who, starts_at=start, ends_at=end, zone="Europe/Madrid", deputy=to, recorded_by="desk")
    store.absences.record(absence, NOW, "shell")


def planned(store: Store, now: Any = NINE, *rules: Any, to: Sequence[str] = ()) -> None:
    rules = rules or (LEAD,)
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=tuple(to))}
    for when in (NOW, now):
        store.watches.register(rules, when)
        plan(store, ScheduledRule.all(rules), channels, when)


def claim(store: Store, now: Any = NINE, channel: str = "mail", **more: Any) -> list[Delivery]:
    """Claim until nothing is left, as a worker does: what goes to deputies is claimed next."""
    served = ServedRecipients(recipients=more.pop("recipients", ()), owners=True) if channel == "mail" else None
    found: list[Delivery] = []
    while some := store.outbox.claim(
        channel, now, 100, LEASE, **({"served": served} if served else {}) | {"operators": OPERATORS} | more
    ):
        found += some
    return found


def sent(store: Store, now: Any = NINE, **more: Any) -> list[tuple[str, tuple[str, ...], str]]:
    """What goes out: to whom, about what, and for whom."""
    claims = claim(store, now, **more)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
    return sorted(
        (
            one.recipient,
            tuple(f"{each.reminder.commitment} {each.reminder.kind}" for each in one.contexts),
            " ".join(
                f"{absent.name}:{absent.back_at:%d}" if absent.back_at else absent.name for absent in one.on_behalf_of
            ),
        )
        for one in claims
    )


def states(store: Store) -> list[tuple[str, str, str | None]]:
    rows = store.ledger.deliveries()
    return sorted((row["recipient"], row["state"], row["last_error"]) for row in rows)


ANAS = ("ana@example.org", ("truce before",), "")
BOS = ("Bo@example.org", ("truce before",), "Ana Lopez:05")


@pytest.fixture
def owned(store: Store) -> Store:
    people(store, replace(ANA, deputy="bo"), BO, CY)
    load(store, entry(owner="ana"))
    return store


def test_what_goes_to_somebody_who_is_away_goes_to_the_deputy_too(owned):
    away(owned, "ana")
    planned(owned)
    assert sent(owned) == [BOS, ANAS]
    assert sent(owned) == []


def test_the_deputy_of_an_absence_goes_before_that_of_the_settings(owned):
    away(owned, "ana", "cy")
    planned(owned)
    assert [one for one, _, _ in sent(owned)] == ["ana@example.org", "cy@example.org"]


@pytest.mark.parametrize(
    ("start", "end", "is_away"),
    [
        (NINE, BACK, True),
        (NINE + timedelta(seconds=1), BACK, False),
        (NOW, NINE, False),
        (NOW, NINE + timedelta(seconds=1), True),
    ],
)
def test_an_absence_begins_with_its_first_instant_and_is_over_at_its_end(owned, start, end, is_away):
    away(owned, "ana", start=start, end=end)
    planned(owned)
    assert len(sent(owned)) == 1 + is_away


def test_a_clock_that_steps_over_an_absence_and_back_repeats_and_loses_nothing(owned):
    away(owned, "ana", end=NINE + timedelta(hours=1))
    planned(owned)
    assert sent(owned, NINE + timedelta(hours=2)) == [ANAS]
    move(owned, "truce", "2025-11-20", now=NINE)
    planned(owned)
    assert [to for to, _, _ in sent(owned)] == ["Bo@example.org", "ana@example.org"]
    assert [sent(owned, NINE + timedelta(hours=hours)) for hours in (2, -2, 0)] == [[], [], []]


def test_what_waits_when_an_absence_begins_goes_to_the_deputy_and_after_its_end_it_does_not(owned):
    planned(owned)
    (one,) = claim(owned)
    failed = Outcome(state="retry", next_at=NINE + timedelta(minutes=1), error="no")
    owned.outbox.record_outcomes([(one, failed, NINE, NINE)])
    away(owned, "ana", start=NINE + timedelta(seconds=30), end=NINE + timedelta(hours=1))
    assert [to for to, _, _ in sent(owned, NINE + timedelta(minutes=1))] == ["Bo@example.org", "ana@example.org"]
    move(owned, "truce", "2025-11-20", now=NINE + timedelta(hours=1))
    planned(owned, NINE + timedelta(hours=1))
    assert [to for to, _, _ in sent(owned, NINE + timedelta(hours=1))] == ["ana@example.org"]


def test_an_absence_that_is_ended_is_over_from_then_on(owned):
    away(owned, "ana")
    planned(owned)
    (was,) = owned.absences.end("ana", NINE, "desk", "shell")
    assert was.ends_at == BACK
    assert sent(owned) == [ANAS]


def test_what_goes_to_somebody_who_has_left_goes_to_the_deputy_alone_what_waited_too(owned):
    planned(owned)
    people(owned, replace(ANA, deputy="bo", left_at=NINE), BO, CY)
    assert sent(owned) == [("Bo@example.org", ("truce before",), "Ana Lopez")]
    assert states(owned) == [
        ("Bo@example.org", "sent", None),
        ("ana@example.org", "superseded", "Ana Lopez has left: sent to Bo@example.org"),
    ]


def test_what_is_tried_again_after_somebody_has_left_goes_to_the_deputy_alone(owned):
    planned(owned)
    (one,) = claim(owned)
    failed = Outcome(state="retry", next_at=NINE + timedelta(minutes=1), error="no")
    owned.outbox.record_outcomes([(one, failed, NINE, NINE)])
    people(owned, replace(ANA, deputy="bo", left_at=NINE + timedelta(seconds=30)), BO, CY)
    assert [to for to, _, _ in sent(owned, NINE + timedelta(minutes=1))] == ["Bo@example.org"]
    assert [state for _, state, _ in states(owned)] == ["sent", "superseded"]


def test_the_operators_get_it_where_somebody_has_left_without_a_deputy(owned):
    planned(owned)
    people(owned, replace(ANA, left_at=NINE), BO, CY)
    assert sent(owned) == []
    assert sent(owned, channel="ops") == [("desk@example.org", ("truce before",), "Ana Lopez")]


def test_it_has_failed_where_there_are_no_operators_either_or_they_have_left(owned):
    people(owned, replace(ANA, left_at=NINE), replace(BO, left_at=NINE), CY)
    planned(owned)
    assert sent(owned, operators=Routes(recipients={"ops": ("bo@example.org",)})) == []
    assert states(owned) == [
        ("ana@example.org", "dead", "Ana Lopez has left, and there is no deputy: name one in `people`")
    ]
    assert [len(batch.deliveries) for batch in owned.failure_batches()] == [1]


def test_an_operator_that_takes_one_alert_at_a_time_gets_each_by_itself_and_no_summary(owned):
    load(owned, entry("other", owner="ana"))
    digest = replace(LEAD, digest=True)
    people(owned, replace(ANA, left_at=NINE), BO)
    planned(owned, NINE, digest)
    pager = Routes(recipients={"ops": ("desk@example.org",)}, one_at_a_time={"ops"})
    assert sent(owned, operators=pager) == []
    assert [about for _, about, _ in sent(owned, channel="ops")] == [("other before",), ("truce before",)]


def test_the_alerts_of_a_deputy_who_is_away_or_has_left_go_on_to_theirs(owned):
    people(owned, replace(ANA, deputy="bo"), replace(BO, deputy="cy"), CY)
    away(owned, "ana")
    away(owned, "bo")
    planned(owned)
    chain = "Ana Lopez:05 Bo:05"
    assert sent(owned) == [BOS, ANAS, ("cy@example.org", ("truce before",), chain)]
    people(owned, replace(ANA, deputy="bo"), replace(BO, deputy="cy", left_at=NINE), CY)
    move(owned, "truce", "2025-11-20", now=NINE)
    planned(owned)
    assert [one[::2] for one in sent(owned)] == [("ana@example.org", ""), ("cy@example.org", "Ana Lopez:05 Bo")]


def test_a_deputy_who_goes_away_before_it_is_sent_passes_it_on(owned):
    people(owned, replace(ANA, deputy="bo"), replace(BO, deputy="cy"), CY)
    away(owned, "ana")
    planned(owned)
    owned.outbox.claim("mail", NINE, 1, LEASE)  # writes it down for the deputy
    away(owned, "bo", start=NINE + timedelta(seconds=1))
    later = NINE + timedelta(seconds=1)
    assert [one[::2] for one in sent(owned, later)] == [
        ("Bo@example.org", "Ana Lopez:05"),
        ("cy@example.org", "Ana Lopez:05 Bo:05"),
    ]


def test_a_deputy_who_gets_it_anyway_gets_it_once_however_the_address_is_written(owned):
    away(owned, "ana")
    planned(owned, NINE, replace(LEAD, notify=("owner", "mail")), to=["BO@example.org"])
    assert [one[::2] for one in sent(owned, recipients=("BO@example.org",))] == [
        ("BO@example.org", ""),
        ("ana@example.org", ""),
    ]


def test_a_mailbox_that_somebody_else_reads_as_well_still_gets_it(owned):
    shared = replace(BO, email=ANA.email.upper())
    people(owned, replace(ANA, deputy="cy", left_at=NINE), shared, CY)
    planned(owned)
    assert sent(owned) == [ANAS, ("cy@example.org", ("truce before",), "Ana Lopez")]


def test_a_deputy_with_the_same_mailbox_reads_it_there(owned):
    people(owned, replace(ANA, deputy="bo", left_at=NINE), replace(BO, email="ANA@example.org"))
    planned(owned)
    assert sent(owned) == [ANAS]


def test_of_a_shared_mailbox_each_gets_what_is_theirs_passed_on(owned):
    load(owned, entry("other", owner="bo"))
    people(owned, replace(ANA, deputy="cy"), replace(BO, email=ANA.email), CY)
    away(owned, "ana")
    planned(owned, NINE, replace(LEAD, digest=True))
    assert [one[:2] for one in sent(owned)] == [
        ("ana@example.org", ("other before", "truce before")),
        ("cy@example.org", ("truce before",)),
    ]


def test_what_no_longer_holds_goes_to_nobody(owned):
    people(owned, replace(ANA, deputy="bo", left_at=NINE), BO)
    planned(owned)
    close(owned, "truce", now=NINE)
    assert sent(owned) == []
    assert [state for _, state, _ in states(owned)] == ["superseded"]


@pytest.mark.parametrize("has_left", [False, True])
def test_an_alert_of_another_rule_that_was_planned_later_goes_to_the_deputy_too(owned, has_left):
    friday = at("2025-11-07T09:00")
    often, fridays = (
        rule(name, cron=cron, remind=remind(before=(lead,)), notify=("owner",))
        for name, cron, lead in (("often", "0 9 * * *", "P4D"), ("fridays", "0 9 * * fri", "P7D"))
    )
    planned(owned, at("2025-11-06T09:00"), often, fridays)  # that of four days before, which nothing can be sent of
    planned(owned, friday, often, fridays)  # that of a week before, which comes only on Fridays
    people(owned, replace(ANA, deputy="bo", left_at=friday if has_left else None), BO, CY)
    away(owned, "ana", start=friday, end=friday + timedelta(days=1))
    got = [one for one, _, _ in sent(owned, friday)]
    assert got == ["Bo@example.org"] * 2 + ["ana@example.org"] * (0 if has_left else 2)


def test_what_the_owner_has_snoozed_for_themselves_goes_to_the_deputy_at_once(owned):
    away(owned, "ana")
    acting.snooze(owned, "truce", at("2025-11-06T00:00"), change(), recipient="ana@example.org")
    planned(owned)
    assert sent(owned) == [BOS]
    assert sent(owned, at("2025-11-06T09:00")) == [ANAS]


def test_what_is_snoozed_for_everybody_waits_for_the_deputy_too(owned):
    away(owned, "ana", end=at("2025-11-07T00:00"))
    planned(owned)
    acting.snooze(owned, "truce", at("2025-11-04T00:00"), change(NINE), recipient=None)
    assert sent(owned) == []
    assert sent(owned, at("2025-11-04T12:00")) == [("Bo@example.org", ("truce before",), "Ana Lopez:07"), ANAS]


def test_what_is_snoozed_for_everybody_goes_to_no_deputy_whose_time_is_over_by_then(owned):
    away(owned, "ana", end=at("2025-11-04T00:00"))
    planned(owned)
    acting.snooze(owned, "truce", at("2025-11-04T00:00"), change(NINE), recipient=None)
    assert sent(owned) == []
    assert sent(owned, at("2025-11-04T12:00")) == [ANAS]


def test_what_a_deputy_has_of_two_owners_who_are_away_names_both(owned):
    people(owned, replace(ANA, deputy="bo"), BO, replace(CY, email=ANA.email, deputy="bo"))
    load(owned, entry("other", owner="cy"))
    away(owned, "ana")
    away(owned, "cy")
    planned(owned, NINE, replace(LEAD, digest=True))
    assert sent(owned)[0] == ("Bo@example.org", ("other before", "truce before"), "Cy:05 Ana Lopez:05")


def test_the_summary_of_an_owner_goes_to_the_deputy_whose_own_comes_too(owned):
    load(owned, entry("other", owner="bo"))
    weekly = rule("weekly", remind=remind(before=()), summary="P30D", notify=("owner",))
    away(owned, "ana")
    planned(owned, NINE, weekly)
    found = claim(owned)
    assert sorted((one.recipient, one.summary.owners, len(one.on_behalf_of)) for one in found if one.summary) == [
        ("Bo@example.org", ("ana",), 1),
        ("Bo@example.org", ("bo",), 0),
        ("ana@example.org", ("ana",), 0),
    ]


def test_a_notice_to_an_operator_who_has_left_goes_to_the_deputy_and_else_still_there(owned):
    failures = (DeliveryFailure(id=notice_id("a", "b", ()), channel="mail", recipient="x", state="dead", error="no"),)

    def notice(about: tuple[DeliveryFailure, ...]) -> None:
        row = new_delivery(notice_id("mail", ANA.email, about), "mail", ANA.email, NINE)
        with owned.database.write() as connection:
            enqueue.put_deliveries(connection, [row | {"notice": Notice(failures=about).to_json()}])

    people(owned, replace(ANA, deputy="bo", left_at=NINE), BO)
    notice(failures)
    assert [(one.recipient, bool(one.notice)) for one in claim(owned)] == [("Bo@example.org", True)]
    people(owned, replace(ANA, left_at=NINE), BO)
    notice((replace(failures[0], state="retry"),))
    assert [one.recipient for one in claim(owned, operators=Routes(recipients={}))] == ["ana@example.org"]


def test_a_channel_that_does_not_mail_owners_sends_to_the_deputies_of_those_it_names(owned):
    listed = replace(LEAD, notify=("mail",))
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=("ana@example.org",))}
    away(owned, "ana")
    for when in (NOW, NINE):
        owned.watches.register((listed,), when)
        plan(owned, ScheduledRule.all((listed,)), channels, when)
    served = ServedRecipients(recipients=("ana@example.org",))
    assert sent(owned, served=served) == [BOS, ANAS]


def test_an_acknowledgement_by_the_deputy_silences_both(owned):
    away(owned, "ana", end=at("2025-12-01"))
    late = rule("late", remind=remind(overdue=rule().remind.overdue), notify=("owner",))
    planned(owned, at("2025-11-11T09:00"), late)
    acknowledge(owned, "truce", now=at("2025-11-11T08:59"))
    assert sent(owned, at("2025-11-11T09:00")) == []


def test_three_replicas_send_each_alert_once_to_each(replicas, together):
    first = replicas[0]
    people(first, replace(ANA, deputy="bo"), BO)
    load(first, *(entry(f"c{number}", owner="ana") for number in range(12)))
    away(first, "ana")
    planned(first, NINE, replace(LEAD, digest=False))
    found = [one for some in together(*(lambda one=one: claim(one) for one in replicas)) for one in some]
    about = sorted((one.recipient, one.contexts[0].reminder.commitment) for one in found)
    assert about == sorted((to, f"c{number}") for to in (ANA.email, BO.email) for number in range(12))
