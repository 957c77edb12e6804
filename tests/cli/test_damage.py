"""A damaged SQLite file: whichever page it is, no command says that all is well after it has read damage."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alerts.store.engines import damaged
from alerts.store.outbox.claim import Outbox
from tests.cli.conftest import Alerts
from tests.patience import EXACT

PAGE = 4096
BEFORE, DUE = "2025-10-28T10:00Z", "2025-10-29T10:00Z"
KINDS = {"zeros": bytes(PAGE), "noise": bytes(range(256)) * 16}
SHOWN = 5 if EXACT else 15  # of so many pages one is tried


def index_pages(path: Path, index: str) -> list[int]:
    with closing(sqlite3.connect(path)) as database:
        return [number for (number,) in database.execute("SELECT pageno FROM dbstat WHERE name = ?", [index])]


def overwrite(path: Path, number: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek((number - 1) * PAGE)
        file.write(content)


@pytest.fixture
def watched(loaded: Alerts, home: Path) -> Path:
    """A database whose watches were made, with free pages in it."""
    assert loaded("tick", "--at", BEFORE).code == 0
    path = home / "alerts.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE filler AS SELECT randomblob(30000) AS x")
        database.execute("DROP TABLE filler")
        database.commit()
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_no_command_reports_success_after_it_has_read_damage(kind, watched, loaded, home):
    whole = watched.with_name("whole.db")
    shutil.copy(watched, whole)
    right = {words: loaded(*words).out for words in (("list",), ("tick", "--at", DUE))}
    assert "sent" in right["tick", "--at", DUE]
    wrong, errors = [], []
    for number in range(2, whole.stat().st_size // PAGE + 1, SHOWN):
        for words, said in right.items():
            watched.unlink()  # another file: what an earlier command still holds of the last one locks nothing
            shutil.copy(whole, watched)
            overwrite(watched, number, KINDS[kind])
            ran = loaded(*words)
            errors += [ran.err] if ran.code != 0 else []
            if (ran.code == 0 and ran.out != said) or "Traceback" in ran.err:
                wrong.append((number, words, ran))
    assert not wrong, wrong
    assert errors, "no page that is read was damaged"
    assert any("is damaged (" in one and "`sqlite3 " in one for one in errors), "no error says what to do"


def test_a_tick_ends_where_damage_keeps_it_from_recording_what_it_sent(watched, loaded, monkeypatch):
    """A page that only the outcome needs: what is due can be read and sent."""
    tried = []

    def fail(_, ended):
        tried.append(len(ended))
        raise damaged(str(watched), "database disk image is malformed")

    monkeypatch.setattr(Outbox, "record_outcomes", fail)
    ran = loaded("tick", "--at", DUE)
    assert (ran.code, ran.out, tried) == (1, "", [1])
    assert "is damaged (database disk image is malformed)" in ran.err
    assert "cannot be written down, so may go out again" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("index", "table"), [("ix_watches_next_at", "watches")])
def test_an_index_that_hides_what_is_due_is_found(index, table, watched, loaded):
    """A write that was lost: the index is as it was before there was anything in it."""
    with closing(sqlite3.connect(watched)) as database:
        rows = database.execute(f"SELECT rowid, next_at FROM {table} WHERE next_at IS NOT NULL").fetchall()
        database.execute(f"UPDATE {table} SET next_at = NULL")
        database.commit()
    (number,) = index_pages(watched, index)
    with watched.open("rb") as file:
        file.seek((number - 1) * PAGE)
        empty = file.read(PAGE)
    with closing(sqlite3.connect(watched)) as database:
        database.executemany(f"UPDATE {table} SET next_at = ? WHERE rowid = ?", [(at, one) for one, at in rows])
        database.commit()
    overwrite(watched, number, empty)
    ran = loaded("tick", "--at", DUE)
    assert ran.code == 1
    assert f"is damaged (rows of {table} are missing from {index})" in ran.err
    assert "Traceback" not in ran.err
