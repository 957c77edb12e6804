"""One daemon for each SQLite database: it holds a lock on a file, and the lock ends with the process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from alerts.clock import monotonic
from alerts.lock_files import is_free, lock_path
from alerts.store.store_error import StoreError


class ServedError(StoreError):
    """Another process serves the database."""


PATIENCE = 1.0  # seconds


def no_turn_under_way(database: Path) -> bool:
    """Return whether no other turn is under way."""
    return is_free(lock_path(database, ".turns"), fcntl.LOCK_EX)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(f"{path}: cannot be locked: {error.strerror}") from None


def _try_lock(file: int) -> bool:
    """Take the lock; one that is held for a moment only, by a turn or a look at it, is waited for."""
    give_up = monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if monotonic() > give_up:
                return False
            Event().wait(0.05)
        else:
            return True


@contextmanager
def alongside(database: Path) -> Iterator[None]:
    """Mark, while it lasts, that a turn alongside the daemon may hold leases."""
    file = _open(lock_path(database, ".turns"))
    try:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield
    finally:
        os.close(file)


@contextmanager
def daemon_lock(database: Path) -> Iterator[None]:
    """Hold the lock of a database file. Raises StoreError, with the other's pid, where somebody has it."""
    path = lock_path(database)
    file = _open(path)
    try:
        if not _try_lock(file):
            pid = os.read(file, 32).decode(errors="replace").strip() or "unknown"
            raise ServedError(
                f"another daemon (pid {pid}) serves {database} already; several replicas need PostgreSQL"
            ) from None
        os.truncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)
