"""The second reckoning is worth something only for as long as it shares nothing with the first."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

FILES = sorted(Path(__file__).parent.glob("*.py"))
ALLOWED = {"tests", "dateutil", "holidays", "pytest"}
STANDARD = set("__future__ ast bisect calendar collections dataclasses datetime functools itertools pathlib".split())
STANDARD |= {"typing", "zoneinfo"}


def imported(file: Path) -> set[str]:
    """The modules that a file imports, whole names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module)):
                found.add(module)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_imports_nothing_of_what_it_judges(file: Path) -> None:
    names = imported(file)
    assert {name.split(".")[0] for name in names} <= ALLOWED | STANDARD
    assert all(name.startswith("tests.oracle") for name in names if name.split(".")[0] == "tests")


def test_an_import_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("import alerts.core\nfrom alerts import tick\n")
    assert imported(file) == {"alerts.core", "alerts"}
