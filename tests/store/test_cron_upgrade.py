"""A database of the version before whose watches wait for a firing that standard cron does not have."""

from __future__ import annotations

from importlib import import_module

import pytest
from sqlalchemy import update

from alerts.store import Store, planning_tables
from tests.factories import at, entry, load, plan_at, remind, rule

NEW_YORK = "America/New_York"
NIGHT = rule(cron="30 2 * * *", timezone=NEW_YORK, remind=remind(before=("P7D",)))
BEFORE, LOOKED, OLD = at("2025-03-01T00:00"), at("2025-03-09T07:10"), at("2025-03-09T07:30")  # now it fires at 07:00
look_behind = import_module("alerts.store.migrations.versions.0010_channels").look_behind


def waits(store: Store) -> None:
    """Leave the watch as the version before did: it has looked after 03:00, and waits for 03:30."""
    load(store, entry(deadline=f"2025-03-16T01:50[{NEW_YORK}]"), now=BEFORE)
    plan_at(store, BEFORE, NIGHT)
    with store.database.write() as connection:
        connection.execute(update(planning_tables.watches).values(cursor=LOOKED, next_at=OLD))


@pytest.mark.parametrize(("upgraded", "told"), [(False, 0), (True, 1)])
def test_what_waited_for_it_is_not_lost(store, upgraded, told):
    waits(store)
    if upgraded:
        with store.database.write() as connection:
            look_behind(connection)
    assert plan_at(store, OLD, NIGHT, register=False) == told


def test_what_was_told_at_it_is_not_told_again(store):
    waits(store)
    with store.database.write() as connection:
        look_behind(connection)
    plan_at(store, OLD, NIGHT, register=False)
    with store.database.write() as connection:
        connection.execute(update(planning_tables.watches).values(changed=True, next_at=OLD))
    assert plan_at(store, OLD, NIGHT, register=False) == 0


def test_watches_that_wait_at_no_gap_are_left_alone(store):
    waits(store)
    with store.database.write() as connection:
        connection.execute(
            update(planning_tables.watches).values(cursor=at("2025-03-12T06:00"), next_at=at("2025-03-12T06:30"))
        )
        look_behind(connection)
        assert connection.execute(planning_tables.watches.select()).one().changed is False
