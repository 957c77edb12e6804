"""Indexes: what a tick asks for is found by those that hold only what is due, however much is tracked."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from sqlalchemy import text

from alerts.core.deliveries import Outcome
from alerts.store import Store, delivery_listing
from alerts.store.channel_traffic import channel_traffic
from alerts.store.delivery_listing import list_deliveries_before
from alerts.store.matched_facts import keys_of, matched_groups
from alerts.views.date_warnings import MAY_SKIP
from tests.factories import NOW, at, claim, entries, load, plan_at, rule

NINE = at("2025-11-03T09:00")
RULES = (rule(), rule("other"))
ONE_SECOND = [
    ("watches", "ix_watches_next_at", lambda store: plan_at(store, NINE, *RULES, register=False)),
    ("watches", "ix_watches_next_at", lambda store: store.watches.next_alert()),
    ("commitments", "ix_commitments_changed", lambda store: plan_at(store, NOW, *RULES, register=False)),
    ("deliveries", "ix_deliveries_open", lambda store: claim(store, NINE)),
    ("deliveries", "ix_deliveries_open", lambda store: store.outbox.pause("mail", NINE)),
    ("deliveries", "ix_deliveries_open", lambda store: store.ledger.stuck(NINE)),
]
IDS = ["plan", "next_word", "settle", "claim", "outbox.next_at", "stuck"]


@pytest.mark.parametrize(("table", "index", "act"), ONE_SECOND, ids=IDS)
def test_a_tick_looks_only_at_the_index_of_what_is_due(sqlite_url, statements, table, index, act):
    """A search by rule or by channel would touch all that there ever was."""
    store = Store(sqlite_url)
    load(store, *entries(60))
    plan_at(store, NOW, *RULES)
    if table == "deliveries":
        plan_at(store, NINE, *RULES, register=False)
    with statements() as heard:
        act(store)
    ways = [way for way in _ways(store, heard) if way.split()[1] == table and "INTEGER PRIMARY KEY" not in way]
    asked = [way for way in ways if "sqlite_autoindex" not in way]  # by its key: only what was found by an index before
    assert asked
    assert [way for way in asked if index not in way and "ix_commitments_unlisted" not in way] == []
    store.close()


def test_an_idle_tick_scans_no_table_whatever_the_statistics_say(sqlite_url, statements):
    """Where all rows have the same value in a column, SQLite takes an index of it for useless, also to find none."""
    store = Store(sqlite_url)
    load(store, *entries(600))
    plan_at(store, NOW, *RULES)
    with store.database.write() as connection:
        connection.execute(text("ANALYZE"))
    with statements() as heard:
        plan_at(store, NOW, *RULES, register=False)
    assert [
        way for way in _ways(store, heard) if way.startswith("SCAN") and way.split()[1] in ("commitments", "watches")
    ] == []
    store.close()


def test_a_tick_finds_what_was_sent_since_by_an_index(sqlite_url, statements):
    """Each tick read all deliveries that were kept."""
    store = Store(sqlite_url)
    load(store, *entries(60))
    plan_at(store, NOW, *RULES)
    plan_at(store, NINE, *RULES, register=False)
    with store.database.write() as connection:
        connection.execute(text("ANALYZE"))
    sent = claim(store, NINE)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), NINE, NINE) for one in sent])
    with statements() as heard:
        plan_at(store, NINE, *RULES, register=False)
    scans = [way for way in _ways(store, heard) if way.startswith("SCAN deliveries")]
    assert scans
    assert [way for way in scans if not way.endswith("INDEX ix_deliveries_unseen")] == []
    store.close()


def count_by_state(store: Store) -> None:
    with store.database.read() as connection:
        delivery_listing.count_by_state(connection)


LATEST = [
    lambda store: store.ledger.deliveries(None, 100),
    lambda store: store.ledger.deliveries("sent", 100),
    lambda store: store.ledger.deliveries("pending", 100),
    lambda store: list_deliveries_before(store.database, None, 100, (NOW, UUID(int=0))),
    count_by_state,
    lambda store: channel_traffic(store.database, ["mail"]),
]


@pytest.mark.parametrize("ask", LATEST, ids=["all", "sent", "pending", "before", "counts", "traffic"])
def test_pages_read_the_latest_deliveries_without_all_that_were_ever_made(sqlite_url, statements, ask):
    """With 100,000 of them a page took a third of a second of the processor, most of it to read their messages."""
    store = Store(sqlite_url)
    load(store, *entries(60))
    plan_at(store, NINE, *RULES)
    with statements() as heard:
        ask(store)
    ways = [way for way in _ways(store, heard) if way.split()[1] == "deliveries"]
    assert ways
    assert [way for way in ways if "USING" not in way] == []
    assert any("ix_deliveries_created_at" in way for way in ways)
    store.close()


def keys_of_all(store: Store) -> None:
    keys_of(store.database, matched_groups(store.database, []))


COUNTED = [
    (lambda store: list(matched_groups(store.database, [])), "USING COVERING INDEX ix_commitments_matched"),
    (lambda store: list(matched_groups(store.database, ["c1"])), "USING COVERING INDEX ix_commitments_matched"),
    (
        keys_of_all,
        "ix_commitments_matched (kind=? AND priority=? AND owner=? AND by=? AND to=? AND tags=? AND status=?",
    ),
    (lambda store: store.commitments.restated(), "ix_commitments_restated"),
    (lambda store: store.open_commitments.recurring(MAY_SKIP), "ix_commitments_recurring"),
]


@pytest.mark.parametrize(("ask", "how"), COUNTED, ids=["groups", "named", "keys", "restated", "recurring"])
def test_what_is_asked_about_all_that_is_tracked_is_found_by_an_index(sqlite_url, statements, ask, how):
    """Of a million, to sort by what rules match them by took 1.5 s, and to look for what is stated anew 0.6 s."""
    store = Store(sqlite_url)
    load(store, *entries(60))
    with statements() as heard:
        ask(store)
    ways = _ways(store, heard)
    assert any(how in way for way in ways), ways
    assert [way for way in ways if way == "SCAN commitments"] == []
    store.close()


def _ways(store: Store, heard: Iterable[tuple[str, object]]) -> list[str]:
    """How SQLite finds the rows of what was asked for: `SEARCH table USING INDEX name (…)`, or `SCAN table`."""
    found = []
    with store.database.read() as connection:
        for statement, parameters in heard:
            if statement.startswith("SELECT"):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found += [row.detail for row in plan if row.detail.startswith(("SEARCH", "SCAN"))]
    return found


def test_the_plans_would_tell_a_scan(sqlite_url):
    """The test above can fail: without the index there is a scan, or a search by another one."""
    store = Store(sqlite_url)
    load(store, *entries(60))
    plan_at(store, NOW, *RULES)
    query = "SELECT rule FROM watches WHERE next_at <= '2025-11-03' AND next_at IS NOT NULL"
    with store.database.write() as connection:
        connection.execute(text("drop index ix_watches_next_at"))
    (way,) = _ways(store, [(query, ())])
    assert "ix_watches_next_at" not in way
    store.close()
