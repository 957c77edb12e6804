"""Find rows that a damaged index of an SQLite file hides: without it, due rows would stay unnoticed."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from alerts.store.database import Database
from alerts.store.store_error import StoreError
from alerts.store.table_types import Utc

SLICE = 2_000  # rows that each check reads without the index: under a millisecond for a table of any size
_DUE = (
    ("watches", "ix_watches_next_at", "next_at <= :now"),
    ("commitments", "ix_commitments_changed", "changed_at IS NOT NULL"),
    ("deliveries", "ix_deliveries_open", "state IN ('pending', 'retry', 'leased')"),
)


def check_indexes(database: Database, now: datetime) -> None:
    """Raise StoreError where an index misses a due row.

    A small table is compared as a whole, a large one in a random part. The full check takes seconds, so the daemon
    does it when it starts.
    """
    if not database.sqlite:
        return
    with database.read() as connection:
        bound = Utc().process_bind_param(now, connection.dialect)
        values: dict[str, Any] = {"now": bound and bound.strftime("%Y-%m-%d %H:%M:%S.%f")}
        for table, index, due in _DUE:
            first = _first(connection, table)
            rows = f"SELECT rowid FROM {table} NOT INDEXED WHERE rowid BETWEEN :first AND :last AND {due}"  # noqa: S608  # of names that stand above
            known = f"SELECT rowid FROM {table} INDEXED BY {index} WHERE {due} AND rowid BETWEEN :first AND :last"  # noqa: S608  # as above
            these = values | {"first": first, "last": first + SLICE - 1}
            query = text(f"{rows} EXCEPT {known} LIMIT 1")
            if connection.execute(query, these).first():
                raise StoreError(
                    f"database {database.name} is damaged (rows of {table} are missing from {index}): nothing that it "
                    f"hides is sent. Make it anew with `sqlite3 {database.name} 'REINDEX {index}'`, then start the "
                    "daemon, which checks the whole file"
                )


def _first(connection: Connection, table: str) -> int:
    last = connection.execute(text(f"SELECT max(rowid) FROM {table}")).scalar() or 0  # noqa: S608  # as above
    return 1 + SLICE * random.randrange(last // SLICE + 1)  # noqa: S311  # no secret
