"""The UID and SEQUENCE of each commitment in the calendars of readers (RFC 5545 §3.8.4.7, §3.8.7.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, bindparam, select

from alerts.clock import utc_now
from alerts.core.icalendar import uid_of
from alerts.core.notifications import CalendarEntry
from alerts.store import tables
from alerts.store.rows import chunks, insert_new

_C, _U = tables.commitments.c, tables.calendar_uids.c
INSTALLATION = "installation"
_KNOWN = select(tables.meta.c.value).where(tables.meta.c.name == INSTALLATION)
_ENTRIES = select(_C.id, _C.key, _C.sequence).where(_C.id.in_(bindparam("ids", expanding=True)))
_KEPT = select(tables.calendar_uids).where(_U.commitment_id.in_(bindparam("ids", expanding=True)))


def entries(connection: Connection, about: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], CalendarEntry]:
    """Return the entries of commitments and occurrences, by id and name: `KEY@INSTALLATION`, `KEY.NAME@INSTALLATION`.

    What was sent before there was an installation's id keeps the UID that it was sent with.
    """
    here: dict[int, Any] = {}
    kept: dict[tuple[int, str], str] = {}
    installation = installation_id(connection)
    for some in chunks({one for one, _ in about}):
        here |= {row.id: row for row in connection.execute(_ENTRIES, {"ids": some})}
        rows = connection.execute(_KEPT, {"ids": some})
        kept |= {(row.commitment_id, row.occurrence): row.uid for row in rows}
    return {
        (one, name): CalendarEntry(
            uid=kept.get((one, name)) or uid_of(here[one].key, name, installation),
            sequence=here[one].sequence,
        )
        for one, name in about
        if one in here
    }


def installation_id(connection: Connection) -> str:
    """Return the id of this database: random, and the same from its first use on."""
    if (found := connection.scalar(_KNOWN)) is None:
        row = {"name": INSTALLATION, "value": uuid4().hex, "at": utc_now()}
        connection.execute(insert_new(connection, tables.meta), row)
        found = connection.execute(_KNOWN).scalar_one()  # another process may have been first
    return str(found)
