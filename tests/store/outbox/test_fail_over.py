"""Relief: what does not get through is told elsewhere, once when it is late and once when it is dead."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update

from alerts.clock import utc_now
from alerts.core.deliveries import Outcome
from alerts.failure_handling import handle_failures
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, tables
from tests.factories import NOW, at, claim, close, entries, entry, load, message, plan_at, remind, rule

D = delivery_tables.deliveries
NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), fallback="chat", digest=False)
DEAD = Outcome(state="dead", error="550 no such user")
LATE = Outcome(state="retry", next_at=NINE + timedelta(hours=2), error="refused", late=True, channel="out")
CHANNELS: Any = {
    "mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=("desk@example.org",)),
    "chat": SimpleNamespace(one_at_a_time=False, default=False, recipients=("",)),
    "ops": SimpleNamespace(one_at_a_time=False, default=False, recipients=("ops@example.org", "night@example.org")),
}


def due(store: Store, count: int = 1, *rules: Any) -> None:
    load(store, *(entries(count) if count > 1 else [entry()]))
    plan_at(store, NOW, *(rules or (LEAD,)))
    assert plan_at(store, NINE, *(rules or (LEAD,))) == count


def end(store: Store, outcome: Outcome, now: datetime = NINE) -> None:
    store.outbox.record_outcomes([(one, outcome, now, now) for one in claim(store, now)])


def relief(store: Store, *rules: Any, operators: tuple[str, ...] = ("ops",), now: datetime = NINE) -> int:
    return handle_failures(store, ScheduledRule.all(rules or (LEAD,)), CHANNELS, operators, now)


def states(store: Store) -> list[tuple[str, str, str]]:
    return sorted((one["channel"], one["recipient"], one["state"]) for one in store.ledger.deliveries())


OPERATORS = [("ops", "night@example.org", "pending"), ("ops", "ops@example.org", "pending")]


def test_what_is_dead_goes_to_the_fallback_and_the_operators_hear_of_it(store):
    due(store)
    end(store, DEAD)
    assert relief(store) == 1
    assert states(store) == [("chat", "", "pending"), ("mail", "desk@example.org", "dead"), *OPERATORS]
    (chat,) = claim(store, NINE, channel="chat")
    assert [told.reminder.kind for told in chat.contexts] == ["before"]
    assert chat.fallback_for is not None
    assert (chat.fallback_for.channel, chat.fallback_for.error) == ("mail", "550 no such user")
    notice = claim(store, NINE, channel="ops")[0].notice
    assert notice is not None
    (failure,) = notice.failures
    assert (failure.state, failure.error, failure.about, failure.fallback_channels) == (
        "dead", "550 no such user", ("truce before",), ("chat",)
    )  # fmt: skip


def test_it_is_told_once(store):
    due(store)
    end(store, DEAD)
    assert [relief(store), relief(store)] == [1, 0]
    assert len(states(store)) == 4


def test_what_is_late_is_told_elsewhere_while_tries_go_on_and_its_death_is_told_again(store):
    due(store)
    hour = NINE + timedelta(hours=1)
    end(store, LATE)
    assert relief(store, now=hour) == 1
    assert ("mail", "desk@example.org", "retry") in states(store)
    later = NINE + timedelta(hours=2)
    end(store, LATE, later)
    assert relief(store, now=later) == 0
    end(store, DEAD, later)
    assert relief(store, now=later) == 1
    assert [one[:2] for one in states(store)].count(("chat", "")) == 1  # the words are there already
    assert [one[:2] for one in states(store)].count(("ops", "ops@example.org")) == 2


def test_a_fallback_that_is_told_anyway_is_not_told_twice(store):
    both = rule(remind=remind(before=("P7D",)), notify=("mail", "chat"), fallback="chat")
    load(store, entry())
    store.watches.register([both], NOW)
    plan(store, ScheduledRule.all([both]), CHANNELS, NINE)
    end(store, DEAD)
    relief(store, both)
    assert [one for one in states(store) if one[0] == "chat"] == [("chat", "", "pending")]
    (chat,) = claim(store, NINE, channel="chat")
    assert chat.fallback_for is None


def test_a_fallback_that_fails_is_told_to_the_operators_only(store):
    due(store)
    end(store, DEAD)
    relief(store, operators=())
    store.outbox.record_outcomes([(one, DEAD, NINE, NINE) for one in claim(store, NINE, channel="chat")])
    assert relief(store) == 1
    assert [one[0] for one in states(store)] == ["chat", "mail", "ops", "ops"]


def test_a_notice_that_fails_makes_no_other(store):
    due(store)
    end(store, DEAD)
    relief(store)
    store.outbox.record_outcomes([(one, DEAD, NINE, NINE) for one in claim(store, NINE, channel="ops")])
    assert relief(store) == 0


def test_without_fallback_and_operators_it_is_only_shown(store):
    lone = rule(remind=remind(before=("P7D",)))
    due(store, 1, lone)
    end(store, DEAD)
    assert relief(store, lone, operators=()) == 1
    assert states(store) == [("mail", "desk@example.org", "dead")]


def test_a_word_that_is_overtaken_goes_to_no_fallback(store):
    due(store)
    end(store, DEAD)
    close(store, "truce", now=NINE)
    relief(store)
    assert claim(store, NINE, channel="chat") == []


def test_many_that_fail_together_are_one_notice(store):
    due(store, 70)
    end(store, DEAD)
    assert relief(store) == 70
    assert sum(one[0] == "chat" for one in states(store)) == 70
    (first, _) = claim(store, NINE, channel="ops")
    assert first.notice is not None
    assert (len(first.notice.failures), first.notice.more) == (50, 20)


def test_a_template_that_fails_is_told_to_the_operators_and_nothing_to_the_fallback(store):
    due(store)
    (one,) = claim(store, NINE)
    store.outbox.keep({one.id: (one.fence, message(), "template email/reminder.txt: line 3: no such thing")})
    store.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE)])
    assert relief(store) == 1
    assert states(store) == [("mail", "desk@example.org", "sent"), *OPERATORS]
    notice = claim(store, NINE, channel="ops")[0].notice
    assert notice is not None
    assert notice.failures[0].error.startswith("template email/reminder.txt")


@pytest.mark.parametrize(
    ("hours", "days", "state", "told"), [(0, 0, "pending", 0), (1, 0, "pending", 3), (0, 8, "dead", 3)]
)
def test_what_waits_behind_a_channel_that_is_out_fares_as_what_is_tried(store, hours, days, state, told):
    due(store, 3)
    now = NINE + timedelta(hours=hours, days=days)
    assert store.outbox.note_outage("mail", "refused", now) is bool(told)
    assert {one[2] for one in states(store)} == {state}
    assert relief(store, now=now) == told


def test_tries_go_on_until_the_deadline_has_passed_however_old(store):
    due(store)  # on 10 November
    store.outbox.note_outage("mail", "refused", NINE + timedelta(days=7))
    assert states(store) == [("mail", "desk@example.org", "pending")]


def test_a_retry_by_hand_that_fails_is_told_again(store):
    due(store)
    end(store, DEAD)
    relief(store)
    (dead,) = store.ledger.deliveries("dead")
    store.ledger.retry(str(dead["id"]), NINE)
    end(store, DEAD)
    assert relief(store) == 1
    assert [one[:2] for one in states(store)].count(("ops", "ops@example.org")) == 2


def test_a_delivery_of_which_the_data_are_broken_holds_up_no_other(store):
    due(store, 3)
    with store.database.write() as connection:
        first = connection.execute(select(tables.commitments.c.id).limit(1)).scalar_one()
        broken = update(tables.commitments).where(tables.commitments.c.id == first)
        connection.execute(broken.values(bounds={"first": "no such thing"}))
    assert len(claim(store, NINE)) == 2
    (put_off,) = [one for one in store.ledger.deliveries() if one["state"] == "retry"]
    assert put_off["last_error"].startswith("cannot be read: ")
    assert put_off["next_at"] == NINE + timedelta(seconds=5)


def test_what_a_clock_that_was_ahead_put_off_is_due(store):
    due(store)
    end(store, Outcome(state="retry", next_at=NINE + timedelta(days=2), error="421"))
    assert len(claim(store, NINE)) == 1


def test_a_lease_of_a_clock_that_was_ahead_has_ended(store):
    due(store)
    (one,) = claim(store, NINE)
    with store.database.write() as connection:
        connection.execute(update(D).values(lease_until=utc_now() + timedelta(days=2)))
    (again,) = claim(store, NINE)
    assert (again.id, again.fence) == (one.id, 2)


def test_what_is_in_flight_is_not_claimed_again_when_the_clock_is_put_on(store):
    due(store)
    (one,) = claim(store, NINE)
    with store.database.write() as connection:
        connection.execute(update(D).values(lease_until=NOW))
    assert store.outbox.claim("mail", NINE, 9, timedelta(minutes=1), [one.id]) == []


def test_a_template_that_failed_hides_no_lateness(store):
    due(store)
    (one,) = claim(store, NINE)
    store.outbox.keep({one.id: (one.fence, message(), "template x: line 3: oh")})
    assert relief(store) == 1
    store.outbox.record_outcomes([(one, LATE, NINE, NINE)])
    assert relief(store) == 1
    assert ("chat", "", "pending") in states(store)


@pytest.mark.parametrize("column", ["notice", "fallback_for", "payload"])
def test_a_delivery_of_another_version_holds_up_no_other(store, column):
    due(store, 3)
    with store.database.write() as connection:
        one = connection.execute(select(D.c.id).limit(1)).scalar_one()
        connection.execute(update(D).where(D.c.id == one).values({column: {"unknown": "to us"}}))
    assert len(claim(store, NINE)) == 2
    (put_off,) = [row for row in store.ledger.deliveries() if row["state"] == "retry"]
    assert put_off["last_error"].startswith("cannot be read: ")


def test_a_word_that_was_tried_and_overtaken_is_told_elsewhere(store):
    both = rule(remind=remind(before=("P7D", "P6D")), fallback="chat", digest=False)
    due(store, 1, both)
    end(store, Outcome(state="retry", next_at=NINE, error="450 not now"))
    next_day = NINE + timedelta(days=1)
    plan_at(store, next_day, both)
    assert [one.contexts[0].reminder.offset for one in claim(store, next_day)] == ["P6D"]
    assert relief(store, both, now=next_day) == 1
    assert ("chat", "", "pending") in states(store)


def test_an_alert_of_another_rule_that_was_planned_later_goes_to_the_fallback_too(store):
    friday = at("2025-11-07T09:00")
    often, fridays = (
        rule(name, cron=cron, remind=remind(before=(lead,)), fallback="chat", digest=False)
        for name, cron, lead in (("often", "0 9 * * *", "P4D"), ("fridays", "0 9 * * fri", "P7D"))
    )
    load(store, entry())
    for now in (NOW, at("2025-11-06T09:00"), friday):
        plan_at(store, now, often, fridays)
    end(store, DEAD, friday)
    relief(store, often, fridays, now=friday)
    found = [one.contexts[0].reminder.offset for one in claim(store, friday, channel="chat")]
    assert sorted(found) == ["P4D", "P7D"]


def test_what_waits_on_a_channel_that_nobody_has_is_told_to_the_operators_after_an_hour(store):
    gone = rule(remind=remind(before=("P7D",)), notify=("renamed",))
    load(store, entry())
    store.watches.register([gone], NOW)
    plan(
        store,
        ScheduledRule.all([gone]),
        {"renamed": SimpleNamespace(one_at_a_time=False, default=False, recipients=("",))},
        NINE,
    )  # type: ignore[dict-item]
    assert relief(store, gone, now=NINE) == 0
    assert relief(store, gone, now=NINE + timedelta(minutes=59)) == 0
    assert relief(store, gone, now=NINE + timedelta(hours=1)) == 1
    assert relief(store, gone, now=NINE + timedelta(hours=2)) == 0


def test_what_has_got_through_meanwhile_is_no_trouble_any_more(store):
    due(store)
    store.outbox.note_outage("mail", "refused", NINE + timedelta(hours=1))
    end(store, Outcome(state="sent"), NINE + timedelta(hours=1))
    relief(store, now=NINE + timedelta(hours=1))
    assert states(store) == [("mail", "desk@example.org", "sent")]


def test_two_recipients_who_fail_with_the_same_words_are_told_instead_once_and_both_notices_say_so(store):
    load(store, entry())
    plan_at(store, NOW, LEAD)
    assert plan_at(store, NINE, LEAD, to=("a@example.org", "b@example.org")) == 2
    end(store, DEAD)
    assert relief(store) == 2
    assert [one for one in states(store) if one[0] == "chat"] == [("chat", "", "pending")]
    notice = claim(store, NINE, channel="ops")[0].notice
    assert notice is not None
    assert [one.fallback_channels for one in notice.failures] == [("chat",), ("chat",)]
