"""Readers of an SQLite file take turns, so that commits of another process meet few of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from alerts.store.database import Database
from alerts.store.reader_turns import LONGEST_REST, LOOK_EVERY, REST, ReaderTurns
from alerts.store.store_error import StoreError


class Clock:
    """A clock that stands still but for what is waited."""

    def __init__(self) -> None:
        self.now, self.waited = 100.0, list[float]()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waited.append(seconds)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    found = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    found.migrate()
    return found


@pytest.mark.parametrize(("turn", "rest"), [(0.004, REST * 0.004), (5.0, LONGEST_REST)])
def test_a_reader_waits_after_the_turn_of_another(database: Database, turn: float, rest: float) -> None:
    clock = Clock()
    turns = ReaderTurns(lambda: clock.now, clock.wait)
    for _ in range(2):
        with database.read() as connection, turns.take(connection):
            clock.now += turn
    assert clock.waited == [pytest.approx(rest)]


def test_a_reader_comes_in_as_soon_as_a_commit_ends(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)
    clock = Clock()

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if len(clock.waited) == 3:
            other.execute("COMMIT")

    other.execute("BEGIN EXCLUSIVE")
    with database.read() as connection, ReaderTurns(lambda: clock.now, wait).take(connection):
        assert connection.exec_driver_sql("SELECT count(*) FROM commitments").scalar() == 0
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    assert clock.waited == [LOOK_EVERY] * 3
    other.close()


def test_a_file_that_cannot_be_read_is_named(database: Database, tmp_path: Path) -> None:
    with database.read() as connection:
        connection.exec_driver_sql("SELECT 1")
    (tmp_path / "alerts.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError, match="not a database"), database.snapshot(), database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM commitments")
