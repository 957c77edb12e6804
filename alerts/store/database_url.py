"""Database addresses: read, checked, and what of them the driver takes as another type than text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from alerts.store.store_error import StoreError

# Python's own arguments of the driver and of SQLAlchemy, which an address must not reach: `autocommit` would end every
# transaction after its first statement.
_NOT_HERE = ("autocommit", "context", "conninfo", "cursor_factory", "plugin", "row_factory")
_OFF = ("0", "none")


def parse_address(text: str) -> URL:
    """Return the address of a database. Raises StoreError for one that cannot be used."""
    try:
        parsed = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise StoreError("the database address cannot be read: expected sqlite:///var/alerts.db or "
                         "postgresql+psycopg://user@host/name") from None  # fmt: skip
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise StoreError(f"databases of the kind {backend!r} are not supported: sqlite or postgresql")
    return _sqlite(parsed) if backend == "sqlite" else _postgresql(parsed)


def may_exist(text: str) -> bool:
    """Return whether there may be a database at an address, without making one. Raises StoreError for a bad address."""
    url = parse_address(text)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


def sqlite_file(text: str) -> Path | None:
    """Return the file of an SQLite database. Raises StoreError for a bad address."""
    url = parse_address(text)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _sqlite(url: URL) -> URL:
    elsewhere = url.host or url.username or url.password or url.port
    if url.database in (None, "", ":memory:") or url.query or elsewhere or "\0" in (url.database or ""):
        raise StoreError("an SQLite database needs a file, and takes no options: sqlite:///var/alerts.db (alerts must "
                         "survive a restart)")  # fmt: skip
    return url.set(drivername="sqlite")


def _postgresql(url: URL) -> URL:
    parts = (url.host, url.username, url.password, url.database, *url.query, *_flat(url.query.values()))
    for part in filter(None, parts):
        if "\0" in part or (not part.isascii() and part != part.encode(errors="replace").decode()):
            raise StoreError("the database address holds a character that no server takes (a zero byte, or bytes that "
                             "are not UTF-8)")  # fmt: skip
    if refused := sorted(set(url.query) & set(_NOT_HERE)):
        raise StoreError(f"the database address has the option `{refused[0]}`, which alerts sets itself: leave it out")
    for encoding in _flat([url.query.get("client_encoding", "utf8")]):
        if encoding.lower().replace("-", "") != "utf8":
            raise StoreError(f"the database address has client_encoding={encoding!r}: alerts needs UTF-8, leave it out")
    _prepare_threshold(url)
    return url.set(drivername="postgresql+psycopg")


def driver_options(url: URL) -> tuple[URL, dict[str, Any]]:
    """Split a PostgreSQL address: what the server's library reads of it, and what the driver takes as a number.

    `prepare_threshold=0` turns prepared statements off, for a pooler such as pgbouncer that hands each transaction to
    another connection. (The driver's own 0 would prepare each statement at once, which no use of alerts asks for.)
    """
    if "prepare_threshold" not in url.query:
        return url, {}
    return url.difference_update_query(["prepare_threshold"]), {"prepare_threshold": _prepare_threshold(url)}


def _prepare_threshold(url: URL) -> int | None:
    stated = url.query.get("prepare_threshold", "5")
    if isinstance(stated, str) and stated.lower() in _OFF:
        return None
    if isinstance(stated, str) and stated.isascii() and stated.isdigit() and len(stated) < 7:
        return int(stated)
    raise StoreError(f"the database address has prepare_threshold={stated!r}: expected 0 to turn prepared statements "
                     "off (for pgbouncer), or after how many uses one is prepared")  # fmt: skip


def _flat(values: Any) -> list[str]:
    return [one for value in values for one in ((value,) if isinstance(value, str) else value)]
