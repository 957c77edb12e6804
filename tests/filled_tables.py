"""Every table of a database with rows in it, and every text that these hold."""

from __future__ import annotations

import base64
import json
import random
import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, Table, Text, insert, select

from alerts.store import Store
from alerts.store.stored_message import StoredMessage, compressed
from alerts.store.table_types import Id, Utc, metadata
from tests.factories import NOW

TEXTS = ("", "plain", "Ünïcode 🚀 \u2028", "two\nlines", '"quoted" \\ and, comma', "null", "Z", "a", "É", "-", "_")


Rows = dict[str, list[dict[str, Any]]]


def value_of(column: Column[Any], number: int, text: str, dice: random.Random) -> Any:
    """Return some value for a column, with a text where it has one; now and then none where that is allowed."""
    if column.nullable and dice.random() < 0.2:
        return None
    if column.name == "status":
        return "open"
    if column.name == "content" and column.table.name == "uploads":
        return base64.b64encode(zlib.compress(text.encode())).decode()
    match column.type:
        case Boolean():
            return dice.random() < 0.5
        case Integer():
            return number + 7 if column.primary_key else dice.randrange(2**31)
        case Utc():
            return NOW + timedelta(microseconds=dice.randrange(10**15))
        case LargeBinary():
            return dice.randbytes(16)
        case Id():
            return UUID(int=dice.getrandbits(128))
        case StoredMessage():
            return compressed({"subject": text}) if dice.random() < 0.5 else {"subject": text, "z": 1, "a": None}
        case JSON():
            return dice.choice([{"z": text, "a": [1, 2.5, None, True]}, [text], [], {}])
    return f"{dice.getrandbits(64):016x}" if getattr(column.type, "length", None) else text


def fill(store: Store, seed: int, texts: Sequence[str] = TEXTS) -> None:
    """Put rows into every table, with values in every column."""
    dice, rows = random.Random(seed), defaultdict[str, list[dict[str, Any]]](list)
    with store.database.write() as connection:
        for table in metadata.sorted_tables:
            for number in range(25):
                text = f"{texts[number % len(texts)]} {number}"
                values = {one.name: value_of(one, number, text, dice) for one in table.columns}
                rows[table.name].append(values | _references(table, number, rows))
            if table.name == "references":
                pairs = ((7 + one, 7 + another) for one in range(5) for another in range(5))
                rows[table.name] = [{"commitment_id": one, "depends_on": another} for one, another in pairs]
            if table.name == "delivery_reminders":
                for number, row in enumerate(rows[table.name]):
                    row["delivery_id"] = rows["deliveries"][number]["id"]
            connection.execute(insert(table), rows[table.name])


def _references(table: Table, number: int, rows: Rows) -> dict[str, Any]:
    """Return the columns of a row that refer to rows of other tables."""
    to = {column.name: key.column for column in table.columns for key in column.foreign_keys}
    return {name: rows[column.table.name][number % 5][column.name] for name, column in to.items()}


def texts_of(store: Store) -> list[tuple[str, str, str]]:
    """Return every text of every column of every table, messages unpacked, with its table and column."""
    found = []
    with store.database.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column in table.columns:
                    value = row[column.name]
                    if value is not None and isinstance(column.type, Text | JSON | StoredMessage):
                        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                        found.append((table.name, column.name, text))
    return found
