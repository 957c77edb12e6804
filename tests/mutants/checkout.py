"""A checkout to break: a copy of it with one guard taken out."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.mutants.guards import Guard

ROOT = Path(__file__).parents[2]
COPIED = ("alerts", "tests", "templates", "config", "seeds", "docs", "pages")
FILES = ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")  # tests try what these show


def copy(target: Path, guard: Guard | None = None) -> Path:
    """Copy what tests need, and take the guard out. Raises ValueError where its text does not occur exactly once."""
    for folder in COPIED:
        # With its times, so that the bytecode is good; what is being written of that is not there any more.
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("*.pyc.*"))
    for file in FILES:
        shutil.copy2(ROOT / file, target)
    if guard:
        (target / "alerts" / guard.file).write_text(without(guard))
    return target


def without(guard: Guard) -> str:
    """The file of a guard as it is without. Raises ValueError where the old text does not occur exactly once."""
    text = (ROOT / "alerts" / guard.file).read_text()
    found = text.count(guard.old)
    if found != 1:
        raise ValueError(f"{guard.name}: its text occurs {found} times in alerts/{guard.file}, not once: {guard.old!r}")
    mutated = text.replace(guard.old, guard.new)
    compile(mutated, guard.file, "exec")
    return mutated
