"""The databases of this folder: which there are, and how one is put back."""

from __future__ import annotations

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

FOLDER = Path(__file__).parent
KINDS = ("sqlite", "postgresql")


def path(schema: str, kind: str) -> Path:
    return FOLDER / kind / f"{schema}.sql.xz"


def schemas(kind: str) -> list[str]:
    """Return the schemas of which there is a database."""
    return sorted(one.name[:4] for one in (FOLDER / kind).glob("*.sql.xz"))


def write(schema: str, kind: str, statements: str) -> None:
    path(schema, kind).parent.mkdir(exist_ok=True)
    path(schema, kind).write_bytes(lzma.compress(statements.encode(), preset=9 | lzma.PRESET_EXTREME))


def restore(schema: str, kind: str, url: str) -> None:
    """Put a database back at an address where there is nothing."""
    statements = lzma.decompress(path(schema, kind).read_bytes()).decode()
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            database.executescript(statements)
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statements.encode())


def sqlite_dump(url: str) -> str:
    """Return an SQLite database as SQL statements."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        return "\n".join(database.iterdump())
