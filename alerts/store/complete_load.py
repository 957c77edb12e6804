"""An empty database gets all that another one knew, and holds sending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from alerts.store import tables
from alerts.store.complete_file import TABLES, read_rows, verified_header
from alerts.store.database import Database, migrations
from alerts.store.held_sending import hold_sending
from alerts.store.rows import chunks
from alerts.store.store_error import StoreError
from alerts.store.table_types import metadata

OF_EACH = {tables.resolved_with}  # what a database has from its first use on


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a database got: as of when, and how many rows each table has."""

    taken_at: datetime
    counts: dict[str, int]


def load_all(database: Database, file: Path, now: datetime, progress: Callable[[int], None]) -> Loaded:
    """Load a complete export into an empty database and hold sending, in one transaction.

    The export knows what was sent until it was made, so none of it is sent again. It does not know what was sent
    since, so nothing is sent until a person has looked. `progress` gets the number of rows so far. Raises StoreError,
    and leaves the database as it was.
    """
    header = verified_header(file)
    if header.schema != migrations()[-1]:
        raise StoreError(
            f"{file}: made by another release of alerts (tables {header.schema}, here {migrations()[-1]}): load it "
            "with that release, or export again with this one"
        )
    with database.change() as connection:
        _lock(connection)
        _require_empty(database, connection)
        for table in OF_EACH:
            connection.execute(delete(table))
        counts = _insert(connection, file, progress)
        hold_sending(connection, header.taken_at, now)
        _count_on(connection)
    for table in TABLES:
        if counts.get(table.name):
            database.analyze(_quoted(database, table))
    return Loaded(taken_at=header.taken_at, counts=counts)


def _lock(connection: Connection) -> None:
    """Keep a daemon that starts now from registering its rules in between; an SQLite file is locked already."""
    if connection.dialect.name != "sqlite":
        prepare = connection.dialect.identifier_preparer
        names = ", ".join(prepare.format_table(table) for table in metadata.sorted_tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")


def _require_empty(database: Database, connection: Connection) -> None:
    found = {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in metadata.sorted_tables
        if table not in OF_EACH
    }
    there = [f"{count:,} in {name}" for name, count in found.items() if count]
    if there:
        raise StoreError(
            f"{database.name} is not empty ({', '.join(there[:3])}): a complete export is loaded into an empty "
            "database only; name another one with --database"
        )


def _insert(connection: Connection, file: Path, progress: Callable[[int], None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table, pairs in groupby(read_rows(file), key=lambda pair: pair[0]):
        for rows in chunks(row for _, row in pairs):
            connection.execute(insert(table), rows)
            counts[table.name] = counts.get(table.name, 0) + len(rows)
            progress(sum(counts.values()))
    return counts


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL number what comes next after what is there, as SQLite does by itself."""
    if connection.dialect.name == "sqlite":
        return
    for table in TABLES:
        column: Any = table.autoincrement_column
        if column is not None and (last := connection.scalar(select(func.max(column)))):
            connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, column.name), last)))


def _quoted(database: Database, table: Table) -> str:
    with database.read() as connection:
        return connection.dialect.identifier_preparer.format_table(table)
