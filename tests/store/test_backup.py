"""Backups: whole while others write, without secrets, never in place of another file, and only where there is room."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest

from alerts.store import Store
from alerts.store.backup import BACKUP, PAGES_A_STEP, back_up
from alerts.store.draft_files import draft
from alerts.store.feeds import FeedFilter, hash_token
from alerts.store.store_error import StoreError

NOW = datetime(2026, 11, 28, 21, 0, tzinfo=UTC)
PAGE = 4096


def path_of(store: Store) -> Path:
    assert store.database.path is not None
    return store.database.path


@pytest.fixture
def held(sqlite_url: str) -> Store:
    """A store with a program's token and a mail key."""
    return Store(sqlite_url)


def back_up_to(target: Path, store: Store, *, with_secrets: bool = False, overwrite: bool = False) -> None:
    back_up(path_of(store), target, NOW, with_secrets=with_secrets, overwrite=overwrite)


def fill(path: Path, pages: int) -> None:
    """Make a database larger, by a table of its own."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE ballast (number INTEGER PRIMARY KEY, content BLOB)")
        database.executemany("INSERT INTO ballast (content) VALUES (randomblob(?))", [(PAGE,)] * pages)


def test_a_backup_is_a_whole_database_that_only_its_owner_reads(held: Store, tmp_path: Path) -> None:
    held.ledger.record_fact("one", "value", NOW)
    target = tmp_path / "backup.db"
    back_up_to(target, held)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = Store(f"sqlite:///{target}", access="read")
    copy.database.check()
    facts = copy.ledger.facts()
    assert (facts["one"].value, facts[BACKUP].at) == ("value", NOW)
    copy.close()
    assert BACKUP not in held.ledger.facts()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("with_secrets", [False, True])
def test_what_gives_access_is_left_out_to_the_last_byte(held: Store, tmp_path: Path, with_secrets: bool) -> None:
    token = held.api_tokens.add("sap", "write", by="desk", now=NOW)
    old = held.api_tokens.add("old", "read", by="desk", now=NOW)
    held.api_tokens.revoke("old", NOW)
    key = held.bounces.key().hex()
    with closing(sqlite3.connect(path_of(held), isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete=OFF")  # so that a page which is free now still holds the hash
        database.execute("CREATE TABLE moved AS SELECT * FROM api_tokens WHERE name = 'old'")
        database.execute("DROP TABLE moved")
        database.execute("DELETE FROM api_tokens WHERE name = 'old'")
    assert hash_token(old).encode() in path_of(held).read_bytes()
    target = tmp_path / "backup.db"
    back_up_to(target, held, with_secrets=with_secrets)
    found = [one in target.read_bytes() for one in (hash_token(token).encode(), key.encode())]
    assert found == [with_secrets, with_secrets]
    assert with_secrets or hash_token(old).encode() not in target.read_bytes()
    assert held.api_tokens.find(token, NOW), "the database itself keeps them"


def test_the_addresses_of_calendars_are_left_out(held: Store, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path_of(held))) as database, database:
        database.execute(
            "INSERT INTO people (key, name, email, of_settings) VALUES ('ann', 'Ann', 'ann@example.org', 1)"
        )
    token = held.feeds.add("ann", "ann", FeedFilter(), alarms=False, by="desk", now=NOW)
    back_up_to(tmp_path / "backup.db", held)
    assert hash_token(token).encode() not in (tmp_path / "backup.db").read_bytes()


def test_a_file_is_overwritten_only_where_that_is_asked_for(held: Store, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("something else")
    with pytest.raises(StoreError, match=r"is there already.*--force"):
        back_up_to(target, held)
    assert target.read_text() == "something else"
    back_up_to(target, held, overwrite=True)
    assert target.read_bytes().startswith(b"SQLite format 3")


def test_the_database_itself_is_never_overwritten(held: Store) -> None:
    before = path_of(held).read_bytes()
    with pytest.raises(StoreError, match="is there already"):
        back_up_to(path_of(held), held, overwrite=True)
    assert path_of(held).read_bytes() == before


def test_where_less_than_twice_the_database_is_free_nothing_is_written(
    held: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = path_of(held).stat().st_size
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2 * size - 1}))
    with pytest.raises(StoreError, match=r"needs .* MB of free space .twice the database."):
        back_up_to(tmp_path / "backup.db", held)
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 2 * size}))
    back_up_to(tmp_path / "backup.db", held)


def test_two_backups_into_one_file_do_not_mix(held: Store, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    with draft(target, "copy"), pytest.raises(StoreError, match="another process writes it now"):
        back_up_to(target, held)
    back_up_to(target, held)


def test_what_a_killed_backup_left_is_used_again(held: Store, tmp_path: Path) -> None:
    (tmp_path / ".backup.db.copy").write_bytes(b"half of one")
    (tmp_path / ".backup.db.copy-journal").write_bytes(b"a journal of another file")
    back_up_to(tmp_path / "backup.db", held)
    Store(f"sqlite:///{tmp_path}/backup.db", access="read").database.check()
    assert sorted(path.name for path in tmp_path.iterdir() if "backup" in path.name) == ["backup.db"]


def test_a_damaged_database_is_reported_and_not_backed_up(held: Store, tmp_path: Path) -> None:
    fill(path_of(held), 200)
    held.close()
    with path_of(held).open("r+b") as file:
        file.seek(path_of(held).stat().st_size // 2 // PAGE * PAGE)
        file.write(b"\0" * PAGE * 20)
    with pytest.raises(StoreError, match="is damaged"):
        back_up_to(tmp_path / "backup.db", held)
    assert not (tmp_path / "backup.db").exists()


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_is_no_database_of_ours_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other.db"
    if content is None:
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE one (a)")
    else:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=r"no database of alerts|not a database"):
        back_up(path, tmp_path / "backup.db", NOW, with_secrets=False, overwrite=False)


def test_a_backup_is_one_state_of_the_database_while_another_process_writes_all_the_time(
    held: Store, tmp_path: Path
) -> None:
    """Two rows are always changed in one transaction, one at each end of the file: a backup never has one alone."""
    path = path_of(held)
    fill(path, 3 * PAGES_A_STEP)
    last = 3 * PAGES_A_STEP
    ended = Event()
    written = 0

    def write() -> None:
        nonlocal written
        with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous=OFF")
            while not ended.is_set():
                database.execute("BEGIN IMMEDIATE")
                for number in (1, last):
                    database.execute("UPDATE ballast SET content = ? WHERE number = ?", (str(written), number))
                database.execute("COMMIT")
                written += 1

    writer = Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            before = written
            back_up_to(tmp_path / "backup.db", held, overwrite=True)
            assert written > before, "the writer got no turn"
            with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
                pair = copy.execute("SELECT content FROM ballast WHERE number IN (1, ?)", (last,)).fetchall()
            assert pair[0] == pair[1]
    finally:
        ended.set()
        writer.join()


def test_what_stands_in_a_wal_is_in_the_backup_which_has_none(held: Store, tmp_path: Path) -> None:
    """SQLite uses one where its release is safe with it."""
    held.close()
    path = path_of(held)
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        with writer:
            writer.execute("INSERT INTO meta (name, value, at) VALUES ('in the WAL', '', '2026-11-28 21:00:00.000000')")
        assert path.with_name("alerts.db-wal").stat().st_size > 0
        back_up(path, tmp_path / "backup.db", NOW, with_secrets=True, overwrite=False)
    assert sorted(one.name for one in tmp_path.glob("*backup*")) == ["backup.db"]
    with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("SELECT count(*) FROM meta WHERE name = 'in the WAL'").fetchone() == (1,)
