"""Commands that read: they make no folder, no database and no table, and take no write lock."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alerts.cli.command_list import COMMANDS
from tests.cli.conftest import Alerts

READING: dict[str, int] = {
    "list": 0,
    "list --json": 0,
    "show summit": 1,
    "why summit": 1,
    "who summit": 1,
    "plan": 0,
    "plan --upgrade": 0,
    "resolve 2030-01-31": 0,
    "resolve 'P1D after summit'": 1,
    "preview desk summit": 1,
    "check": 0,
    "health": 1,
    "reload": 1,
    "deliveries": 0,
    "export": 0,
    "audit export --from 2025-11-01 --to 2025-11-03": 0,
}
CHANGING = ["ack summit", "snooze summit --until 2030-01-01", "unack summit", "close summit --as fulfilled",
            "reopen summit --because x", "move summit 2030-01-01 --because x", "assign summit ana", "note summit text",
            "edit summit --title x", "retry 1234", "dismiss 1234",
            "links revoke --recipient ana@example.org", "feed revoke x", "clock accept",
            "away ana --until 2030-01-01", "silence end 1", "token revoke x", "resume",
            "people erase ana"]  # fmt: skip


def words(text: str) -> list[str]:
    return [part.replace("\t", " ") for part in text.replace("'P1D after summit'", "P1D\tafter\tsummit").split(" ")]


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return all files and folders, with what they hold."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def nothing_yet(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which no database has been made."""
    monkeypatch.setenv("ALERTS_DATABASE", f"sqlite:///{home}/var/alerts.db")
    return home


def test_all_commands_that_read_are_tried() -> None:
    reads = {name for name, entry in COMMANDS.items() if entry.access == "read"}
    read_no_database, has_tests_of_its_own = {"send-test", "columns", "schema", "init"}, {"backup"}
    assert {line.split()[0] for line in READING} == reads - read_no_database - has_tests_of_its_own
    changes = {name for name, entry in COMMANDS.items() if entry.access == "write"}
    assert {line.split()[0] for line in CHANGING} == changes - {"bounced", "restore"}  # they read a file first


@pytest.mark.parametrize(("line", "code"), READING.items())
def test_a_command_that_reads_makes_nothing(alerts: Alerts, nothing_yet: Path, line: str, code: int) -> None:
    before = everything(nothing_yet)
    said = alerts(*words(line))
    assert everything(nothing_yet) == before
    assert said.code == code
    if line != "resolve 2030-01-31":
        missing = f"there is no database at {nothing_yet}/var/alerts.db yet: `alerts load FILE` makes one"
        assert missing in said.err.splitlines()


@pytest.mark.parametrize("line", CHANGING)
def test_a_command_that_changes_something_makes_no_database(alerts: Alerts, nothing_yet: Path, line: str) -> None:
    before = everything(nothing_yet)
    said = alerts(*words(line))
    assert everything(nothing_yet) == before
    assert said.code == 1
    missing = f"alerts: there is no database at {nothing_yet}/var/alerts.db yet: `alerts load FILE` makes one"
    assert said.err.splitlines() == [missing]


def test_an_empty_file_is_no_database_yet(alerts: Alerts, home: Path) -> None:
    (home / "alerts.db").touch()
    assert "there is no database at" in alerts("list").err
    assert not (home / "alerts.db").stat().st_size


@pytest.mark.parametrize("line", [line for line in READING if line != "resolve 2030-01-31"])
def test_a_command_that_reads_waits_for_no_writer_and_leaves_the_file_as_it_is(
    alerts: Alerts, home: Path, tracked: Path, line: str
) -> None:
    shutil.copy(tracked, home)
    before = (home / "alerts.db").read_bytes()
    with closing(sqlite3.connect(home / "alerts.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # a write lock would have to wait for this one
        said = alerts(*words(line), *(["--at", "2025-10-28T10:00Z"] if line.startswith(("list", "show")) else []))
        other.execute("ROLLBACK")
    assert "locked" not in said.err
    assert (home / "alerts.db").read_bytes() == before


def test_tables_of_an_older_version_are_only_updated_by_what_changes_them(
    alerts: Alerts, home: Path, tracked: Path
) -> None:
    shutil.copy(tracked, home)
    with closing(sqlite3.connect(home / "alerts.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
    before = everything(home)
    said = alerts("list")
    assert (said.code, everything(home)) == (1, before)
    assert said.err == (
        f"alerts: {home}/alerts.db: made by an older version of alerts: `alerts run`, `tick` or `load` brings it up to "
        "date\n"
    )
