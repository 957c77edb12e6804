"""Which libraries a command loads: all of them take a second, which every command and health check would cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import cases

LIBRARIES = (
    "alembic", "apprise", "apscheduler", "authlib", "cryptography", "dateutil.rrule", "email.headerregistry", "fastapi",
    "holidays", "icalendar", "jinja2", "joserfc", "openpyxl", "prometheus_client", "psycopg", "pydantic", "requests",
    "rich.console", "sqlalchemy", "sqlalchemy.dialects.postgresql", "typer", "uvicorn",
)  # fmt: skip
CODE = f"""
import contextlib, json, sys
from alerts.__main__ import main
with contextlib.suppress(SystemExit):
    main()
print(json.dumps([name for name in sys.modules if name in {LIBRARIES} or name.startswith("alerts.")]), file=sys.stderr)
"""
# Parts of ours that take long to import and that neither a listing nor an answer uses.
UNUSED = (
    "alerts.core.actors", "alerts.core.awaited_answers", "alerts.core.change_computation",
    "alerts.core.notifications", "alerts.deadlines.deadline_bounds", "alerts.deadlines.expressions",
    "alerts.deadlines.grammar", "alerts.deadlines.zone_choice", "alerts.delivery", "alerts.rendering",
    "alerts.store.change_writer", "alerts.store.file_load", "alerts.store.outbox",
)  # fmt: skip
SEED = "commitments:\n  - {key: lease, title: Lease, deadline: 2030-01-31, timezone: UTC}\n"
SHEET = "key,title,deadline,timezone\nlease,Lease,2030-01-31,UTC\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that is up to date, and files to load."""
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "seed.yaml").write_text(SEED)
    (folder / "seed.csv").write_text(SHEET)
    loaded(folder, "load", "seed.yaml")
    return folder


def loaded(folder: Path, *words: str) -> set[str]:
    """Run a command in a process of its own, and return which of the libraries and of our parts it has loaded."""
    command = [sys.executable, "-c", CODE, *words, "--database", f"sqlite:///{folder}/alerts.db"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
    return set(json.loads(said.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("words", "libraries"),
    cases(
        [
            ("--help", ""),
            ("health --live", ""),
            ("list", "typer pydantic sqlalchemy"),
            ("why lease", "typer pydantic sqlalchemy"),
            ("plan", "typer pydantic rich.console sqlalchemy email.headerregistry"),
            ("ack lease", "typer pydantic sqlalchemy"),
            ("load seed.csv", "typer pydantic rich.console sqlalchemy"),
        ],
        ("--version", ""),
        ("help list", "typer pydantic sqlalchemy"),
        ("list --json", "typer pydantic sqlalchemy"),
        ("show lease", "typer pydantic sqlalchemy"),
        ("deliveries", "typer pydantic sqlalchemy"),
        ("snooze lease --until 2029-01-01", "typer pydantic rich.console sqlalchemy email.headerregistry"),
        ("move lease 2030-02-28 --because later", "typer pydantic sqlalchemy"),
        ("load seed.yaml", "typer pydantic rich.console sqlalchemy"),
        ("resolve 2030-01-31", "typer pydantic sqlalchemy"),
    ),
)
def test_a_command_loads_only_the_libraries_and_the_parts_that_it_uses(
    words: str, libraries: str, folder: Path
) -> None:
    found = loaded(folder, *words.split())
    assert found & set(LIBRARIES) == set(libraries.split())
    if words.startswith(("list", "ack")):
        assert "alerts.store.rows" in found
        assert not set(UNUSED) & found
