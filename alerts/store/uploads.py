"""Files that were uploaded to a page, between the look at what they would change and their load."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from alerts.store import tables
from alerts.store.database import Database
from alerts.store.rows import add_missing, chunks

KEPT_FOR = timedelta(hours=1)
MOST = 20  # are kept at once: a new one takes the place of the oldest
_U, _C = tables.uploads.c, tables.commitments.c


class Uploads:
    """The uploads of a database, each by the hash of its content: any replica finds it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, content: bytes, now: datetime) -> str:
        """Store the content of a file for an hour. Return its hash."""
        found = hashlib.sha256(content).hexdigest()
        packed = base64.b64encode(zlib.compress(content, 1)).decode()
        latest = select(_U.hash).order_by(_U.uploaded_at.desc(), _U.hash).limit(MOST - 1)
        with self._database.write() as connection:
            kept = list(connection.execute(latest).scalars())
            gone = _is_old(now) | (_U.hash == found) | _U.hash.not_in(kept)
            connection.execute(delete(tables.uploads).where(gone))
            add_missing(connection, tables.uploads, [{"hash": found, "content": packed, "uploaded_at": now}])
        return found

    def forget_old(self, now: datetime) -> None:
        """Delete what was kept for its hour. The daemon asks often, so nothing is written where there is none."""
        with self._database.read() as connection:
            has_old = connection.execute(select(_U.hash).where(_is_old(now)).limit(1)).first()
        if has_old:
            with self._database.write() as connection:
                connection.execute(delete(tables.uploads).where(_is_old(now)))

    def find(self, hashed: str, now: datetime) -> bytes | None:
        """Return the content of an upload; None where it is not kept, or not any more."""
        query = select(_U.content).where(_U.hash == hashed, _U.uploaded_at > now - KEPT_FOR)
        with self._database.read() as connection:
            packed = connection.execute(query).scalar()
        return zlib.decompress(base64.b64decode(packed)) if packed else None

    def registers(self) -> dict[str, int]:
        """Return how many commitments came from each register that was uploaded, by its name.

        Files that commands have loaded are stored with their whole path, so they are none.
        """
        query = select(_C.loaded_from, func.count()).where(_C.loaded_from.is_not(None)).group_by(_C.loaded_from)
        with self._database.read() as connection:
            found = dict(connection.execute(query.order_by(_C.loaded_from)).tuples().all())
        return {name: count for name, count in found.items() if name and is_register(name)}

    def loaded_from(self, keys: list[str]) -> Mapping[str, str | None]:
        """Return where commitments were last loaded from, by key; None where nobody has loaded them."""
        found: dict[str, str | None] = {}
        with self._database.read() as connection:
            for some in chunks(keys):
                query = select(_C.key, _C.loaded_from).where(_C.key.in_(some))
                found |= dict(connection.execute(query).tuples().all())
        return found


def _is_old(now: datetime) -> ColumnElement[bool]:
    return _U.uploaded_at <= now - KEPT_FOR


def is_register(name: str) -> bool:
    """Return whether the stored name of a file is that of a register of a page."""
    return bool(name) and not name.startswith("/") and name != "-"
