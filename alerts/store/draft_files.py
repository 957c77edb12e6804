"""Files that appear whole or not at all: written under another name in the same folder, then renamed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alerts.store.store_error import StoreError

JOURNALS = ("-journal", "-wal", "-shm")  # what SQLite keeps next to a database


@contextmanager
def draft(target: Path, ending: str) -> Iterator[Path]:
    """Yield an empty file in the folder of the target, which only its owner may read, and remove it at the end.

    A file that a killed process left there is used again. Raises StoreError where another process writes it now.
    """
    path = target.with_name(f".{target.name}.{ending}")
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(f"{target}: another process writes it now; try again when it has ended") from None
        _remove_journals(path)
        os.fchmod(file, 0o600)
        os.ftruncate(file, 0)
        try:
            yield path
        finally:
            if _is_still_there(path, file):
                path.unlink()
            _remove_journals(path)
    finally:
        os.close(file)


def put_in_place(path: Path, target: Path) -> None:
    """Rename a draft to its target, so that a power failure leaves the old file or the new one."""
    _synchronize(path)
    path.replace(target)
    synchronize_folder(target.parent)


def synchronize_folder(folder: Path) -> None:
    """Let the names in a folder survive a power failure, where its file system can do that."""
    with suppress(OSError):
        _synchronize(folder)


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise StoreError where a folder has less free space than a step needs."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"{folder}: {what} needs {_megabytes(needed)} of free space (twice the database), and {_megabytes(free)} "
            "are free: make room, or name a file in another folder"
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _synchronize(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _is_still_there(path: Path, file: int) -> bool:
    """Return whether the draft has not been renamed: its name may belong to another process by now."""
    try:
        return path.stat().st_ino == os.fstat(file).st_ino
    except FileNotFoundError:
        return False


def _remove_journals(path: Path) -> None:
    for ending in JOURNALS:
        path.with_name(path.name + ending).unlink(missing_ok=True)
