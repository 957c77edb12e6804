"""People in the store: of the settings and of files, found by planning and by claims."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alerts.core.commitments import Person
from alerts.deadlines.errors import InputError
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests import acting
from tests.factories import NOW, at, change, claim, commitment, entry, load, remind, rule

ANA = Person(key="ana", name="Ana", email="ana@example.org", timezone="Europe/Madrid")
BO = Person(key="bo", name="Bo", email="Bo@example.org")
NINE = at("2025-11-03T09:00")
LEAD = rule(remind=remind(before=("P7D",)), notify=("owner", "mail"))
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=("desk@example.org",))}


def planned(store: Store, *rules: Any, channels: Any = CHANNELS) -> list[tuple[str, str]]:
    store.watches.register(rules or (LEAD,), NOW)
    plan(store, ScheduledRule.all(rules or (LEAD,)), channels, NOW)
    plan(store, ScheduledRule.all(rules or (LEAD,)), channels, NINE)
    return sorted((row["channel"], row["recipient"]) for row in store.ledger.deliveries())


def test_people_of_the_settings_come_and_go_with_them_and_those_of_files_stay(store):
    store.people.register([ANA])
    load(store, people=[BO])
    store.people.register([])
    assert store.people.of_files() == {"bo": BO}
    store.people.register([ANA, BO])
    assert store.people.of_files() == {}
    with pytest.raises(InputError, match="no person has the key 'an'; did you mean 'ana'"):
        acting.add(store, commitment(owner="an"), change())
    acting.add(store, commitment(owner="ana"), change())


def test_a_dry_run_stores_no_people(store):
    load(store, entry(owner="bo"), people=[BO], dry_run=True)
    assert store.people.of_files() == {}


def test_the_owner_is_told_through_the_channel_that_mails_owners(store):
    load(store, entry(owner="ana"), people=[ANA])
    assert planned(store) == [("mail", "ana@example.org"), ("mail", "desk@example.org")]
    claims = {one.recipient: one for one in claim(store, NINE)}
    assert claims["ana@example.org"].zone == "Europe/Madrid"
    assert claims["desk@example.org"].zone is None
    assert claims["desk@example.org"].contexts[0].owner == ANA


def test_an_owner_whom_the_channel_names_too_is_told_once_however_that_is_written(store):
    load(store, entry(owner="bo"), people=[BO])
    channels: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=True, recipients=("bo@EXAMPLE.org",))}
    assert planned(store, channels=channels) == [("mail", "bo@EXAMPLE.org")]


@pytest.mark.parametrize("stated", [{}, {"owner": "nobody"}])
def test_what_has_no_owner_who_is_known_is_told_to_the_others_only(store, stated):
    load(store, entry(**stated), people=[ANA])
    assert planned(store) == [("mail", "desk@example.org")]


def test_a_word_that_there_is_nobody_to_tell_is_recorded_with_the_reason(store):
    load(store, entry())
    assert planned(store, rule(remind=remind(before=("P7D",)), notify=("owner",))) == []
    (word,) = store.ledger.reminders(1)
    assert word["skipped"] == "no recipient"


def test_two_rules_that_mean_the_same_tell_an_owner_once(store):
    load(store, entry(owner="ana"), people=[ANA])
    first = rule("first", remind=remind(before=("P7D",)), notify=("owner",))
    second = rule("second", remind=remind(before=("P7D",)), notify=("owner",))
    assert planned(store, first, second) == [("mail", "ana@example.org")]
    skipped = {word["rule"]: word["skipped"] for word in store.ledger.reminders(1)}
    assert skipped == {"first": None, "second": "already sent by another rule"}


def test_the_owners_of_a_batch_are_found_by_one_query(store, statements):
    load(store, *(entry(f"c{n}", owner="ana" if n % 2 else "bo") for n in range(40)), people=[ANA, BO])
    store.watches.register([LEAD], NOW)
    plan(store, ScheduledRule.all([LEAD]), CHANNELS, NOW)
    with statements() as heard:
        plan(store, ScheduledRule.all([LEAD]), CHANNELS, NINE)
    assert sum("FROM people" in statement for statement, _ in heard) == 1


def test_a_command_with_other_settings_forgets_no_one(store):
    store.people.register([ANA, BO])
    store.people.add([])
    store.people.add([Person(key="cy", name="Cy", email="cy@example.org")])
    load(store, entry(owner="bo"))
    assert ("mail", "Bo@example.org") in planned(store)


def test_an_address_beyond_ascii_reads_in_the_zone_of_its_person(store):
    emile = Person(key="e", name="E", email="Émile@example.org", timezone="Europe/Paris")
    store.people.register([emile])
    load(store, entry(owner="e"))
    planned(store)
    assert {one.recipient: one.zone for one in claim(store, NINE)}["Émile@example.org"] == "Europe/Paris"
