"""What a process of the tests compiles once for all tests: SQL statements and templates.

The program has one database and one renderer for its lifetime. The tests have thousands of each, all alike.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from alerts.rendering.template_environment import Sandbox


class _ByKindOfDatabase(dict[tuple[Any, ...], Any]):
    """Compiled statements. SQLAlchemy asks by the dialect of one engine; here, engines of one kind share them."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


def share_statements(patch: pytest.MonkeyPatch) -> None:
    """Let all engines of one kind of database share what they have compiled."""
    statements = _ByKindOfDatabase()

    def share(cls: type, engine: Engine) -> None:
        engine.update_execution_options(compiled_cache=statements)

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


def collect_garbage_less_often() -> None:
    """Leave out of each collection what the tests' modules hold, which lives to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
