"""What a process of the tests makes once for all tests: SQL statements, templates, tables and the parsers of commands.

The program has one database and one renderer for its lifetime, and runs one command. The tests have thousands of each,
all alike. They also wait for no disk, and hardly for each other.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import alembic.command
import pytest
import typer.main
from alembic.config import Config
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from alerts.rendering.template_environment import Sandbox
from alerts.store import engines


class _ByKindOfDatabase(dict[tuple[Any, ...], Any]):
    """Compiled statements. SQLAlchemy asks by the dialect of one engine; here, engines of one kind share them."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


def share_statements(patch: pytest.MonkeyPatch) -> None:
    """Let all engines of one kind of database share what they have compiled, and how they store each type."""
    statements = _ByKindOfDatabase()
    types: defaultdict[type, WeakKeyDictionary[Any, Any]] = defaultdict(WeakKeyDictionary)

    def share(cls: type, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=statements)
        vars(engine.dialect)["_type_memos"] = types[cls]

    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(dialect, "engine_created", classmethod(share))


def share_templates(patch: pytest.MonkeyPatch) -> None:
    """Let all environments share the code of templates that have the same text, name and path."""
    compile_template = Sandbox.compile

    @cache
    def compile_once(autoescape: bool, *template: Any) -> Any:
        return compile_template(environments[autoescape], *template)

    environments: dict[bool, Sandbox] = {}

    def compile_shared(self: Sandbox, source: str, name: str | None = None, filename: str | None = None) -> Any:
        assert isinstance(self.autoescape, bool)
        environments.setdefault(self.autoescape, self)
        return compile_once(self.autoescape, source, name, filename)

    patch.setattr(Sandbox, "compile", compile_shared)


def share_commands(patch: pytest.MonkeyPatch) -> None:
    """Let all runs of a command share its parser."""
    for module in ("typer.main", "alerts.cli.command_group"):
        patch.setattr(f"{module}.get_command_from_info", cache(typer.main.get_command_from_info))
    patch.setattr("typer.main.get_command", cache(typer.main.get_command))


def share_tables(patch: pytest.MonkeyPatch) -> None:
    """Let an SQLite file that is empty get what the migrations made of the first one: forty of them take a while."""
    upgrade = alembic.command.upgrade
    made: list[str] = []

    def upgrade_once(config: Config, revision: str) -> None:
        connection = config.attributes["connection"]
        tables = "SELECT count(*) FROM sqlite_master"
        is_sqlite = connection.dialect.name == "sqlite"
        if revision != "head" or not is_sqlite or connection.exec_driver_sql(tables).scalar_one():
            upgrade(config, revision)
        elif made:
            for statement in made:
                connection.exec_driver_sql(statement)
        else:
            upgrade(config, revision)
            made.extend(list(connection.connection.driver_connection.iterdump())[1:-1])  # without BEGIN and COMMIT

    patch.setattr("alembic.command.upgrade", upgrade_once)


def wait_for_no_disk(patch: pytest.MonkeyPatch) -> None:
    """Let SQLite not wait until its writes have reached the disk: that only matters where the power fails."""

    def open_engine(*address: Any, **more: Any) -> Engine:
        engine = engines.sqlite_engine(*address, **more)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        return engine

    patch.setattr("alerts.store.database.sqlite_engine", open_engine)


def give_way_briefly(patch: pytest.MonkeyPatch) -> None:
    """Let a store pause for little between two of many transactions: no other process waits for the database."""
    patch.setattr("alerts.store.database.GIVE_WAY", 0.001)
