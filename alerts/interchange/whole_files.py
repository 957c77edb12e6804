"""Reads whole files up to a size limit."""

from __future__ import annotations

from pathlib import Path

from alerts.deadlines.errors import InputError

LARGEST = 64 * 2**20  # bytes; a hundred thousand rows take a tenth of it


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """Return the bytes of a file. Raises InputError if it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder, expected a file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: cannot be read: {why}") from None
    if len(data) > largest:
        raise InputError(f"{path}: is larger than {largest // 2**20} MB: split it into several files")
    return data
