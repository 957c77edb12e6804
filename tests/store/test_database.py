"""The engine: aware times, SQLite's pragmas and its one writer at a time, and addresses that are wrong."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import insert, make_url, select, text, update
from sqlalchemy.exc import StatementError

from alerts.store import Store, tables
from alerts.store.database import Database
from alerts.store.engines import sqlite_engine, wal_is_safe
from alerts.store.store_error import StoreError
from tests.factories import NOW, at

META = tables.meta


def test_a_naive_datetime_is_refused(store):
    with pytest.raises(StatementError, match="has no zone"), store.database.write() as connection:
        connection.execute(insert(META).values(name="a", value="", at=datetime(2025, 11, 10)))  # noqa: DTZ001


def test_a_time_of_any_zone_comes_back_as_the_same_instant_in_utc(store):
    there = datetime(2025, 11, 10, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=-5)))
    store.ledger.record_fact("a", "", there)
    found = store.ledger.facts()["a"].at
    assert found == there
    assert found.utcoffset() == timedelta()


def test_times_compare_as_instants_in_the_database(store):
    """SQLite keeps text: without one form for all, 10:00+02:00 would sort after 09:00Z."""
    there = datetime(2025, 11, 10, 10, tzinfo=timezone(timedelta(hours=2)))
    store.ledger.record_fact("a", "", there)
    with store.database.read() as connection:
        assert connection.execute(select(META.c.name).where(META.c.at < at("2025-11-10T08:00:00.000001"))).all()
        assert not connection.execute(select(META.c.name).where(META.c.at < at("2025-11-10T08:00"))).all()


def test_sqlite_is_told_to_be_careful(sqlite_url):
    engine = sqlite_engine(make_url(sqlite_url), anew=False)  # in the store of a test, SQLite waits for no disk
    with engine.connect() as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("synchronous", "foreign_keys", "busy_timeout")
        }
        assert pragmas == {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
        assert connection.scalar(text("PRAGMA journal_mode")) in ("wal", "truncate")
    engine.dispose()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 6, 23), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 3), False),
        ((3, 46, 1), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_used_only_where_it_loses_nothing(version, safe):
    assert wal_is_safe(version) is safe


@pytest.mark.parametrize(("version", "mode"), [((3, 51, 3), "wal"), ((3, 51, 2), "truncate")])
def test_the_journal_follows_the_version_that_is_linked(sqlite_url, monkeypatch, version, mode):
    monkeypatch.setattr("sqlite3.sqlite_version_info", version)
    store = Store(sqlite_url)
    with store.database.read() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == mode
    store.close()


def _increment(database: Database, times: int) -> None:
    for _ in range(times):
        with database.write() as connection:
            value = int(connection.scalar(select(META.c.value)))
            connection.execute(update(META).values(value=str(value + 1)))


def test_no_update_of_two_threads_is_lost(sqlite_url, together):
    """With a deferred BEGIN most of them would be."""
    store, other = Store(sqlite_url), Database(sqlite_url)
    store.ledger.record_fact("count", "0", NOW)
    together(
        lambda: _increment(store.database, 40), lambda: _increment(store.database, 40), lambda: _increment(other, 40)
    )
    assert store.ledger.facts()["count"].value == "120"
    store.close()
    other.close()


COUNT = """
import sys
from sqlalchemy import select, update
from alerts.store import Store, tables
database = Store(sys.argv[1]).database
print("ready", flush=True)
sys.stdin.readline()
for _ in range(60):
    with database.write() as connection:
        value = int(connection.scalar(select(tables.meta.c.value)))
        connection.execute(update(tables.meta).values(value=str(value + 1)))
"""


def test_no_update_is_lost_to_another_process(sqlite_url, process):
    other = process(COUNT, sqlite_url)
    store = Store(sqlite_url)
    store.ledger.record_fact("count", "0", NOW)
    assert other.stdout.readline() == "ready\n"
    other.stdin.write("\n")
    other.stdin.flush()
    _increment(store.database, 60)
    assert other.wait(30) == 0, other.stderr.read()
    assert store.ledger.facts()["count"].value == "120"
    store.close()


def test_a_transaction_that_fails_leaves_nothing(store):
    def fail() -> None:
        with store.database.write() as connection:
            connection.execute(insert(META).values(name="a", value="", at=NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.ledger.facts() == {}


def test_a_row_that_hangs_on_nothing_is_refused(store):
    row = {"commitment_id": 7, "occurrence": ""}
    with pytest.raises(Exception, match=r"(?i)foreign key"), store.database.write() as connection:
        connection.execute(insert(tables.occurrences).values(row))


WRONG = [
    ("nonsense", "cannot be read"),
    ("", "cannot be read"),
    ("mysql://localhost/alerts", "'mysql' are not supported"),
    ("oracle+cx_oracle://localhost/alerts", "'oracle' are not supported"),
    ("sqlite://", "needs a file"),
    ("sqlite:///:memory:", "needs a file"),
    ("sqlite:///{folder}/a\0b", "needs a file"),
    ("sqlite:///{folder}/alerts.db?foo=bar", "takes no options"),
    ("sqlite:///file:alerts?mode=memory&uri=true", "takes no options"),
    ("sqlite:///{folder}/words.txt", "file is not a database"),
    ("sqlite:////proc/alerts.db", "unable to open database file"),
    ("sqlite:////dev/null/var/alerts.db", "cannot make its folder: Not a directory"),
    ("sqlite:///{folder}", "that is a folder; name a file in it"),
    ("postgresql://localhost:1/alerts", "postgresql+psycopg://localhost:1/alerts: connection"),
    ("postgresql+psycopg://me:s3cret@127.0.0.1:1/alerts", "me:***@127.0.0.1:1"),
    ("postgresql://me:s3cret@localhost:port/alerts", "cannot be read"),
    ("postgresql+psycopg://localhost/alerts?foo=1", 'invalid connection option "foo"'),
    ("postgresql+asyncpg://me@127.0.0.1:1/alerts", "postgresql+psycopg://me@127.0.0.1:1/alerts: connection"),
    ("postgres://localhost/alerts", "'postgres' are not supported"),
]


@pytest.mark.parametrize(("url", "said"), WRONG, ids=ascii)
def test_a_wrong_address_is_one_clear_line(tmp_path: Path, url, said):
    (tmp_path / "words.txt").write_text("not a database at all, but words\n" * 100)
    with pytest.raises(StoreError) as caught:
        Store(url.format(folder=tmp_path))
    line = str(caught.value)
    assert said in line
    assert "\n" not in line
    assert "s3cret" not in line


def test_a_database_that_there_is_not_is_said_so(postgresql):
    with pytest.raises(StoreError, match='database "nowhere" does not exist'):
        Store(postgresql.url("nowhere"))


def test_a_connection_that_was_cut_is_one_line_and_the_next_use_finds_a_new_one(postgresql_url, postgresql):
    store = Store(postgresql_url)

    def cut() -> None:
        with store.database.read() as connection:
            mine = connection.scalar(text("select pg_backend_pid()"))
            postgresql.run(f"select pg_terminate_backend({mine})")
            connection.execute(text("select 1"))

    with pytest.raises(StoreError) as caught:
        cut()
    assert "\n" not in str(caught.value)
    assert store.ledger.counts() == {}
    store.close()


def test_a_damaged_file_is_said_at_the_start_of_a_daemon_and_left_alone(sqlite_url):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("select rootpage from sqlite_master where name = 'attempts'").fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(content)
    store = Store(sqlite_url)
    with pytest.raises(StoreError, match=r"alerts.db is damaged \(.*\): put a backup in its place"), store.serve():
        pass
    store.close()
    assert path.read_bytes() == content
