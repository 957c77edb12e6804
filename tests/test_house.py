"""The house: a file is found by its name, and a name is imported from the module that defines it."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import alerts

ROOT = Path(alerts.__file__).parent
FILES = sorted(path for path in ROOT.rglob("*.py") if "migrations" not in path.parts)
FACADES = {"alerts.deadlines", "alerts.channels.kit"}  # for programs of other people


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def defined(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top, and not by an import."""
    found: set[str] = set()
    for statement in ast.walk(tree):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(statement.name)
        elif isinstance(statement, ast.Name) and isinstance(statement.ctx, ast.Store):
            found.add(statement.id)
    return found


def test_no_two_files_have_the_same_name():
    names = Counter(path.name for path in FILES if not path.name.startswith("__"))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("name", sorted(set(MODULES) - FACADES))
def test_names_are_imported_from_where_they_are_defined(name):
    lent = [
        f"{statement.module}.{alias.name}"
        for statement in ast.walk(MODULES[name])
        if isinstance(statement, ast.ImportFrom) and statement.module in MODULES
        for alias in statement.names
        if f"{statement.module}.{alias.name}" not in MODULES and alias.name not in defined(MODULES[statement.module])
    ]
    assert lent == []
