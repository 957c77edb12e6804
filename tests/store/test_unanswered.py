"""What nobody answers, through the outbox: what counts as sent, who is named, and which watches wake for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from alerts.core.bounce_tokens import SentMail
from alerts.core.commitments import Person, Priority
from alerts.core.deliveries import Delivery, Outcome
from alerts.core.rules import Unanswered
from alerts.core.silences import Silence
from alerts.core.tracked import Snooze
from alerts.store import Store, people, sent_alerts, tables
from tests import acting
from tests.factories import (
    NOW,
    acknowledge,
    at,
    change,
    claim,
    close,
    entry,
    load,
    move,
    plan_at,
    remind,
    rule,
    tracked,
)

ANN = "ann@example.org"
LEADS = rule("leads", remind=remind(before=("P7D",)))
LEAD = rule("lead", cron="0 10 * * *", remind=remind(unanswered=Unanswered(after="P3D")))
BOTH = (LEADS, LEAD)
SENT, DUE = at("2025-11-03T09:00"), at("2025-11-06T10:00")
HOUR = timedelta(hours=1)


def tick(store: Store, now: datetime, *, register: bool = False) -> list[Delivery]:
    plan_at(store, now, *BOTH, register=register, to=(ANN,))
    return claim(store, now)


def record(store: Store, claims: list[Delivery], now: datetime, state: str = "sent") -> None:
    store.outbox.record_outcomes([(one, Outcome(state=state), now, now) for one in claims])  # type: ignore[arg-type]


def kinds(claims: list[Delivery]) -> list[str]:
    return [context.reminder.kind for one in claims for context in one.contexts]


def silence(until: datetime) -> Silence:
    return Silence(match={}, since=SENT + HOUR, until=until, reason="quiet", by="ann")


@pytest.fixture
def alerted(store: Store) -> Store:
    """Have the lead of a week sent to Ann."""
    load(store, entry())
    tick(store, NOW, register=True)
    record(store, tick(store, SENT), SENT)
    return store


def test_three_days_after_it_was_sent_it_is_reported_with_who_got_it(alerted: Store) -> None:
    with alerted.database.write() as connection:
        people.put(connection, [Person(key="ann", name="Ann Lee", email=ANN)], of_settings=True)
    assert tick(alerted, DUE - HOUR) == []
    (found,) = tick(alerted, DUE)
    (context,) = found.contexts
    assert (context.reminder.kind, context.reminder.rule) == ("unanswered", "lead")
    assert [(one.name, one.recipient, one.channel, one.alert.at) for one in context.unanswered] == [
        ("Ann Lee", ANN, "mail", SENT)
    ]


def test_the_watch_wakes_for_it_and_for_nothing_else(alerted: Store) -> None:
    tick(alerted, SENT + HOUR)
    assert alerted.watches.next_alert() == (DUE, "truce")


def test_what_was_not_handed_over_is_no_alert(store: Store) -> None:
    load(store, entry())
    tick(store, NOW, register=True)
    record(store, tick(store, SENT), SENT, state="dead")
    load(store, entry(title="Another title"), now=SENT + HOUR)  # wakes the watch
    assert tick(store, DUE) == []


def test_what_came_back_is_reported_as_unanswered_with_the_reason(store: Store) -> None:
    load(store, entry())
    tick(store, NOW, register=True)
    claims = tick(store, SENT)
    record(store, claims, SENT)
    mail = SentMail(claims[0].id, claims[0].attempt)
    assert store.bounces.record(mail, "no such mailbox (5.1.1)", SENT + HOUR).effect == "bounced"
    assert tick(store, DUE - HOUR) == []
    (context,) = [one for claim in tick(store, DUE) for one in claim.contexts]
    assert context.reminder.kind == "unanswered"
    assert [(one.alert.at, one.bounced) for one in context.unanswered] == [(SENT, "no such mailbox (5.1.1)")]


def test_a_mail_that_comes_back_before_its_outcome_is_recorded_starts_the_report_too(store: Store) -> None:
    load(store, entry())
    tick(store, NOW, register=True)
    claims = tick(store, SENT)
    assert store.bounces.record(SentMail(claims[0].id, claims[0].attempt), "gone", SENT).effect == "bounced"
    record(store, claims, SENT + HOUR)  # a fence has risen since, so that only the attempt is stored
    assert kinds(tick(store, DUE + timedelta(days=1))) == ["unanswered"]


def test_an_answer_given_while_the_report_waits_in_the_outbox_makes_it_stale(alerted: Store) -> None:
    plan_at(alerted, DUE, *BOTH, register=False, to=(ANN,))
    acknowledge(alerted, "truce", now=DUE)
    assert claim(alerted, DUE) == []
    (stale,) = [one for one in alerted.ledger.deliveries() if one["state"] == "superseded"]
    assert stale["last_error"] == "answered meanwhile"


def test_the_snooze_of_one_recipient_is_an_answer(alerted: Store) -> None:
    acting.snooze(alerted, "truce", at("2025-11-09T00:00"), change(SENT + HOUR), recipient="bo@example.org")
    assert tick(alerted, DUE) == []


def test_a_report_to_be_tried_again_goes_out_where_the_next_was_answered_and_the_answer_is_taken_back(
    alerted: Store,
) -> None:
    rules = LEADS, rule("lead", cron="0 10 * * *", remind=remind(unanswered=Unanswered(after="P3D", every="P1D")))
    again, next_day = DUE + timedelta(days=1, minutes=40), DUE + timedelta(days=1)
    plan_at(alerted, DUE, *rules, to=(ANN,))
    failed = Outcome(state="retry", next_at=again, error="nobody answers", late=True)
    alerted.outbox.record_outcomes([(one, failed, DUE, DUE) for one in claim(alerted, DUE)])
    plan_at(alerted, next_day, *rules, register=False, to=(ANN,))
    acting.snooze(alerted, "truce", at("2025-11-09T00:00"), change(next_day), recipient="bo@example.org")
    assert claim(alerted, next_day) == []
    acting.withdraw_answers(alerted, "truce", change(next_day + timedelta(minutes=5)))
    plan_at(alerted, again, *rules, register=False, to=(ANN,))
    assert kinds(claim(alerted, again)) == ["unanswered"]


def test_what_is_closed_is_not_reported(alerted: Store) -> None:
    close(alerted, "truce", now=SENT + HOUR)
    assert tick(alerted, DUE) == []


def test_a_report_is_no_alert_that_waits_for_an_answer(alerted: Store) -> None:
    record(alerted, tick(alerted, DUE), DUE)
    tick(alerted, DUE + HOUR)
    with alerted.database.read() as connection:
        found = sent_alerts.sent_to(connection, {tracked(alerted).id})
    assert [one.alert.at for one in found[tracked(alerted).id]] == [SENT]


def test_one_report_replaces_what_is_due_with_it(store: Store) -> None:
    asked = rule("lead", cron="0 10 * * *", remind=remind(before=("P4D",), unanswered=Unanswered(after="P3D")))
    load(store, entry())
    plan_at(store, NOW, LEADS, asked, to=(ANN,))
    plan_at(store, SENT, LEADS, asked, register=False, to=(ANN,))
    record(store, claim(store, SENT), SENT)
    plan_at(store, DUE, LEADS, asked, register=False, to=(ANN,))
    assert kinds(claim(store, DUE)) == ["unanswered"]


def test_an_occurrence_that_another_rule_has_sent_alerts_of_gets_a_watch(store: Store) -> None:
    load(store, entry(deadline="every FREQ=MONTHLY;BYMONTHDAY=10 from 2025-11-10"))
    tick(store, NOW, register=True)
    record(store, tick(store, SENT), SENT)
    (found,) = tick(store, DUE)
    assert [(one.reminder.kind, one.reminder.occurrence) for one in found.contexts] == [("unanswered", "2025-11-10")]


def test_what_was_sent_wakes_watches_once(alerted: Store) -> None:
    assert sent_alerts.wake_for_sent(alerted.database) == 1
    assert sent_alerts.wake_for_sent(alerted.database) == 0
    assert kinds(tick(alerted, DUE)) == ["unanswered"]


def test_what_another_process_has_locked_wakes_its_watches_the_next_time(postgresql_url: str) -> None:
    one, other = Store(postgresql_url), Store(postgresql_url)
    load(one, entry())
    tick(one, NOW, register=True)
    record(one, tick(one, SENT), SENT)
    with other.database.write() as connection:
        connection.execute(select(tables.commitments.c.id).with_for_update())
        assert sent_alerts.wake_for_sent(one.database) == 0
    assert sent_alerts.wake_for_sent(one.database) == 1
    one.close()
    other.close()


def test_a_snooze_for_everybody_is_an_answer(alerted: Store) -> None:
    acting.snooze(alerted, "truce", at("2025-11-05T00:00"), change(SENT + HOUR), recipient=None)
    assert tracked(alerted).snooze == Snooze(by="desk", at=SENT + HOUR, until=at("2025-11-05T00:00"))
    assert tick(alerted, DUE) == []


def test_a_move_and_a_reopening_begin_anew(alerted: Store) -> None:
    move(alerted, "truce", "2025-12-10", now=SENT + HOUR)
    assert tick(alerted, DUE) == []
    with alerted.database.read() as connection:
        assert sent_alerts.sent_to(connection, {tracked(alerted).id}) == {}


def test_the_alert_of_a_reopening_waits_for_an_answer_also_where_a_move_followed_before_a_tick(store: Store) -> None:
    both = rule("leads", remind=remind(closed=True)), LEAD
    load(store, entry(deadline="2026-01-10"))
    plan_at(store, NOW, *both, to=(ANN,))
    close(store, "truce", now=NOW)
    plan_at(store, NOW + HOUR, *both, register=False, to=(ANN,))
    record(store, claim(store, NOW + HOUR), NOW + HOUR)
    acting.reopen(store, "truce", change(SENT - HOUR))
    move(store, "truce", "2026-02-10", now=SENT - HOUR)
    plan_at(store, SENT, *both, register=False, to=(ANN,))
    sent = claim(store, SENT)
    assert kinds(sent) == ["reopened"]
    record(store, sent, SENT)
    plan_at(store, DUE, *both, register=False, to=(ANN,))
    assert kinds(claim(store, DUE)) == ["unanswered"]


@pytest.mark.parametrize(("priority", "merged"), [("normal", 4), ("critical", 3)])  # one that is critical waits alone
def test_of_the_reports_that_a_silence_has_held_back_the_latest_goes_out(
    store: Store, priority: Priority, merged: int
) -> None:
    every_day = rule("lead", cron="0 10 * * *", remind=remind(unanswered=Unanswered(after="P1D", every="P1D")))
    load(store, entry(deadline="2025-11-08", priority=priority))
    tick(store, NOW, register=True)
    rules = (rule("leads", remind=remind(before=("P5D",))), every_day)
    plan_at(store, SENT, *rules, to=(ANN,))
    record(store, claim(store, SENT), SENT)
    end = at("2025-11-08T10:00")
    store.silences.add(silence(end))
    for day in range(4, 8):
        plan_at(store, at(f"2025-11-0{day}T10:00"), *rules, register=False, to=(ANN,))
        assert kinds(claim(store, at(f"2025-11-0{day}T10:00"))) == []
    plan_at(store, end, *rules, register=False, to=(ANN,))
    (found,) = claim(store, end)
    assert [(one.reminder.kind, one.reminder.send_at) for one in found.contexts] == [("unanswered", end)]
    planned = store.ledger.reminders(tracked(store).id)
    assert sum("merged into" in (one["skipped"] or "") for one in planned) == merged


def test_silence_about_one_that_was_withdrawn_is_not_silence_about_another_of_its_name(store: Store) -> None:
    def turn(when: str) -> list[str]:
        plan_at(store, at(when), early, LEAD, register=True, to=(ANN,))
        claims = claim(store, at(when))
        record(store, claims, at(when))
        return [f"{context.reminder.kind} {context.reminder.occurrence}" for one in claims for context in one.contexts]

    early = rule("leads", remind=remind(before=("P14D",)))
    load(store, entry("check", "every 2 weeks after it was last done from 2025-11-01"), now=at("2025-11-01T08:00"))
    for name, when in (("2025-11-01", "2025-11-02T08:00"), ("2025-11-16", "2025-11-02T08:10")):
        acting.close(store, "check", "fulfilled", change(at(when)), name)
    assert turn("2025-11-03T09:00") == ["before 2025-11-17"]  # it is due on the 16th, too
    acting.reopen(store, "check", change(at("2025-11-03T10:00")), "2025-11-16")
    acting.close(store, "check", "fulfilled", change(at("2025-11-03T11:00")), "2025-11-16")
    assert [turn(f"2025-11-0{day}T10:00") for day in (4, 6, 7)] == [[], [], []]
