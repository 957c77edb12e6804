"""Ids as a database has them, for tests that ask it without SQLAlchemy."""

from __future__ import annotations

from uuid import UUID


def stored_id(value: bytes | str | UUID) -> UUID:
    """Return an id: PostgreSQL has UUIDs, SQLite 16 octets, and before schema 0037 32 letters."""
    return UUID(bytes=value) if isinstance(value, bytes) else UUID(str(value))
