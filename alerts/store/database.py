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
from typing import Any

from sqlalchemy import URL, Connection, column, create_engine, event, func, inspect, select, table
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InternalError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from alerts.clock import utc_now
from alerts.store.database_url import driver_options, parse_address
from alerts.store.store_error import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION = table("alembic_version", column("version_num"))
CONNECTIONS = 20  # that a process keeps open to its database
BUSY = 30.0  # seconds that SQLite waits for another process to write; each write takes less than one
GIVE_WAY = 0.12  # seconds: longer than the longest pause between two looks of SQLite's busy handler
MIGRATION_LOCK = 7_246_011  # arbitrary numbers that PostgreSQL's advisory locks go by
CHANGE_LOCK = 7_246_012
NO_RIGHTS = ("42501", "3F000")  # PostgreSQL: insufficient privilege; no such schema
CORRUPT = sqlite3.SQLITE_CORRUPT
WAL_IS_SAFE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))  # releases with the WAL-reset fix, by minor version


class Database:
    """A database and its transactions. Raises StoreError where it cannot be opened."""

    def __init__(self, url: str) -> None:
        self.url = parse_address(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._turn: Any = threading.RLock() if self.sqlite else _Free()
        self._engine = _sqlite(self.url) if self.sqlite else _postgresql(self.url)

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
        return Path(self.url.database) if self.sqlite and self.url.database else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes. Threads of one process take turns, so none waits for SQLite's busy timeout."""
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
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
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
        """Bring the tables up to date, one process at a time."""
        if self.is_current():
            return
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
        with self.read() as connection:
            if not inspect(connection).has_table(VERSION.name):
                return False
            return connection.execute(select(VERSION.c.version_num)).scalars().all() == [_last_migration()]

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
            if message == "unable to open database file" and self.path:
                message += f": may user {os.getuid()} write to the folder {self.path.resolve().parent}?"
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
        except PoolTimeout as error:
            raise StoreError(f"database {self.name}: all its connections are in use") from error


@lru_cache(maxsize=1)
def _last_migration() -> str:
    return max(path.name for path in (MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


def damaged(name: str, how: str) -> StoreError:
    """Return the error for a damaged SQLite file."""
    return StoreError(
        f"database {name} is damaged ({how}): put a copy in its place, or save what can be with "
        f"`sqlite3 {name} .recover`"
    )


class _Free:
    """No turn to wait for: PostgreSQL takes many writers."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"database {path}: cannot make its folder: {error.strerror}") from None
    if path.is_dir():
        raise StoreError(f"database {path}: that is a folder; name a file in it, such as sqlite:///{path}/alerts.db")
    engine = create_engine(url, connect_args={"timeout": BUSY, "isolation_level": None}, pool_size=CONNECTIONS)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal_is_safe(sqlite3.sqlite_version_info) else 'TRUNCATE'}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    opened: list[str] = []

    @event.listens_for(engine, "do_connect")
    def _never_anew(_: object, __: object, arguments: list[Any], options: dict[str, Any]) -> None:
        # Once it was there, an empty database in its place would only hide that it is gone.
        if opened:
            arguments[0], options["uri"] = f"{path.absolute().as_uri()}?mode=rw", True
        opened.append(str(path))

    @event.listens_for(engine, "handle_error")
    def _is_damaged(context: ExceptionContext) -> None:
        # Here, because what fails while a batch is written fails outside of the function that opened the transaction.
        error = context.original_exception
        if isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF == CORRUPT:
            raise damaged(str(path.resolve()), str(error)) from error

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("looks"):
            return
        # The driver's own deferred BEGIN would let a read-then-write lose against another writer.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _postgresql(url: URL) -> Engine:
    address, options = driver_options(url)
    try:
        engine = create_engine(address, pool_pre_ping=True, pool_size=CONNECTIONS, connect_args=options)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError("PostgreSQL needs its driver: pip install 'deadline-alerts[postgres]'") from None
    except ArgumentError as error:  # a port among the options that is no number
        raise StoreError(f"the database address cannot be used: {error}") from None

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _: object, arguments: list[Any], options: dict[str, Any]) -> Any:
        try:
            return dialect.connect(*arguments, **options)
        except (TypeError, ValueError) as error:  # of the address: a host with a label that is too long, say
            raise StoreError(f"the database address cannot be used: {error}") from None

    return engine


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the fix for losing commits at a WAL reset (https://sqlite.org/wal.html, bug of 3.7.0)."""
    return version >= WAL_IS_SAFE[-1] or any(version[:2] == safe[:2] and version >= safe for safe in WAL_IS_SAFE)
