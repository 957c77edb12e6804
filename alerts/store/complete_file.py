"""The form of a complete export: JSON Lines (https://jsonlines.org), the same from both kinds of database.

The first line says what the file is. Each further line is one row: the table, and the columns that have a value. The
last one counts the rows and has the SHA-256 of all bytes before it, so that a file which was cut short is noticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary, RowMapping, Table

from alerts.store import delivery_tables, planning_tables, tables  # noqa: F401  # they add themselves to the metadata
from alerts.store.backup import SECRETS
from alerts.store.complete_mark import MARK
from alerts.store.store_error import StoreError
from alerts.store.table_types import Id, Utc, metadata

FORMAT = 1
META = tables.meta.name
LEFT_OUT = {*SECRETS, planning_tables.processes.name, tables.uploads.name} - {META}  # secrets, and what lives an hour
TABLES = [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]  # those that others refer to first


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line says: the version of the tables, and as of when the rows are."""

    schema: str
    taken_at: datetime

    def line(self) -> bytes:
        """Return the line."""
        return dumped({MARK: FORMAT, "schema": self.schema, "taken_at": _time(self.taken_at)})


def dumped(value: Mapping[str, Any]) -> bytes:
    """Return a value as a line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def row_line(table: Table, row: RowMapping) -> bytes:
    """Return the line of a row."""
    return dumped({table.name: {name: _plain(value) for name, value in row.items() if value is not None}})


def end_line(rows: int, sha256: str) -> bytes:
    """Return the last line."""
    return dumped({"end": {"rows": rows, "sha256": sha256}})


def verified_header(file: Path) -> Header:
    """Read all of a file, and return what its first line says. Raises StoreError where it is not whole."""
    digest, count, line = hashlib.sha256(), 0, b""
    with file.open("rb") as lines:
        first = next(lines, b"")
        digest.update(first)
        for following in lines:
            digest.update(line)
            count, line = count + 1, following
    if line != end_line(count - 1, digest.hexdigest()):
        raise StoreError(f"{file}: it is not whole, or was changed: export again, and copy the file in binary mode")
    stated = json.loads(first)
    if stated[MARK] != FORMAT:
        raise StoreError(f"{file}: made by a newer version of alerts than this one: load it with that version")
    return Header(schema=stated["schema"], taken_at=datetime.fromisoformat(stated["taken_at"]))


def read_rows(file: Path) -> Iterator[tuple[Table, dict[str, Any]]]:
    """Yield the rows of a file that was verified, each with all columns of its table."""
    known = {table.name: table for table in TABLES}
    with file.open("rb") as lines:
        next(lines)
        for line in lines:
            ((name, row),) = json.loads(line).items()
            if name != "end":
                yield known[name], {one.name: _value(one, row.get(one.name)) for one in known[name].columns}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, bytes):
        return value.hex()
    return value.hex if isinstance(value, UUID) else value


def _value(column: Column[Any], stated: Any) -> Any:
    if stated is None:
        return None
    if isinstance(column.type, Utc):
        return datetime.fromisoformat(stated)
    if isinstance(column.type, LargeBinary):
        return bytes.fromhex(stated)
    return UUID(stated) if isinstance(column.type, Id) else stated


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
