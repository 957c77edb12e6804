"""Locks on files next to an SQLite database, released when the process that holds them ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock_path(database: Path, ending: str = ".lock") -> Path:
    """Return the file that is locked for a database."""
    real = database.resolve()  # two names of one file share its lock
    return real.with_name(real.name + ending)


def is_served(database: Path) -> bool:
    """Return whether a daemon serves a database file now."""
    return not is_free(lock_path(database), fcntl.LOCK_SH)


def is_free(path: Path, how: int) -> bool:
    """Return whether a lock could be had."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True
