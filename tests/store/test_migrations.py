"""Migrations: from nothing, again, from several processes at once, and never other than the tables say."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Connection, create_engine, inspect, text

from alerts.store import Store, table_types
from alerts.store.database import Database
from alerts.store.store_error import StoreError
from tests import postgres
from tests.factories import NOW

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
        assert connection.execute(text("select version_num from alembic_version")).scalars().all() == ["0036"]
    store.close()


def test_alembic_finds_no_difference_to_the_tables(store):
    with store.database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": _json_default}
        )
        assert compare_metadata(context, table_types.metadata) == []


def _json_default(_context, _inspected, column, was, _default, wanted):
    """Whether the default of a JSON column differs: PostgreSQL has no `=` for json. Of others, Alembic's own answer."""
    plain = [str(one).removesuffix("::json").strip("'") for one in (was, wanted)]
    return plain[0] != plain[1] if isinstance(column.type, JSON) else None


def test_the_migrations_make_what_the_tables_would_to_the_last_constraint(empty_url, postgresql, tmp_path):
    """Alembic compares neither CHECKs nor what partial indexes leave out."""
    other = postgresql.create() if empty_url.startswith("postgresql") else ""
    store = Store(empty_url)
    plain = create_engine(postgresql.url(other) if other else f"sqlite:///{tmp_path}/plain.db")
    table_types.metadata.create_all(plain)
    with store.database.read() as migrated, plain.connect() as direct:
        assert _shape(migrated) == _shape(direct)
    store.close()
    plain.dispose()


def _shape(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "postgresql":
        query = (
            "select indexname, indexdef from pg_indexes where schemaname = 'public' union all "
            "select conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint "
            "where connamespace = 'public'::regnamespace"
        )
    else:
        query = "select name, sql from sqlite_master where type = 'index' and sql is not null"
    found = {name: sql for name, sql in connection.execute(text(query)).tuples() if "alembic" not in name}
    inspector = inspect(connection)
    for name in table_types.metadata.tables:
        for check in inspector.get_check_constraints(name):
            found[f"{name}.{check['name']}"] = str(check["sqltext"])
        for key in inspector.get_foreign_keys(name):
            found[f"{name}.{key['name']}"] = str(sorted((what, str(value)) for what, value in key.items()))
    return {name: re.sub(r"\s+", " ", sql) for name, sql in found.items()}


def test_a_database_of_a_newer_version_is_left_alone(empty_url):
    database = Database(empty_url)
    database.migrate()
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(StoreError, match="made by a newer version of alerts"):
        database.migrate()
    database.close()


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
