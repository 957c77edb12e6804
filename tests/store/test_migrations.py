"""Migrations: from nothing, again, from several processes at once, and never other than the tables say."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from alerts.store import Store, table_types
from alerts.store.daemon_lock import daemon_lock
from alerts.store.database import Database, migrations
from alerts.store.store_error import StoreError
from tests import postgres
from tests.factories import NOW
from tests.store.schemas import kept
from tests.store.schemas.compared import constraints, differences

START = """
import sys
from alerts.store import Store
print("ready", flush=True)
sys.stdin.readline()
store = Store(sys.argv[1])
store.ledger.counts()
store.close()
"""


def test_an_empty_database_gets_its_tables_and_opening_it_again_changes_nothing(empty_url):
    first = Store(empty_url)
    first.ledger.record_fact("a", "kept", NOW)
    first.close()
    second = Store(empty_url)
    assert second.ledger.facts()["a"].value == "kept"
    second.close()


def test_processes_that_start_at_once_migrate_once(empty_url, process):
    others = [process(START, empty_url) for _ in range(2)]
    for one in others:
        assert one.stdout.readline() == "ready\n"
    for one in others:
        one.stdin.write("\n")
        one.stdin.flush()
    for one in others:
        assert one.wait(60) == 0, one.stderr.read()
    store = Store(empty_url)
    with store.database.read() as connection:
        assert connection.execute(text("select version_num from alembic_version")).scalars().all() == migrations()[-1:]
    store.close()


def test_alembic_finds_no_difference_to_the_tables(store):
    with store.database.read() as connection:
        assert differences(connection) == []


def test_the_migrations_make_what_the_tables_would_to_the_last_constraint(empty_url, postgresql, tmp_path):
    other = postgresql.create() if empty_url.startswith("postgresql") else ""
    store = Store(empty_url)
    plain = create_engine(postgresql.url(other) if other else f"sqlite:///{tmp_path}/plain.db")
    table_types.metadata.create_all(plain)
    with store.database.read() as migrated, plain.connect() as direct:
        assert constraints(migrated) == constraints(direct)
    store.close()
    plain.dispose()


def test_a_database_of_a_newer_version_is_left_alone(empty_url):
    database = Database(empty_url)
    database.migrate()
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="made by a newer version of alerts"):
        database.migrate()
    database.close()


def test_the_tables_stay_as_they_are_while_a_daemon_of_an_earlier_version_serves_them(tmp_path):
    path = tmp_path / "alerts.db"
    earliest = kept.schemas("sqlite")[0]
    kept.restore(earliest, "sqlite", f"sqlite:///{path}")
    with (
        daemon_lock(path),
        pytest.raises(StoreError, match="a daemon of an earlier version serves it"),
    ):
        Store(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("select version_num from alembic_version").fetchall() == [(earliest,)]
    Store(f"sqlite:///{path}").close()


def test_a_store_that_is_refused_leaves_no_connection_open(postgresql):
    name = postgresql.create(postgres.TEMPLATE)  # whose sessions are not kept for the next test
    store = Store(postgresql.url(name))
    with store.database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="made by a newer version of alerts") as caught:
        Store(postgresql.url(name))
    assert caught.traceback  # which would keep the engine alive
    with store.database.read() as connection:
        mine = "select count(*) from pg_stat_activity where datname = current_database()"
        assert connection.scalar(text(mine)) == 1
    store.close()
    postgresql.drop(name)
