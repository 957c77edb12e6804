"""A restored backup: checked first, never over a live daemon, with the old database kept and sending held."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.core.liveness import PASS
from alerts.store import Store
from alerts.store.backup import BACKUP, back_up
from alerts.store.daemon_lock import alongside, daemon_lock
from alerts.store.database import migrations
from alerts.store.restore import restore
from alerts.store.store_error import StoreError

TAKEN = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)


@pytest.fixture
def database(sqlite_url: str, tmp_path: Path) -> Path:
    """A database, of which `backup.db` is a backup; it has changed since."""
    store = Store(sqlite_url)
    store.ledger.record_fact("then", "", TAKEN)
    store.ledger.record_fact(f"{PASS}host:1", "{}", TAKEN)
    path = store.database.path
    assert path is not None
    back_up(path, tmp_path / "backup.db", TAKEN, with_secrets=False, overwrite=False)
    store.ledger.record_fact("now", "", NOW)
    store.close()
    return path


@pytest.fixture
def backup(database: Path) -> Iterator[Path]:
    """The backup, which nothing may change."""
    path = database.with_name("backup.db")
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before


def facts(path: Path) -> set[str]:
    store = Store(f"sqlite:///{path}", access="read")
    try:
        store.database.check()
        return set(store.ledger.facts())
    finally:
        store.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for another process for half a minute."""
    monkeypatch.setattr("alerts.store.backup.BUSY", 0.1)


def make(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


def test_the_backup_takes_the_place_of_the_database_which_is_kept(database: Path, backup: Path) -> None:
    database.chmod(0o640)
    found = restore(backup, database, NOW)
    assert found.taken_at == TAKEN
    assert not found.with_secrets
    assert found.kept == database.with_name("alerts.db.replaced-20261128-210000")
    assert "now" in facts(found.kept)
    assert facts(database) == {"then", "sending held"}, "no process that lived then lives now"
    assert stat.S_IMODE(database.stat().st_mode) == 0o640
    assert restore(backup, database, NOW).kept == database.with_name("alerts.db.replaced-20261128-210000-2")


def test_sending_is_held_until_it_is_released(database: Path, backup: Path) -> None:
    restore(backup, database, NOW)
    store = Store(f"sqlite:///{database}")
    hold = store.held_sending.find()
    assert hold
    assert (hold.restored_at, hold.taken_at) == (NOW, TAKEN)
    assert store.held_sending.release(NOW)
    assert store.held_sending.find() is None
    assert not store.held_sending.release(NOW)
    store.close()


def test_where_there_is_no_database_the_backup_becomes_it(backup: Path, tmp_path: Path) -> None:
    database = tmp_path / "new" / "alerts.db"
    assert restore(backup, database, NOW).kept is None
    assert facts(database) == {"then", "sending held"}


@pytest.mark.parametrize("there", [True, False])
def test_a_journal_is_not_applied_to_the_restored_database(
    database: Path, backup: Path, tmp_path: Path, there: bool
) -> None:
    """A process that was killed amid a commit leaves a journal, which belongs to the database before."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writing:
        writing.execute("PRAGMA cache_spill=1")
        writing.execute("PRAGMA cache_size=1")
        writing.execute("BEGIN IMMEDIATE")
        writing.execute("CREATE TABLE half (content)")
        writing.executemany("INSERT INTO half VALUES (randomblob(4000))", [()] * 50)
        for ending in ("", "-journal"):
            shutil.copy(f"{database}{ending}", f"{tmp_path}/killed{ending}")
    assert (tmp_path / "killed-journal").stat().st_size > 0
    killed = tmp_path / "killed"
    if not there:
        killed.unlink()
    restore(backup, killed, NOW)
    assert facts(killed) == {"then", "sending held"}
    if there:
        (kept,) = tmp_path.glob("killed.replaced-*")
        assert "now" in facts(kept), "what was half written is undone in what is kept"


def test_a_wal_is_not_applied_to_the_restored_database(database: Path, backup: Path, tmp_path: Path) -> None:
    """A process that was killed leaves its WAL, which belongs to the database before."""
    with closing(sqlite3.connect(database)) as writing:
        writing.execute("PRAGMA journal_mode=WAL")
        with writing:
            writing.execute("INSERT INTO meta (name, value, at) VALUES ('wal', '', '2026-11-28 21:00:00.000000')")
        for ending in ("", "-wal"):
            shutil.copy(f"{database}{ending}", f"{tmp_path}/killed{ending}")
        with pytest.raises(StoreError, match="another process uses it"):
            restore(backup, database, NOW)
    restore(backup, tmp_path / "killed", NOW)
    assert facts(tmp_path / "killed") == {"then", "sending held"}
    (kept,) = tmp_path.glob("killed.replaced-*")
    assert {"now", "wal"} <= facts(kept)


def test_a_damaged_database_is_replaced_and_kept(database: Path, backup: Path) -> None:
    database.write_bytes(b"no database any more")
    kept = restore(backup, database, NOW).kept
    assert kept is not None
    assert kept.read_bytes() == b"no database any more"
    assert facts(database) == {"then", "sending held"}


def test_it_is_refused_over_a_daemon_a_turn_and_a_process_that_writes(database: Path, backup: Path) -> None:
    with daemon_lock(database), pytest.raises(StoreError, match=r"a daemon serves .*: end it first"):
        restore(backup, database, NOW)
    with alongside(database), pytest.raises(StoreError, match="`alerts tick` is at work"):
        restore(backup, database, NOW)
    assert "now" in facts(database)
    assert not list(database.parent.glob("*replaced*"))


def test_what_is_no_whole_backup_is_refused_and_changes_nothing(database: Path, backup: Path, tmp_path: Path) -> None:
    other, newer, cut, empty = (tmp_path / name for name in ("other", "newer", "cut", "empty"))
    make(other, "CREATE TABLE one (a)")
    shutil.copy(backup, newer)
    make(newer, "UPDATE alembic_version SET version_num = '9999'")
    cut.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    empty.touch()
    for path, problem in (
        (other, "it is no backup of alerts"),
        (empty, "it is no backup of alerts"),
        (newer, r"made by a newer version of alerts \(9999\)"),
        (cut, "it is no whole backup"),
        (tmp_path / "missing", "expected the file of a backup"),
        (tmp_path, "expected the file of a backup"),
        (database, "expected the file of a backup"),
    ):
        with pytest.raises(StoreError, match=problem) as caught:
            restore(path, database, NOW)
        assert "\n" not in str(caught.value)
    assert "now" in facts(database)
    assert not [path.name for path in tmp_path.iterdir() if "replaced" in path.name or path.name.startswith(".")]


def test_a_backup_with_older_tables_is_brought_up_to_date(database: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    make_old_tables(old)
    restore(old, database, NOW)
    store = Store(f"sqlite:///{database}", access="read")
    assert store.database.is_current()
    store.close()


def make_old_tables(path: Path) -> None:
    """Make the tables of the release before the last migration."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    from alerts.store.database import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, migrations()[-2])
    engine.dispose()


def test_a_plain_copy_is_as_old_as_what_it_last_recorded(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(database, copy)
    make(copy, f"DELETE FROM meta WHERE name IN ('now', '{BACKUP}')")
    found = restore(copy, database, NOW + timedelta(days=1))
    assert (found.taken_at, found.with_secrets) == (TAKEN, True)


def test_nothing_is_written_where_there_is_no_room(
    database: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": backup.stat().st_size}))
    with pytest.raises(StoreError, match="of free space"):
        restore(backup, database, NOW)
    assert "now" in facts(database)
