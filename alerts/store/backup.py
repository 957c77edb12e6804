"""Backups of an SQLite database: whole, taken while a daemon runs, and without secrets unless they are asked for."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from alerts.store.draft_files import draft, put_in_place, require_space
from alerts.store.engines import damaged
from alerts.store.store_error import StoreError

BACKUP = "backup"  # the fact by which a backup is known; its time is when it was taken
SECRETS = {
    "feeds": "DELETE FROM feeds",
    "api_tokens": "DELETE FROM api_tokens",
    "sign_in_links": "DELETE FROM sign_in_links",
    "sessions": "DELETE FROM sessions",
    "meta": "DELETE FROM meta WHERE name = 'bounce key'",
}
PAGES_A_STEP = 1024  # 4 MB: a writer waits for a step, which takes some milliseconds
REST = 0.01  # seconds between two steps, in which a writer gets its turn
RESTARTS = 3  # each commit of another process makes a copy in steps begin anew
BUSY = 30.0  # seconds, as the daemon waits


def back_up(database: Path, target: Path, now: datetime, *, with_secrets: bool, overwrite: bool) -> None:
    """Write a backup of a database. Raises StoreError where it cannot be written whole; the target stays as it was."""
    if not database.exists():
        raise StoreError(f"there is no database at {database.resolve()}: there is nothing to back up")
    if target.exists() and (not overwrite or target.samefile(database) or not target.is_file()):
        raise StoreError(f"{target} is there already: name another file, or overwrite a backup with --force")
    with _reported(database, target), draft(target, "copy") as copy:
        require_space(target.resolve().parent, 2 * _size(database), "a backup")
        with closing(open_file(database)) as source:
            _require_ours(source, database)
            copy_database(source, database, copy)
        with closing(open_file(copy)) as made:
            _prepare(made, now, with_secrets=with_secrets)
        if with_secrets:
            put_in_place(copy, target)
            return
        with draft(target, "draft") as clean:  # not the copy: its free pages may hold what was deleted
            with closing(open_file(copy)) as made:
                made.execute("VACUUM INTO ?", (str(clean),))
            put_in_place(clean, target)


def copy_database(source: sqlite3.Connection, database: Path, path: Path) -> None:
    """Copy an open database into an empty file that nobody reads yet, and check the copy.

    Writers get their turns in between. Where they leave no time for that, they wait until all is copied.
    """
    is_wal = source.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    if is_wal or not _copied_in_steps(source, path):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # takes the lock of a reader
        if is_wal:  # a reader keeps no writer waiting
            with closing(_open_unsafe(path)) as target:
                source.backup(target)
        else:  # nobody can write: to copy the bytes takes a tenth of the time
            shutil.copyfile(database, path)
        source.execute("ROLLBACK")
    with closing(open_file(path)) as target:
        target.execute("PRAGMA journal_mode=DELETE")
        problem = target.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise sqlite3.DatabaseError(problem)


def _copied_in_steps(source: sqlite3.Connection, path: Path) -> bool:
    """Return whether a copy in steps came to its end before others had written too often."""
    left, restarts = 0, 0

    def rest(_: int, remaining: int, __: int) -> None:
        nonlocal left, restarts
        restarts += 0 < left <= remaining
        if restarts > RESTARTS:
            raise _TooBusyError
        left = remaining
        if remaining:
            Event().wait(REST)

    with closing(_open_unsafe(path)) as target:
        try:
            source.backup(target, pages=PAGES_A_STEP, progress=rest, sleep=REST)
        except _TooBusyError:
            return False
    return True


def _open_unsafe(path: Path) -> sqlite3.Connection:
    """Open a file that gets its name only when it is whole: it needs no journal, and is synchronized once."""
    connection = open_file(path)
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    return connection


class _TooBusyError(Exception):
    """Others write all the time."""


def _prepare(made: sqlite3.Connection, now: datetime, *, with_secrets: bool) -> None:
    """Note when the backup was taken, and leave out what gives access to anything."""
    tables = {name for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    with made:
        made.execute("BEGIN")
        for table, statement in SECRETS.items():
            if table in tables and not with_secrets:
                made.execute(statement)
        at = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        value = json.dumps({"with_secrets": with_secrets})
        made.execute("INSERT OR REPLACE INTO meta (name, value, at) VALUES (?, ?, ?)", (BACKUP, value, at))


def version_of(connection: sqlite3.Connection) -> str | None:
    """Return the version of the tables; None where it is no database of alerts."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "meta", "commitments"} <= names:
        return None
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    if version_of(connection) is None:
        raise StoreError(f"{path}: it is no database of alerts")


def _size(database: Path) -> int:
    wal = database.with_name(database.name + "-wal")
    return database.stat().st_size + (wal.stat().st_size if wal.exists() else 0)


def open_file(path: Path, mode: str = "rw") -> sqlite3.Connection:
    """Open a file that is there. Transactions begin and end where the caller says so."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY, isolation_level=None)


@contextmanager
def _reported(database: Path, target: Path) -> Iterator[None]:
    """Turn the errors of SQLite and of the disk into lines that say what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(f"{target}: the backup cannot be written: {error}") from None
    except sqlite3.DatabaseError as error:
        raise damaged(str(database.resolve()), str(error)) from None
    except OSError as error:
        raise StoreError(f"{target}: the backup cannot be written: {error.strerror}") from None
