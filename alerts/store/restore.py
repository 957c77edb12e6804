"""A backup takes the place of an SQLite database, which is kept under another name. Sending is held afterwards."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from alerts.core.liveness import PASS
from alerts.store import Store
from alerts.store.backup import BACKUP, copy_database, open_file, version_of
from alerts.store.daemon_lock import ServedError, daemon_lock, no_turn_under_way
from alerts.store.database import migrations
from alerts.store.draft_files import JOURNALS, draft, put_in_place, require_space, synchronize_folder
from alerts.store.store_error import StoreError

LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What took the place of a database: a backup taken at a time. `kept` is the database before, if there was one."""

    taken_at: datetime
    with_secrets: bool
    kept: Path | None


def restore(backup: Path, database: Path, now: datetime) -> Restored:
    """Put a backup in the place of a database. Raises StoreError, and leaves the database as it is.

    A kill at any moment leaves the old database or the new one, whole and under the name of the database.
    """
    database = database.resolve()
    if not backup.is_file() or (database.exists() and backup.samefile(database)):
        raise StoreError(f"{backup}: expected the file of a backup")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        with _alone(database), draft(database, "restored") as made:
            require_space(database.parent, 2 * backup.stat().st_size, "restoring")
            with_secrets = _copy_verified(backup, made)
            taken_at = _prepare(made, now)
            _own_like(made, database)
            kept = _replace(made, database, now)
    except OSError as error:
        raise StoreError(f"{database}: the backup cannot be restored: {error.strerror}") from None
    return Restored(taken_at=taken_at, with_secrets=with_secrets, kept=kept)


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    """Keep daemons away. Raises StoreError where one runs, or a turn does."""
    with ExitStack() as held:
        try:
            held.enter_context(daemon_lock(database))
        except ServedError:
            raise StoreError(f"a daemon serves {database}: end it first, then restore") from None
        if not no_turn_under_way(database):
            raise StoreError(f"`alerts tick` is at work on {database}: restore when it has ended")
        yield


def _copy_verified(backup: Path, made: Path) -> bool:
    """Copy a backup, if it is one and whole; returns whether it holds secrets."""
    try:
        with closing(open_file(backup, "ro")) as source:
            copy_database(source, backup, made)
        with closing(open_file(made)) as target:
            version = version_of(target)
            noted = version and target.execute("SELECT value FROM meta WHERE name = ?", (BACKUP,)).fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{backup}: it is no whole backup ({error}): take another") from None
    if version is None:
        raise StoreError(f"{backup}: it is no backup of alerts: its tables are others")
    if version not in migrations():
        raise StoreError(
            f"{backup}: made by a newer version of alerts ({version}) than this one: restore it with that version"
        )
    return bool(json.loads(noted[0])["with_secrets"]) if noted else True


def _prepare(made: Path, now: datetime) -> datetime:
    """Bring the tables up to date and hold sending; returns when the backup was taken."""
    store = Store(f"sqlite:///{made}", None, "write")
    try:
        taken_at = store.held_sending.taken_at() or now
        store.held_sending.hold(taken_at, now)
        store.ledger.forget(BACKUP)
        store.ledger.forget_facts(PASS, LAST)
        store.registrations.forget_processes(LAST)
    finally:
        store.close()
    with closing(open_file(made)) as last:
        last.execute("PRAGMA journal_mode=DELETE")  # one file: a WAL would not be renamed with it
    return taken_at


def _own_like(made: Path, database: Path) -> None:
    """Give a draft the owner and the mode of the database, so that its daemon can use it."""
    like = (database if database.exists() else database.parent).stat()
    if os.geteuid() == 0:
        os.chown(made, like.st_uid, like.st_gid)
    if database.exists():
        made.chmod(like.st_mode & 0o666)


def _replace(made: Path, database: Path, now: datetime) -> Path | None:
    """Rename a draft to the database, and return under which name the old one is kept."""
    if not database.exists():
        _move_journals(database, database.with_name(f"{database.name}.without-database"))
        put_in_place(made, database)
        return None
    with _unused(database) as is_whole:
        kept = _keep(database, now)
        if not is_whole:
            _move_journals(database, kept)
        put_in_place(made, database)
    return kept


@contextmanager
def _unused(database: Path) -> Iterator[bool]:
    """Finish what a killed process left in the database, and keep others from writing to it.

    A journal next to a database belongs to it, and would be applied to the restored one. Yields whether it can be read.
    """
    with closing(open_file(database)) as present:
        try:
            present.execute("PRAGMA journal_mode=DELETE")
            present.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreError(f"{database}: another process uses it: end it first, then restore") from None
            is_whole = False
        except sqlite3.DatabaseError:
            is_whole = False
        else:
            is_whole = True
        yield is_whole


def _keep(database: Path, now: datetime) -> Path:
    """Give the database a second name. At no moment is there none: a daemon would begin with an empty one."""
    for number in count(1):
        again = f"-{number}" if number > 1 else ""
        kept = database.with_name(f"{database.name}.replaced-{now.astimezone(UTC):%Y%m%d-%H%M%S}{again}")
        try:
            kept.hardlink_to(database)
        except FileExistsError:
            continue
        except OSError:  # the file system has no links
            shutil.copy2(database, kept)
        synchronize_folder(database.parent)
        return kept
    raise AssertionError


def _move_journals(database: Path, kept: Path) -> None:
    for ending in JOURNALS:
        journal = database.with_name(database.name + ending)
        if journal.exists():
            journal.replace(kept.with_name(kept.name + ending))
