"""What a database's schema is, and how it differs from the one that the tables describe."""

from __future__ import annotations

import re
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Connection, inspect, text

from alerts.store import table_types


def differences(connection: Connection) -> list[Any]:
    """Return what Alembic would change to make the database what the tables say."""

    def is_of_this_kind(one: Any, *_: object) -> bool:
        return one.info.get("only") in (None, connection.dialect.name)

    how = {"compare_type": True, "compare_server_default": _json_default, "include_object": is_of_this_kind}
    return list(compare_metadata(MigrationContext.configure(connection, opts=how), table_types.metadata))


def _json_default(_context, _inspected, column, was, _default, wanted):  # type: ignore[no-untyped-def]
    """Whether the default of a JSON column differs: PostgreSQL has no `=` for json. Of others, Alembic's own answer."""
    plain = [str(one).removesuffix("::json").strip("'") for one in (was, wanted)]
    return plain[0] != plain[1] if isinstance(column.type, JSON) else None


def constraints(connection: Connection) -> dict[str, str]:
    """Return indexes and constraints: Alembic compares neither CHECKs nor what partial indexes leave out."""
    if connection.dialect.name == "postgresql":
        query = (
            "select indexname, indexdef from pg_indexes where schemaname = 'public' union all "
            "select conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint "
            "where connamespace = 'public'::regnamespace"
        )
    else:
        query = "select name, sql from sqlite_master where type = 'index' and sql is not null"
    found = {name: sql for name, sql in connection.execute(text(query)).tuples() if "alembic" not in name}
    inspector = inspect(connection)
    for name in table_types.metadata.tables:
        for check in inspector.get_check_constraints(name):
            found[f"{name}.{check['name']}"] = str(check["sqltext"])
        for key in inspector.get_foreign_keys(name):
            found[f"{name}.{key['name']}"] = str(sorted((what, str(value)) for what, value in key.items()))
    return {name: re.sub(r"\s+", " ", sql) for name, sql in found.items()}
