"""How the code is laid out: names of files, where names are imported from, and the length of files and functions."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import alerts

ROOT = Path(alerts.__file__).parent
MAX_LINES_OF_FILE, MAX_LINES_OF_FUNCTION = 300, 40
# A migration stays as it was published: databases were made with it.
FROZEN = {"alerts/store/migrations/versions/0001_first_tables.py: upgrade"}
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


def too_long(path: Path, name: str) -> set[str]:
    """Return what is over its limit in a file: the file itself (`name`), or a function (`name: function`)."""
    text = path.read_text(encoding="utf-8")
    found = {name} if text.count("\n") > MAX_LINES_OF_FILE else set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > MAX_LINES_OF_FUNCTION:
                found.add(f"{name}: {node.name}")
    return found


def test_files_and_functions_are_short():
    found = {one for path in ROOT.rglob("*.py") for one in too_long(path, path.relative_to(ROOT.parent).as_posix())}
    assert found == FROZEN


def test_a_long_file_and_a_long_function_would_be_seen(tmp_path):
    path = tmp_path / "one.py"
    path.write_text("def short():\n" + "    1\n" * 39 + "def long():\n" + "    1\n" * 40 + "1\n" * 220)
    assert too_long(path, "one.py") == {"one.py", "one.py: long"}
    path.write_text("1\n" * 300)
    assert too_long(path, "one.py") == set()


TESTS = ROOT.parent / "tests"
# What waits for other processes, and what reports how long it took.
WATCHES = {"patience.py", "postgres.py", "faults/chaos.py", "faults/plays.py", "faults/test_chaos.py"} | {
    "mutants/__main__.py", "simulation/__main__.py"
}  # fmt: skip


def uses_of_the_time_that_passes(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    found = ast.walk(ast.parse(text if "import time\n" in text else ""))
    return [
        f"{path.name}: {node.lineno}"
        for node in found
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
        and node.attr in ("sleep", "monotonic", "perf_counter")
    ]


def test_no_test_measures_or_waits_by_itself():
    """`tests/patience.py` does, with limits that a busy machine keeps."""
    paths = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).as_posix() not in WATCHES]
    assert [use for path in paths for use in uses_of_the_time_that_passes(path)] == []


def test_a_test_that_sleeps_would_be_seen(tmp_path):
    path = tmp_path / "one.py"
    path.write_text("import time\ntime.sleep(1)\nbegan = time.monotonic()\n")
    assert uses_of_the_time_that_passes(path) == ["one.py: 2", "one.py: 3"]
