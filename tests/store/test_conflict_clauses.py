"""INSERT with ON CONFLICT is compiled once, and what tells two of them apart is never mixed up."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from alerts.store import Store, tables
from alerts.store.rows import add_missing, insert_new, upsert

ROW = {"key": "us", "name": "United States", "timezone": None, "calendar": None}


def inserts(compiled: dict[Any, Any]) -> int:
    return sum(one.isinsert for one in compiled.values())


def stored(connection: Any) -> Any:
    c = tables.parties.c
    return connection.execute(select(c.key, c.name, c.timezone)).all()


def test_each_is_compiled_once_and_does_what_it_states(store: Store) -> None:
    compiled = dict[Any, Any]()
    with store.database.write() as connection:
        connection.execution_options(compiled_cache=compiled)
        for name in ("United States", "USA"):
            upsert(connection, tables.parties, ["key"], [ROW | {"name": name}])
        assert inserts(compiled) == 1
        assert stored(connection) == [("us", "USA", None)]
        for name in ("America", "US"):  # fewer columns: the others stay
            upsert(connection, tables.parties, ["key"], [{"key": "us", "name": name}])
        upsert(connection, tables.parties, ["key"], [ROW | {"timezone": "UTC", "name": "left"}])
        assert inserts(compiled) == 2
        assert stored(connection) == [("us", "left", "UTC")]
        for name in ("not", "this"):
            add_missing(connection, tables.parties, [ROW | {"name": name}])
        new = insert_new(connection, tables.parties).returning(tables.parties.c.key)
        found = [connection.execute(new, [ROW, ROW | {"key": "cn"}]).scalars().all() for _ in range(2)]
        assert found == [["cn"], []]
        assert inserts(compiled) == 2 + 2
        assert stored(connection) == [("us", "left", "UTC"), ("cn", "United States", None)]
