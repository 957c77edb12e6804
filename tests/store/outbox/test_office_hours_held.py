"""Office hours at the claim: what waits until they open, what does not, and that it goes out once."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from alerts.core.deliveries import Delivery, Outcome
from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.core.rules import Unanswered
from alerts.core.summaries import Scope
from alerts.store import Store
from alerts.store.outbox.held_back import ChannelHours
from tests.factories import LEASE, NOW, at, entry, load, move, plan_at, remind, rule

ANN, BO = "ann@example.org", "bo@example.org"
EARLY = rule(cron="0 6 * * *", remind=remind(before=("P7D", "P6D"), on_the_day=True))
SIX, NINE = at("2025-11-03T06:00"), at("2025-11-03T09:00")
OFFICE = OfficeHours(opens=time(9), closes=time(17), days=WEEKDAYS[:5], timezone="UTC")
HOURS = ChannelHours(of=lambda recipient: OFFICE if recipient == ANN else None)


def tick(store: Store, now: datetime, *, register: bool = False, to: tuple[str, ...] = (ANN,)) -> list[Delivery]:
    plan_at(store, now, EARLY, register=register, to=to)
    return store.outbox.claim("mail", now, 100, LEASE, hours=HOURS)


def told(claims: list[Delivery]) -> list[tuple[str, str, str | None]]:
    return [(one.recipient, each.reminder.commitment, each.reminder.offset) for one in claims for each in one.contexts]


def test_what_is_not_critical_waits_until_they_open(store: Store) -> None:
    load(store, entry(), entry("urgent", priority="critical"))
    tick(store, NOW, register=True, to=(ANN, BO))
    found = told(tick(store, SIX, to=(ANN, BO)))
    assert sorted(found) == [(ANN, "urgent", "P7D"), (BO, "truce", "P7D"), (BO, "urgent", "P7D")]
    assert tick(store, NINE - timedelta(seconds=1), to=(ANN, BO)) == []
    assert told(tick(store, NINE, to=(ANN, BO))) == [(ANN, "truce", "P7D")]
    assert tick(store, NINE + timedelta(hours=1), to=(ANN, BO)) == []


def test_an_alert_names_the_time_at_which_the_next_one_goes_out_to_its_reader(store: Store) -> None:
    load(store, entry(), entry("urgent", priority="critical"))
    tick(store, NOW, register=True, to=(ANN, BO))
    found = tick(store, NINE, to=(ANN, BO))
    six, nine = at("2025-11-04T06:00"), at("2025-11-04T09:00")
    named = {(one.recipient, each.tracked.commitment.key, each.next_alert_at) for one in found for each in one.contexts}
    assert named == {(ANN, "truce", nine), (ANN, "urgent", six), (BO, "truce", six), (BO, "urgent", six)}


def test_it_goes_out_early_rather_than_after_the_deadline(store: Store) -> None:
    load(store, entry(deadline="2025-11-09"))  # a Sunday
    tick(store, NOW, register=True)
    tick(store, at("2025-11-04T09:00"))
    (found,) = tick(store, at("2025-11-09T06:00"))
    assert (found.contexts[0].reminder.kind, found.contexts[0].hours_begin) == ("on_the_day", at("2025-11-10T09:00"))
    (row,) = store.ledger.reminders(found.contexts[0].tracked.id)[-1]["deliveries"]
    assert row["hours_begin"] == at("2025-11-10T09:00")


def test_what_goes_out_in_them_or_needs_not_wait_for_them_is_not_marked(store: Store) -> None:
    load(store, entry(deadline="2025-11-09"), entry("urgent", deadline="2025-11-09", priority="critical"))
    tick(store, NOW, register=True)
    found = tick(store, at("2025-11-03T10:00")) + tick(store, at("2025-11-09T06:00"))
    begins = {
        (each.tracked.commitment.key, each.reminder.kind, each.hours_begin) for one in found for each in one.contexts
    }
    assert {one for one in begins if one[2]} == {("truce", "on_the_day", at("2025-11-10T09:00"))}
    assert ("urgent", "on_the_day", None) in begins


def test_of_one_state_the_latest_goes_out_when_they_open(store: Store) -> None:
    load(store, entry(deadline="2025-11-14"))
    tick(store, NOW, register=True)
    assert tick(store, at("2025-11-07T18:00")) == []  # P7D of Friday
    assert tick(store, at("2025-11-08T06:00")) == []  # P6D of Saturday
    assert told(tick(store, at("2025-11-10T09:00"))) == [(ANN, "truce", "P6D")]


def test_a_summary_waits_too(store: Store) -> None:
    mondays = rule("mondays", cron="0 6 * * mon", summary="P30D", remind=remind(before=("P90D",)))
    store.watches.register([mondays], NOW)
    scope = Scope(rule=mondays, firing=SIX)
    store.summaries.put(scope, {("mail", ANN): scope}, SIX)
    assert store.outbox.claim("mail", SIX, 100, LEASE, hours=HOURS) == []
    assert len(store.outbox.claim("mail", NINE, 100, LEASE, hours=HOURS)) == 1


def test_what_has_become_stale_while_it_waited_stands_for_nothing_else(store: Store) -> None:
    asking = rule(cron="0 6 * * *", remind=remind(before=("P7D",), review="P14D", unanswered=Unanswered(after="P1D")))

    def planned(now: datetime) -> list[str]:
        plan_at(store, now, asking, register=True, to=(ANN,))
        claims = store.outbox.claim("mail", now, 100, LEASE, hours=HOURS)
        store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
        return [each.reminder.kind for one in claims for each in one.contexts]

    load(store, entry(deadline="undated"))
    planned(NOW)
    assert planned(at("2025-11-13T09:00")) == ["review"]
    assert planned(at("2025-11-15T06:00")) == []  # a Saturday: nobody has answered, which waits for Monday
    move(store, "truce", "2025-11-20", at("2025-11-16T12:00"))
    assert planned(at("2025-11-17T06:00")) == []
    assert planned(at("2025-11-17T09:00")) == ["before"]
