"""Snoozes in the store: held at the claim, for one or for all, and let go; what an upgrade makes of answers."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Table, TableClause, column, insert, select, table, text

from alerts.core.commitments import Person
from alerts.core.deliveries import Outcome
from alerts.core.rules import Overdue
from alerts.core.summaries import Scope
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store, delivery_tables, planning_tables, tables
from alerts.store.database import MIGRATIONS, Database
from tests import acting
from tests.factories import NOW, at, change, claim, close, entry, load, move, plan_at, remind, rule, tracked

ANN, BO = "ann@example.org", "bo@example.org"
NINE = at("2025-11-03T09:00")  # a week before the truce ends
LEADS = rule(remind=remind(before=("P7D", "P5D"), on_the_day=True, moved=True, closed=True), digest=True)
UNTIL = at("2025-11-06T00:00")


def snooze(store, key="truce", until=UNTIL, recipient=None, now=NOW):
    acting.snooze(store, key, until, change(now), recipient=recipient)


def told(store, now):
    """What is claimed at a time, by recipient: each key with the offset that it is told with."""
    return sorted(
        (one.recipient, tuple((word.reminder.commitment, word.reminder.offset) for word in one.contexts))
        for one in claim(store, now)
    )


def mark_all(store, now):
    done = [(one, Outcome(state="sent", remote="250 ok"), now, now) for one in claim(store, now)]
    store.outbox.record_outcomes(done)
    return len(done)


@pytest.fixture
def planned(store):
    load(store, entry(), entry("other"))
    plan_at(store, NOW, LEADS, to=(ANN, BO))
    return store


def test_what_one_has_snoozed_waits_and_the_rest_of_the_digest_goes(planned):
    snooze(planned, recipient=ANN.upper())
    plan_at(planned, NINE, LEADS, register=False, to=(ANN, BO))
    both = (("other", "P7D"), ("truce", "P7D"))
    found = [(who, tuple(sorted(words))) for who, words in told(planned, NINE)]
    assert found == [(ANN, (("other", "P7D"),)), (BO, both)]


def test_at_the_end_the_latest_goes_and_the_others_are_superseded(planned):
    snooze(planned, recipient=ANN)
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    assert mark_all(planned, NINE) == 1
    later = at("2025-11-05T09:00")
    plan_at(planned, later, LEADS, register=False, to=(ANN,))
    assert mark_all(planned, later) == 1
    assert claim(planned, UNTIL - timedelta(seconds=1)) == []
    assert planned.outbox.pause("mail", later) == UNTIL - later
    assert told(planned, UNTIL) == [(ANN, (("truce", "P5D"),))]
    states = [one["state"] for one in planned.ledger.deliveries()]
    assert sorted(states) == ["leased", "sent", "sent", "superseded"]


def test_what_is_held_is_neither_stuck_nor_late_nor_given_up(planned):
    snooze(planned, recipient=ANN)
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    mark_all(planned, NINE)
    assert planned.ledger.stuck(UNTIL) == 0
    assert not planned.outbox.note_outage("mail", "down", UNTIL - timedelta(hours=1))
    (one,) = claim(planned, UNTIL)
    assert one.first_due == UNTIL


def test_at_a_firing_where_ones_own_snooze_ends_only_the_later_reminder_goes_out(planned):
    fifth = at("2025-11-05T09:00")
    snooze(planned, recipient=ANN, until=fifth)
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    told(planned, NINE)
    assert told(planned, fifth) == [], "the planner has not come to it yet"
    plan_at(planned, fifth, LEADS, register=False, to=(ANN,))
    found = told(planned, fifth + timedelta(seconds=6))
    assert found == [(ANN, (("other", "P5D"), ("truce", "P5D")))]


def test_behind_a_channel_that_is_out_what_one_has_snoozed_is_not_dead_when_its_time_is_over(planned):
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    end = at("2025-11-20T00:00")
    acting.snooze(planned, "truce", end, change(NINE), recipient=ANN, past_due=True)
    later = at("2025-11-12T09:00")
    assert planned.outbox.note_outage("mail", "down", later)  # of the other one
    assert sorted(one["state"] for one in planned.ledger.deliveries()) == ["dead", "pending"]
    assert claim(planned, end - timedelta(seconds=1)) == []
    assert told(planned, end) == [(ANN, (("truce", "P7D"),))]


def test_behind_a_channel_that_is_out_what_all_have_snoozed_is_not_late(planned):
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    for key in ("truce", "other"):
        snooze(planned, key, now=NINE + timedelta(minutes=1))
    assert not planned.outbox.note_outage("mail", "down", NINE + timedelta(hours=2))
    assert [one["failure_level"] for one in planned.ledger.deliveries()] == [0]


def test_what_waits_is_held_by_a_snooze_for_everybody(planned):
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    snooze(planned, now=NINE + timedelta(minutes=1))
    assert told(planned, NINE + timedelta(minutes=2)) == [(ANN, (("other", "P7D"),))]
    end = at("2025-11-06T09:00")  # the rule's first firing after it
    plan_at(planned, end, LEADS, register=False, to=(ANN,))
    assert ("truce", "P5D") in [word for _, words in told(planned, end) for word in words]
    assert [one["state"] for one in planned.ledger.deliveries()].count("superseded") == 1


def test_while_everybody_snoozes_nothing_is_planned_and_then_the_latest(planned):
    snooze(planned)
    for day in ("2025-11-03T09:00", "2025-11-05T09:00"):
        plan_at(planned, at(day), LEADS, register=False, to=(ANN,))
        assert told(planned, at(day)) == [(ANN, (("other", "P7D" if "03" in day[8:10] else "P5D"),))]
    plan_at(planned, at("2025-11-06T09:00"), LEADS, register=False, to=(ANN,))
    assert told(planned, at("2025-11-06T09:00")) == [(ANN, (("truce", "P5D"),))]


@pytest.mark.parametrize("held", [True, False])
def test_where_the_next_firing_is_hours_after_the_end_the_later_word_is_planned_first(planned, held):
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    snooze(planned, until=at("2025-11-05T18:00"), now=NINE + timedelta(minutes=1))
    first = NINE + timedelta(minutes=2) if held else at("2025-11-05T20:00")  # else nothing was tried until then
    assert told(planned, first) == [(ANN, (("other", "P7D"),))]
    end = at("2025-11-06T09:00")
    assert ("truce", "P7D") not in [word for _, words in told(planned, end) for word in words]
    plan_at(planned, end, LEADS, register=False, to=(ANN,))
    found = [word for _, words in told(planned, end + timedelta(seconds=6)) for word in words]
    assert [offset for key, offset in found if key == "truce"] == ["P5D"]


def test_what_was_held_waits_for_the_later_word_while_that_is_gathered_for_a_digest(planned, monkeypatch):
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    for key in ("truce", "other"):
        snooze(planned, key, now=NINE + timedelta(minutes=1))
    assert claim(planned, NINE + timedelta(minutes=2)) == []
    monkeypatch.setattr("alerts.store.claimed_watches.CHUNK", 1)
    end, found = at("2025-11-06T09:00"), []
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=(ANN,))}

    def worker():
        found.append(told(planned, end + timedelta(seconds=6 * (len(found) + 1))))

    plan(planned, ScheduledRule.all([LEADS]), channels, end, on_batch=worker)
    ((who, words),) = [one for some in found for one in some]
    assert (who, sorted(words)) == (ANN, [("other", "P5D"), ("truce", "P5D")])


@pytest.mark.parametrize(
    "end",
    [
        lambda store, now: acting.withdraw_answers(store, "truce", change(now)),
        lambda store, now: move(store, "truce", "2025-11-20", now),
        lambda store, now: close(store, "truce", now=now),
    ],
    ids=["taken back", "moved", "closed"],
)
def test_what_ends_a_snooze_lets_go_what_it_held(planned, end):
    snooze(planned, recipient=ANN)
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    mark_all(planned, NINE)
    later = NINE + timedelta(hours=1)
    assert claim(planned, later) == []
    end(planned, later)
    claim(planned, later)
    assert "pending" not in [one["state"] for one in planned.ledger.deliveries()]


def test_what_was_set_apart_comes_as_soon_as_its_snooze_is_taken_back(planned):
    plan_at(planned, NINE, LEADS, register=False, to=(ANN,))
    snooze(planned, recipient=ANN, now=NINE)
    assert told(planned, NINE) == [(ANN, (("other", "P7D"),))]
    later = NINE + timedelta(minutes=5)
    acting.withdraw_answers(planned, "truce", change(later))
    assert told(planned, later) == [(ANN, (("truce", "P7D"),))]


def test_it_is_a_revision_and_what_is_not_answered_cannot_be_taken_back(planned):
    with pytest.raises(InputError, match="neither acknowledged nor snoozed"):
        acting.withdraw_answers(planned, "truce", change(NOW))
    snooze(planned)
    assert acting.withdraw_answers(planned, "truce", change(NOW)) == [
        ("truce", "", ["the snooze of desk for everybody"])
    ]
    history = planned.ledger.history(tracked(planned).id)
    assert [(one.what, one.detail) for one in history][1:] == [
        ("snoozed", "until 2025-11-06T00:00Z for everybody"),
        ("unacknowledged", "the snooze of desk for everybody"),
    ]


OLD = 600  # more than a batch
LATE = rule(remind=remind(before=(), on_the_day=False, opens=False, moved=False, closed=False, overdue=Overdue()))


def test_many_acknowledgements_of_an_older_version_end_a_week_after_the_upgrade(empty_url):
    _old_database(empty_url)
    store = Store(empty_url)
    upgraded = store.ledger.facts()["answers upgraded"].at
    ends = upgraded + timedelta(days=7)
    with store.database.read() as connection:
        rows = connection.execute(
            text("select acknowledged_stage, count(*) from occurrences group by acknowledged_stage")
        ).all()
        until = connection.execute(select(tables.occurrences.c.acknowledged_until).distinct()).scalars().all()
    assert (rows, until) == ([("overdue", OLD)], [ends])
    assert store.commitments.graced() == (OLD, ends)
    assert plan_at(store, upgraded, LATE, register=False) == 0  # no flood
    assert plan_at(store, ends - timedelta(days=1), LATE, register=False) == 0
    assert plan_at(store, ends + timedelta(days=1), LATE, register=False) > 0  # and no silence
    with store.database.read() as connection:
        links, reminders = delivery_tables.delivery_reminders, planning_tables.reminders
        told = select(reminders.c.commitment_id).distinct().join(links, links.c.reminder_id == reminders.c.id)
        assert len(connection.execute(told).all()) == OLD
    store.close()


def _with_marks(of: Table) -> TableClause:
    """A table as it was while fingerprints were called marks."""
    return table(of.name, *(column("mark" if one.name == "fingerprint" else one.name, one.type) for one in of.c))


def _old_database(url: str) -> None:
    """A database of version 0006 in which what was due a year ago was acknowledged before.

    Its watches had nothing more to say, so they sleep without an end.
    """
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    bounds = resolve(parse("2025-01-10"), ZoneChoice("UTC"), {})
    recorded, seen = at("2025-01-01T00:00"), at("2025-01-03T00:00")
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        stated = {
            "title": "Old", "deadline": "2025-01-10", "kind": "obligation", "priority": "normal", "status": "open",
            "by": [], "to": [], "tags": [], "calendars": [], "roll": "none", "assumptions": [],
            "bounds": bounds.to_json(), "earliest": bounds.earliest, "latest": bounds.latest,
            "mark": bounds.fingerprint, "bounds_version": 1, "revision": 1, "recorded_at": recorded,
        }  # fmt: skip
        ids = range(1, OLD + 1)
        connection.execute(
            insert(_with_marks(tables.commitments)), [{"id": n, "key": f"old{n:04}", **stated} for n in ids]
        )
        registered = {"name": LATE.name, "hash": LATE.hash, "spec": LATE.to_json(), "registered_at": recorded}
        connection.execute(insert(planning_tables.rules), registered)
        asleep = {"rule": LATE.name, "occurrence": "", "since": recorded, "cursor": seen, "mark": bounds.fingerprint,
                  "revision": 2, "changed": False}  # fmt: skip
        connection.execute(insert(_with_marks(planning_tables.watches)), [{"commitment_id": n, **asleep} for n in ids])
        answered = {"acknowledged_by": "ann", "acknowledged_at": seen}
        old = tables.occurrences.c
        columns = [{"commitment_id": n, "occurrence": "", **answered} for n in ids]
        names = [old[name] for name in ("commitment_id", "occurrence", "acknowledged_by", "acknowledged_at")]
        sql = ", ".join(column.name for column in names)
        marks = ", ".join(f":{column.name}" for column in names)
        connection.execute(
            text(f"insert into occurrences ({sql}) values ({marks})"),  # names of columns
            [{**row, "acknowledged_at": _as_stored(row["acknowledged_at"], database)} for row in columns],
        )
    database.close()


def _as_stored(when, database):
    return when.strftime("%Y-%m-%d %H:%M:%S.%f") if database.sqlite else when


def test_a_snooze_that_is_over_is_not_there_to_be_taken_back(planned):
    snooze(planned, recipient=ANN)
    with pytest.raises(InputError, match="neither acknowledged nor snoozed"):
        acting.withdraw_answers(planned, "truce", change(UNTIL))


def test_a_snooze_for_one_is_with_what_others_are_told_and_names_the_person(planned):
    planned.people.register([Person(key="ann", name="Ann Lee", email="Ann@example.org")])
    snooze(planned, recipient=ANN)
    plan_at(planned, NINE, LEADS, register=False, to=(BO,))
    found = {
        one.tracked.commitment.key: one.snoozes for (claimed,) in [claim(planned, NINE)] for one in claimed.contexts
    }
    (mine,) = found["truce"]
    assert (mine.name, mine.recipient, mine.until, found["other"]) == ("Ann Lee", ANN, UNTIL, ())


def test_a_summary_names_snoozes_for_one(planned):
    snooze(planned, recipient=ANN)
    monthly = rule(summary="P30D", remind=remind(before=()))
    _, told_of = planned.summaries.gather(Scope(rule=monthly, firing=NINE), NINE)
    assert {one.tracked.commitment.key: [each.recipient for each in one.snoozes] for one in told_of} == {
        "truce": [ANN],
        "other": [],
    }
