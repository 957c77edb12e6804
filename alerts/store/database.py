"""The database: SQLite in a file, or PostgreSQL for several replicas; opened, migrated, written in turn."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, column, func, inspect, select, table
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    InternalError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from alerts.clock import utc_now
from alerts.deadlines.errors import InputError
from alerts.lock_files import is_served
from alerts.store.database_url import may_exist, parse_address
from alerts.store.engines import damaged, empty_engine, postgresql_engine, sqlite_engine
from alerts.store.reader_turns import NO_TURNS, ReaderTurns
from alerts.store.store_error import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION = table("alembic_version", column("version_num"))
GIVE_WAY = 0.12  # seconds: longer than the longest pause between two looks of SQLite's busy handler
MIGRATION_LOCK = 7_246_011  # arbitrary numbers that PostgreSQL's advisory locks go by
CHANGE_LOCK = 7_246_012
RULES_LOCK = 7_246_013
UNDECODABLE = "Could not decode"  # how sqlite3 begins where a text is no UTF-8: from a damaged file, perhaps
NO_RIGHTS = ("42501", "3F000")  # PostgreSQL: insufficient privilege; no such schema
Access = Literal["read", "write", "create"]


class Database:
    """A database and its transactions. Raises StoreError where it cannot be opened.

    With the access `create` it is made where there is none. With `read` its tables are left as they are, and an empty
    database stands in for one that is not there yet.
    """

    def __init__(self, url: str, access: Access = "create") -> None:
        self.url = parse_address(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.is_missing = False
        self._access = access
        self._held = threading.local()  # the transaction of a thread's snapshot
        self._turn: Any = threading.RLock() if self.sqlite else _Free()
        self._reader_turns = ReaderTurns() if self.sqlite else NO_TURNS
        if access != "create" and not may_exist(url):
            self._stand_in()
        else:
            self._engine = (
                sqlite_engine(self.url, anew=access == "create") if self.sqlite else postgresql_engine(self.url)
            )

    @property
    def name(self) -> str:
        """Return the address without its password."""
        if self.path:
            return str(self.path.resolve())
        shown = self.url.render_as_string(hide_password=True)
        return re.sub(r"(?i)([?&]\w*(?:password|passfile)=)[^&]*", r"\1***", shown)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        is_file = self.url.get_backend_name() == "sqlite"
        return Path(self.url.database) if is_file and self.url.database else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes. Threads of one process take turns, so none waits for SQLite's busy timeout."""
        assert self._access != "read", "a command that reads does not write"
        assert not hasattr(self._held, "connection"), "a snapshot only reads"
        with self._turn, self._error_text(), self._engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def change(self) -> Iterator[Connection]:
        """A transaction that changes what is tracked: one at a time, because each builds on what the last one left."""
        with self.write() as connection:
            if not self.sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(CHANGE_LOCK)))
            yield connection

    def give_way(self) -> None:
        """Let other processes write between two of many transactions.

        SQLite has no queue: a waiting process asks again every tenth of a second, and would find the database taken
        each time.
        """
        if self.sqlite:
            threading.Event().wait(GIVE_WAY)

    def analyze(self, table: str) -> None:
        """Update statistics after many changes: before autovacuum runs, PostgreSQL would scan the whole table."""
        if not self.sqlite:
            with self.write() as connection:
                connection.exec_driver_sql(f"ANALYZE {table}")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read all that this thread reads in the block in one transaction: each would ask SQLite for its lock.

        Nothing may be written in the block: a commit would wait for the transaction of its own thread.
        """
        with self.read() as connection, self._reader_turns.take(connection):
            self._held.connection = connection
            try:
                yield
            finally:
                del self._held.connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        if held := getattr(self._held, "connection", None):
            yield held
            return
        with self._error_text(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Read for long: each statement by itself, so that SQLite's rollback journal keeps no writer waiting."""
        with self._error_text(), self._engine.connect() as plain:
            connection = plain.execution_options(looks=True)
            with connection.begin():
                yield connection

    def real_now(self, connection: Connection) -> datetime:
        """The real time by which leases go: the database's, where it has one that replicas share."""
        if self.sqlite:
            return utc_now()
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return now

    def migrate(self) -> None:
        """Bring the tables up to date, one process at a time; not where they are only read."""
        version = migrations()[-1] if self.is_missing else self._version()
        if version == migrations()[-1]:
            return
        if version is None and self._access != "create":
            self._engine.dispose()
            self._stand_in()
            return
        if self._access == "read":
            raise StoreError(
                f"{self.name}: made by an older version of alerts: `alerts run`, `tick` or `load` brings it up to date"
                if version in migrations()
                else f"{self.name}: made by a newer version of alerts than this one ({version})"
            )
        if self.path and version in migrations() and is_served(self.path):
            raise StoreError(
                f"{self.name}: a daemon of an earlier version serves it, and newer tables may end it: stop it first"
            )
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.write() as connection:
            if not self.sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreError(f"{self.name}: made by a newer version of alerts than this one ({error})") from None

    def is_current(self) -> bool:
        """Return whether the last migration has run: Alembic need not be imported then, nor a lock be taken."""
        return self._version() == migrations()[-1]

    def _version(self) -> str | None:
        with self.read() as connection:
            if not inspect(connection).has_table(VERSION.name):
                return None
            return connection.execute(select(VERSION.c.version_num)).scalar()

    def _stand_in(self) -> None:
        """Read an empty database in place of one that is not there yet. Raises StoreError for what would change it."""
        if self._access != "read":
            raise StoreError(f"there is no database at {self.name} yet: `alerts load FILE` makes one")
        self.is_missing = self.sqlite = True
        self._engine = empty_engine()

    def check(self) -> None:
        """Raise StoreError where an SQLite file is damaged; PostgreSQL looks after itself."""
        if not self.sqlite:
            return
        with self.read() as connection:
            message = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        if message != "ok":
            raise damaged(self.name, message.splitlines()[-1])

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _error_text(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            if isinstance(error.orig, sqlite3.OperationalError) and not _is_busy(error.orig):
                # A connection keeps the file that it opened, and how it might then be used: were it replaced by a copy,
                # or made writable again, it would not know. What is checked in has been rolled back.
                self._engine.dispose()
            message = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
            if message.startswith(UNDECODABLE):
                self.check()
            if message == "unable to open database file" and self.path:
                is_unreadable = self.path.exists() and not os.access(self.path, os.R_OK)
                what = "read the file" if is_unreadable else f"write to the folder {self.path.resolve().parent}"
                message += f": may user {os.getuid()} {what}?"
            raise StoreError(f"database {self.name}: {message}") from error
        except DBAPIError as error:
            if isinstance(error, InternalError):  # a server that is read-only after a failover (SQLSTATE 25006), say
                raise StoreError(f"database {self.name}: {str(error.orig).strip().splitlines()[0]}") from error
            if error.connection_invalidated:
                raise StoreError(f"database {self.name}: the connection was lost") from error
            # SQLite reports a file that is no database by the base class; psycopg reports an unknown option before
            # any statement.
            if type(error) is DatabaseError or (isinstance(error, ProgrammingError) and error.statement is None):
                raise StoreError(f"database {self.name}: {str(error.orig).strip()}") from error
            if isinstance(error, ProgrammingError) and getattr(error.orig, "sqlstate", None) in NO_RIGHTS:
                raise StoreError(f"database {self.name}: {str(error.orig).strip().splitlines()[0]}") from error
            raise
        except InputError:
            raise
        except ValueError:
            self.check()  # a value that cannot be read: from a damaged file, perhaps
            raise
        except PoolTimeout as error:
            raise StoreError(f"database {self.name}: all its connections are in use") from error


@lru_cache(maxsize=1)
def migrations() -> list[str]:
    """Return the versions of the tables that this release knows, the oldest first."""
    return sorted(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


class _Free:
    """No turn to wait for: PostgreSQL takes many writers."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _is_busy(error: sqlite3.OperationalError) -> bool:
    # What cannot be decoded is an error of the driver, which has no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
