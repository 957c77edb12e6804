"""What a daemon or a single turn does before it plans: register rules, people, zones and data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from alerts.core.commitments import Person
from alerts.core.liveness import PASS
from alerts.core.registration import Registered, RuleSet
from alerts.process_status import Process
from alerts.recomputing import take_data, take_zone
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store


def set_of(rules: Mapping[str, ScheduledRule], people: Iterable[Person] = (), zone: str | None = None) -> RuleSet:
    """What a process goes by of which only rules, people and the zone matter."""
    return RuleSet(rules={name: scheduled.rule for name, scheduled in rules.items()}, people=tuple(people), zone=zone)


def prepare(
    store: Store,
    rules: Mapping[str, ScheduledRule],
    now: datetime,
    people: Iterable[Person] = (),
    *,
    registered: Registered | None = None,
    real: datetime | None = None,
) -> None:
    """Register the rules and the people of the settings, unless that was done (`registered`), and work out all bounds
    anew where the settings' zone or the data that they rest on have changed.

    `real` is the present, where `now` is not: processes that live say so by that.
    """
    seen_since = (real or now) - timedelta(days=1)
    if registered is None:
        registered = Process(store, "alone", set_of(rules, people, store.zone)).register(now)
    store.ledger.forget_facts(PASS, seen_since)
    store.registrations.forget_processes(seen_since)
    if registered.is_mine:
        take_data(store, now)
        take_zone(store, store.zone, now)
