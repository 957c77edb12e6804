"""The rows in which a person stands, and the pseudonym in their place: in all tables, whatever columns they have."""

from __future__ import annotations

import base64
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    Text,
    and_,
    delete,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)

from alerts.core.pseudonyms import Pseudonym
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.alert_digests import alert_digest
from alerts.store.database import Database
from alerts.store.stored_message import DEFLATED, StoredMessage, compressed, decompressed
from alerts.store.table_types import JSON, metadata

BATCH = 100  # rows that one transaction reads, or changes: with their messages it takes a fifth of a second
UNSENT = {"payload": None, "payload_hash": None, "entries": None}
UNDER_WAY = "erasing:"  # the fact that has the names until the work is done, before the key
NAMED = (tables.meta, tables.resolved_with, tables.requests, planning_tables.rules, planning_tables.processes)
TABLES = [
    delivery_tables.deliveries,  # first: what is being sent now ends the work before anything depends on it
    *(one for one in metadata.sorted_tables if one not in (delivery_tables.deliveries, tables.people)),
]
SHOWN = (tables.commitments, tables.occurrences, tables.snoozes)
_C, _D = tables.commitments.c, delivery_tables.deliveries
_L, _R = delivery_tables.delivery_reminders.c, planning_tables.reminders.c


def named_in(database: Database, pseudonym: Pseudonym) -> dict[str, Counter[str]]:
    """Return how many rows of each table have a person, by column. Nothing changes."""
    found: dict[str, Counter[str]] = {}
    for table in (*TABLES, tables.people):
        for rows in _batches(database, table):
            for row in rows:
                if changed := _changed(table, row, pseudonym):
                    found.setdefault(table.name, Counter()).update(changed.keys())
    return found


def replace_in(database: Database, table: Table, pseudonym: Pseudonym) -> tuple[int, int]:
    """Put a pseudonym in the place of a person in one table; returns how many rows changed, and how many could not.

    Rows are looked through without a lock, a batch at a time; those that change are read again in their transaction.
    What is being sent now stays, for its worker writes down what became of it.
    """
    done = left = 0
    for rows in _batches(database, table):
        found = [(row, changed) for row in rows if (changed := _changed(table, row, pseudonym))]
        if not found:
            continue
        with database.change() as connection:
            could = [_replace(connection, table, row, values, pseudonym) for row, values in found]
        done, left = done + sum(could), left + len(could) - sum(could)
        database.give_way()
    return done, left


def _replace(
    connection: Connection, table: Table, seen: RowMapping, changed: dict[str, Any], pseudonym: Pseudonym
) -> bool:
    """Change a row as it was worked out before the transaction, if nobody has changed it since."""
    here = and_(*(column == seen[column.name] for column in table.primary_key))
    row = connection.execute(_query(table).where(here).with_for_update()).mappings().first()
    if row is None:
        return True
    if row != seen and not (changed := _changed(table, row, pseudonym)):
        return True
    if table is tables.uploads:
        connection.execute(delete(table).where(here))
        return True
    if table is _D and row["state"] == "leased":
        return False
    if table is _D and row["state"] in ("pending", "retry"):
        changed |= UNSENT  # rendered anew, it has links of its own
    if changed.keys() & table.primary_key.columns.keys():  # a run that was cut short may have left it: the later holds
        became = [column == changed.get(column.name, row[column.name]) for column in table.primary_key]
        connection.execute(delete(table).where(*became))
    connection.execute(update(table).where(here).values(**changed))
    if table is _D and changed.keys() & {"channel", "recipient"}:
        _rekey(connection, _L.delivery_id == row["id"])
    if table is planning_tables.reminders and "occurrence" in changed:
        _rekey(connection, _L.reminder_id == row["id"])
    if table in SHOWN:  # pages keep in memory what is open, and read again what has risen
        mine = _C.id == (row["id"] if table is tables.commitments else row["commitment_id"])
        connection.execute(update(tables.commitments).where(mine).values(sequence=_C.sequence + 1))
    return True


def _rekey(connection: Connection, which: ColumnElement[bool]) -> None:
    """Make the keys of links anew, which are digests of what has changed: nobody can find the name by trying it out."""
    query = select(
        _L.alert, _L.delivery_id, _R.commitment_id, _R.occurrence, _R.bounds_version, _R.kind, _R.moment, _D.c.channel,
        _D.c.recipient,
    )  # fmt: skip
    query = query.join(planning_tables.reminders, _R.id == _L.reminder_id).join(_D, _D.c.id == _L.delivery_id)
    for was, delivery, *key, channel, recipient in connection.execute(query.where(which)).all():
        became = alert_digest(tuple(key), channel, recipient)
        if connection.execute(select(_L.alert).where(_L.alert == became)).first():  # another spelling had it, too
            became = alert_digest(tuple(key), channel, f"{recipient} {delivery}")
        connection.execute(update(delivery_tables.delivery_reminders).where(_L.alert == was).values(alert=became))


def _batches(database: Database, table: Table) -> Iterator[list[RowMapping]]:
    """Yield all rows of a table, some at a time: each time is a transaction of its own."""
    key = list(table.primary_key)
    query, last = _query(table).order_by(*key).limit(BATCH), None
    while True:
        after = () if last is None else (tuple_(*key) > tuple_(*(literal(last[one.name], one.type) for one in key)),)
        with database.read() as connection:
            rows = list(connection.execute(query.where(*after)).mappings())
        if not rows:
            return
        last = rows[-1]
        yield list(rows)


def _query(table: Table) -> Select[Any]:
    columns = [
        type_coerce(column, JSON).label(column.name) if isinstance(column.type, StoredMessage) else column
        for column in table.columns
    ]
    return select(*columns)


def _changed(table: Table, row: RowMapping, pseudonym: Pseudonym) -> dict[str, Any]:
    """Return the columns of a row that have a person, as they become."""
    found: dict[str, Any] = {}
    if table is tables.meta and row["name"].startswith(UNDER_WAY):
        return found
    for column in table.columns:
        value = row[column.name]
        if value is None:
            continue
        became = _became(column, value, pseudonym)
        if became != value:
            found[column.name] = became
    return found


def _became(column: Any, value: Any, pseudonym: Pseudonym) -> Any:
    if column.table is tables.uploads and column.name == "content":
        text = zlib.decompress(base64.b64decode(value)).decode(errors="replace")
        return None if pseudonym.in_text(text) != text else value
    if isinstance(column.type, StoredMessage):
        if value.keys() != {DEFLATED}:
            return pseudonym.in_value(value)
        message = decompressed(value)
        changed = pseudonym.in_value(message)
        return value if changed == message else compressed(changed)
    if isinstance(column.type, sqlalchemy.JSON):
        return pseudonym.in_value(value, column.name)
    if not isinstance(column.type, Text):
        return value
    if column.table is tables.meta and column.name == "value":
        return pseudonym.in_stated_json(value)
    return pseudonym.in_text(value, _name(column))


def _name(column: Any) -> str:
    """Return the name that says what a column holds."""
    return "id" if column.table in NAMED and column.primary_key else str(column.name)
