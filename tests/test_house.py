"""How the code is laid out: names of files, where names are imported from, and the length of files and functions."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

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


@cache
def modules() -> dict[str, ast.Module]:
    """Return all modules as they are parsed. Each process of `make test` imports this file; one needs them."""
    return {module_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


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


def test_names_are_imported_from_where_they_are_defined():
    own = {name: defined(tree) for name, tree in modules().items()}
    lent = [
        f"{name}: {statement.module}.{alias.name}"
        for name in sorted(set(modules()) - FACADES)
        for statement in ast.walk(modules()[name])
        if isinstance(statement, ast.ImportFrom) and statement.module in modules()
        for alias in statement.names
        if f"{statement.module}.{alias.name}" not in modules() and alias.name not in own[statement.module]
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
    measures = {"sleep", "monotonic", "perf_counter"}
    found = [
        node.lineno
        for node in ast.walk(ast.parse(text if "time" in text else ""))
        if (isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "time" and node.attr in measures)
        or (isinstance(node, ast.ImportFrom) and node.module == "time" and measures & {one.name for one in node.names})
    ]
    return [f"{path.name}: {line}" for line in sorted(found)]


def test_no_test_measures_or_waits_by_itself():
    """`tests/patience.py` does, with limits that a busy machine keeps."""
    paths = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).as_posix() not in WATCHES]
    assert [use for path in paths for use in uses_of_the_time_that_passes(path)] == []


def test_a_test_that_sleeps_would_be_seen(tmp_path):
    path = tmp_path / "one.py"
    path.write_text("import time\ntime.sleep(1)\nbegan = time.monotonic()\nfrom time import sleep, time\n")
    assert uses_of_the_time_that_passes(path) == ["one.py: 2", "one.py: 3", "one.py: 4"]


def replaced_private_names(path: Path) -> list[str]:
    """Return where a test patches a name that begins with an underscore: how the code is written is not its matter."""
    text = path.read_text(encoding="utf-8")
    return [
        f"{path.name}: {node.lineno}"
        for node in ast.walk(ast.parse(text if "setattr" in text else ""))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setattr"
        for stated in node.args[:2]
        if isinstance(stated, ast.Constant) and re.search(r"(^|\.)_[a-z]", str(stated.value))
    ]


def test_no_test_patches_a_private_name():
    assert [use for path in TESTS.rglob("*.py") for use in replaced_private_names(path)] == []


def test_a_test_that_patches_a_private_name_would_be_seen(tmp_path):
    path = tmp_path / "one.py"
    path.write_text('patch.setattr("a.b._c", 1)\npatch.setattr(a, "_c", 1)\npatch.setattr(a, "c", "_d")\n')
    assert replaced_private_names(path) == ["one.py: 1", "one.py: 2"]


def test_only_what_make_web_runs_is_left_out_of_make_test():
    """It demands the tools, and lists what it leaves out itself."""
    skips = re.compile(r"pytest\.(mark\.|importor)?skip")
    tests = sorted(Path(__file__).parent.rglob("*.py"))
    left_out = {path.parent.name for path in tests if skips.search(path.read_text(encoding="utf-8"))}
    assert left_out == {"web"}
