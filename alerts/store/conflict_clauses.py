"""INSERT statements with ON CONFLICT that SQLAlchemy compiles once, and not each time they are executed.

SQLAlchemy 2.0 has no cache key for such a clause, so it compiles the whole statement again: half a millisecond for each
batch of alerts or watches. Version 2.1 has one; with it, `dialect.insert` does the same.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import Table


@cache
def insert_or_leave(dialect: str, table: Table) -> Any:
    """Return an INSERT that leaves rows alone that are there already. `dialect` is `sqlite` or `postgresql`."""
    dml = _dml(dialect)
    statement = _with_a_key(dml.Insert)(table)
    statement._post_values_clause = _with_a_key(dml.OnConflictDoNothing, _traverse_internals=[])()
    return statement


@cache
def insert_or_update(dialect: str, table: Table, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    """Return an INSERT that brings columns (`names`) of rows up to date that are there already, by their `key`."""
    dml = _dml(dialect)
    statement = _with_a_key(dml.Insert)(table)
    clause = _with_a_key(dml.OnConflictDoUpdate, _traverse_internals=[])
    changed = {name: statement.excluded[name] for name in names}
    statement._post_values_clause = clause(index_elements=list(key), set_=changed)
    return statement


def _dml(dialect: str) -> Any:
    return import_module(f"sqlalchemy.dialects.{dialect}.dml")  # of the other database, nothing is imported


def _with_a_key(element: Any, **attributes: object) -> Any:
    """Return a class for one statement. So the class alone tells its clause from all others."""
    return type(element.__name__, (element,), {"inherit_cache": True, **attributes})
