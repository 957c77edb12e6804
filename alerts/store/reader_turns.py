"""Turns of readers of an SQLite file, so that many of them do not slow down the process that writes.

With a rollback journal a commit waits for each reader, and a reader waits for each commit. SQLite has no queue. Its
busy handler sleeps longer with each look (https://sqlite.org/c3ref/busy_timeout.html), so readers that come often fall
behind, and nearly every commit meets one of them (`python -m benchmarks.answer_load`).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from alerts.clock import monotonic

LOOK_EVERY = 0.001  # seconds: a commit keeps the file for a few milliseconds
LOOKS = 30_000
REST = 4.0  # times as long as the turn took: a reader is there for at most a fifth of the time
LONGEST_REST = 0.1  # seconds


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


class ReaderTurns:
    """One reader at a time, and a rest after each turn in which commits meet no reader.

    `steady` returns seconds on a clock that never steps; `wait` waits for some.
    """

    def __init__(self, steady: Callable[[], float] = monotonic, wait: Callable[[float], None] = _wait) -> None:
        self._lock, self._steady, self._wait = threading.Lock(), steady, wait
        self._next_at = 0.0

    @contextmanager
    def take(self, connection: Connection) -> Iterator[None]:
        """Have the file until the block ends. The connection is in a transaction that has read nothing yet."""
        with self._lock:
            if (rest := self._next_at - self._steady()) > 0:
                self._wait(rest)
            self._share(connection)
            begun = self._steady()
            try:
                yield
            finally:
                ended = self._steady()
                self._next_at = ended + min(REST * (ended - begun), LONGEST_REST)

    def _share(self, connection: Connection) -> None:
        """Take SQLite's shared lock, as soon as a commit gives it free."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        (timeout,) = driver.execute("PRAGMA busy_timeout").fetchone()
        driver.execute("PRAGMA busy_timeout = 0")
        for _ in range(LOOKS):
            if not _is_kept(driver):
                break
            self._wait(LOOK_EVERY)
        driver.execute(f"PRAGMA busy_timeout = {timeout}")


class _NoTurns:
    """No turns: PostgreSQL's readers are in nobody's way."""

    @contextmanager
    def take(self, _: Connection) -> Iterator[None]:
        yield


NO_TURNS = _NoTurns()


def _is_kept(driver: sqlite3.Connection) -> bool:
    """Whether another process keeps the file. Any other error is left to the first statement of the turn."""
    try:
        driver.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return False
