"""All that a database knows, as a file that an empty database of either kind can load."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, Table, Text, not_, null, or_, select, type_coerce

from alerts.core.liveness import PASS
from alerts.store import planning_tables
from alerts.store.backup import copy_database, open_file
from alerts.store.complete_file import META, TABLES, Header, end_line, row_line
from alerts.store.database import Database, migrations
from alerts.store.draft_files import draft, put_in_place, require_space
from alerts.store.held_sending import HOLDS, RESUMED, find_hold
from alerts.store.outbox.bounces import KEY
from alerts.store.store_error import StoreError
from alerts.store.stored_message import StoredMessage
from alerts.store.table_types import JSON

AT_ONCE = 1_000  # rows in memory
OF_THIS_PLACE = {*HOLDS, RESUMED, KEY}  # facts that another database does not take over
CLAIM = {"claimed_by", "claimed_until"}  # of a watch that a process evaluates just now


def export_all(database: Database, target: Path, now: datetime) -> None:
    """Write all that a database knows into a file, as of one moment. The file has no secrets, and nobody waits for it.

    Raises StoreError, and leaves the target as it was.
    """
    if database.is_missing:
        raise StoreError(f"there is no database at {database.name}: there is nothing to export")
    try:
        with _one_state(database, target) as connection, draft(target, "draft") as path:
            _write(connection, path, now)
            put_in_place(path, target)
    except OSError as error:
        raise StoreError(f"{target}: the export cannot be written: {error.strerror}") from None


@contextmanager
def _one_state(database: Database, target: Path) -> Iterator[Connection]:
    """Yield a connection that sees one state of a database.

    With SQLite it is a copy: without a WAL, whoever reads for long keeps those waiting who write.
    """
    if database.path is None:
        with database.read() as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection
        return
    require_space(target.resolve().parent, 2 * database.path.stat().st_size, "an export")
    with draft(target, "copy") as path:
        with closing(open_file(database.path)) as source:
            copy_database(source, database.path, path)
        with closing(Database(f"sqlite:///{path}", "read")) as copy, copy.read() as connection:
            yield connection


def _write(connection: Connection, path: Path, now: datetime) -> None:
    hold = find_hold(connection)
    header = Header(schema=migrations()[-1], taken_at=hold.taken_at if hold else now).line()
    digest, rows = hashlib.sha256(header), 0
    with path.open("wb") as file:
        file.write(header)
        for line in _row_lines(connection):
            digest.update(line)
            file.write(line)
            rows += 1
        file.write(end_line(rows, digest.hexdigest()))


def _row_lines(connection: Connection) -> Iterator[bytes]:
    collation = "BINARY" if connection.dialect.name == "sqlite" else "C"
    for table in TABLES:
        for row in connection.execute(_query(table, collation), execution_options={"yield_per": AT_ONCE}).mappings():
            yield row_line(table, row)


def _query(table: Table, collation: str) -> Select[Any]:
    """Return what reads a table. The collation compares bytes: PostgreSQL would sort by the server's language."""
    query = select(*(_as_stored(column) for column in table.columns))
    if table.name == META:
        query = query.where(not_(or_(table.c.name.in_(OF_THIS_PLACE), table.c.name.startswith(PASS))))
    return query.order_by(
        *(column.collate(collation) if isinstance(column.type, Text) else column for column in table.primary_key)
    )


def _as_stored(column: Any) -> Any:
    if column.table is planning_tables.watches and column.name in CLAIM:  # no other process shall wait for its end
        return null().label(column.name)
    if isinstance(column.type, StoredMessage):
        return type_coerce(column, JSON).label(column.name)  # compressed, where it is
    return column
