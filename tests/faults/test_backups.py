"""Backups under load and killed restores: each backup is whole, and there is always a database that can be used."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.embedded import WHOLE, Midwife, Site, site
from tests.faults.report import REPORT
from tests.patience import eventually
from tests.stored_ids import stored_id

COUNT, PAUSE = (2_000, 0.01) if WHOLE else (40, 0.2)
BETWEEN = 0 if WHOLE else COUNT // 4  # alerts from one backup to the next, at least
DIFFERS = re.compile(r": (before|after) (sql commit|file)")
FEW = 5  # kills of a command in the suite
HELD = "sending held"


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Midwife]:
    with Midwife(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


def ask(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", timeout=30, uri=True)) as database:
        return database.execute(query).fetchall()


def states(path: Path) -> dict[str, str]:
    """Return the deliveries of a whole database by id, and their states."""
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
    return {str(stored_id(one)): state for one, state in ask(path, "SELECT id, state FROM deliveries")}


def test_a_backup_taken_while_alerts_go_out_is_whole_and_restores(tmp_path: Path, nursery: Midwife) -> None:
    with site(tmp_path, nursery, COUNT, PAUSE) as here:
        here.start()
        here.is_at_work()
        taken = list[Path]()
        while not here.is_done():
            taken.append(tmp_path / f"backup-{len(taken)}.db")
            ran = here.run("backup", str(taken[-1]))
            assert ran.code == 0, ran.said
            enough = len(here.sinks.accepted) + BETWEEN
            eventually(lambda: len(here.sinks.accepted) >= enough or here.is_done(), "it goes on")  # noqa: B023
        here.check_the_end()
        here.end()
        found = [states(path) for path in taken]
        sent = [Counter(one.values())["sent"] for one in found]
        assert sent == sorted(sent), "a later backup knows less than an earlier one"
        amid = next(number for number, count in enumerate(sent) if 0 < count < COUNT)
        REPORT.lines.append(f"{len(taken)} backups were taken while {COUNT:,} alerts went out: all are whole")
        _restore(here, taken[amid], {one for one, state in found[amid].items() if state == "sent"})


def _restore(here: Site, backup: Path, known: set[str]) -> None:
    """Restore a backup: nothing is sent until that is resumed, and then all but what it knows to be sent."""
    heard = len(here.sinks.accepted)
    ran = here.run("restore", str(backup))
    assert ran.code == 0, ran.said
    here.start()
    eventually(lambda: here.says("ERROR sending is held, so no alert goes out"), "it says so")
    eventually(lambda: here.last_pass() and len(here.states()) == COUNT, "it has planned", within=90, every=0.1)
    assert len(here.sinks.accepted) == heard, "something was sent while sending is held"
    assert "sending is held" in here.run("health").said
    assert here.run("resume").code == 0
    eventually(here.is_done, "all is sent", within=600, every=0.5)
    again = here.sinks.ids(since=heard)
    assert set(again) == set(here.states()) - known, "what the backup did not know to be sent, and nothing else"
    assert set(again.values()) == {1}
    assert here.says("WARNING sending is resumed")


def chosen(passed: Sequence[str]) -> list[int]:
    """Return the numbers of the boundaries to kill at: all that differ, or a few of them."""
    differing = [number for number, label in enumerate(passed, 1) if DIFFERS.search(label)]
    return differing if WHOLE else differing[:: max(1, len(differing) // FEW)] + differing[-2:]


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_killed_anywhere_the_database_is_the_old_one_or_the_new_one_and_the_command_works_again(
    command: str, tmp_path: Path, nursery: Midwife
) -> None:
    with site(tmp_path, nursery, 6) as here:
        backup, data = tmp_path / "backup.db", tmp_path / "data"
        assert here.run("backup", str(backup)).code == 0
        assert here.run("note", "item-0", "since the backup").code == 0
        before = tmp_path / "before"
        shutil.copytree(data, before)
        target = data / "next.db"
        arguments = ("backup", str(target)) if command == "backup" else ("restore", str(backup))
        whole = here.run(*arguments)
        assert whole.code == 0, whole.said
        numbers = chosen(whole.passed)
        labels = {whole.passed[number - 1].partition(": ")[2] for number in numbers}
        assert len(labels) > 3, labels
        outcomes = set()
        for number in numbers:
            shutil.rmtree(data)
            shutil.copytree(before, data)
            killed = here.run(*arguments, die_at=number)
            assert killed.killed, killed.said
            outcomes.add(_check(here.path, target))
            again = here.run(*arguments, *(["--force"] if command == "backup" else []))
            assert again.code == 0, again.said
            assert not [path.name for path in data.iterdir() if path.name.startswith(".")]
            _check(here.path, target)
        assert len(outcomes) == 2, "no kill fell before, or none after the rename"
        REPORT.lines.append(f"{command} was killed at {len(numbers)} boundaries: {sorted(outcomes)}")


def _check(database: Path, target: Path) -> str:
    """Check that all that has a name is whole, and return what a kill has left."""
    states(database)
    if target.exists():
        states(target)
    notes = ask(database, "SELECT note FROM commitments WHERE key = 'item-0'")
    held = ask(database, f"SELECT count(*) FROM meta WHERE name = '{HELD}'")
    is_old = notes == [("since the backup",)]
    assert held == [(0 if is_old else 1,)], "a restored database that sends at once"
    return f"{'old' if is_old else 'new'} database, {'a' if target.exists() else 'no'} backup"
