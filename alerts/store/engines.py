"""How a database is opened: an SQLite file, a PostgreSQL server, or an empty database that stands in for either."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from alerts.store.database_url import driver_options
from alerts.store.store_error import DamagedError, StoreError
from alerts.store.stored_message import as_json, read_json
from alerts.store.table_types import metadata

CONNECTIONS = 20  # that a process keeps open to its database
BUSY = 30.0  # seconds that SQLite waits for another process to write; each write takes less than one
CORRUPT = sqlite3.SQLITE_CORRUPT
_JSON: dict[str, Any] = {"json_serializer": as_json, "json_deserializer": read_json}
WAL_IS_SAFE = ((3, 44, 6), (3, 50, 7), (3, 51, 3))  # releases with the WAL-reset fix, by minor version


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"database {path}: cannot make its folder: {error.strerror}") from None


def sqlite_engine(url: URL, *, anew: bool) -> Engine:
    """Return the engine of a file; `anew`: it is made, with its folder, where it is not there."""
    path = Path(url.database or "")
    if anew:
        _make_folder(path)
    if path.is_dir():
        raise StoreError(f"database {path}: that is a folder; name a file in it, such as sqlite:///{path}/alerts.db")
    engine = create_engine(url, connect_args={"timeout": BUSY, "isolation_level": None}, pool_size=CONNECTIONS, **_JSON)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA journal_mode={'WAL' if wal_is_safe(sqlite3.sqlite_version_info) else 'TRUNCATE'}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    opened: list[str] = [] if anew else [str(path)]

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


def postgresql_engine(url: URL) -> Engine:
    address, options = driver_options(url)
    try:
        engine = create_engine(
            address, pool_pre_ping=True, pool_size=CONNECTIONS, connect_args=options, json_serializer=as_json
        )
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


def empty_engine() -> Engine:
    """Return an engine on an empty database in memory, for those who read where there is none yet."""
    from alerts.store import delivery_tables, planning_tables, tables  # noqa: F401  # they add themselves to the metadata

    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(engine)
    return engine


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite has the fix for losing commits at a WAL reset (https://sqlite.org/wal.html, bug of 3.7.0)."""
    return version >= WAL_IS_SAFE[-1] or any(version[:2] == safe[:2] and version >= safe for safe in WAL_IS_SAFE)


def damaged(name: str, how: str) -> DamagedError:
    """Return the error for a damaged SQLite file."""
    return DamagedError(
        f"database {name} is damaged ({how}): put a backup in its place with `alerts restore FILE`, or save what can "
        f"be with `sqlite3 {name} .recover`"
    )
