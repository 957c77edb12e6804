"""Commitments in and out of files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from alerts.core.errors import InputError
from alerts.interchange import csv, xlsx, yaml
from alerts.interchange.columns import Columns, read_columns
from alerts.interchange.files import Ended, Fault, File, Placed, in_line, refuse

__all__ = [
    "KINDS",
    "TABLES",
    "Columns",
    "Ended",
    "Fault",
    "File",
    "Placed",
    "gather",
    "in_line",
    "read",
    "read_columns",
    "refuse",
]

READERS = {".yaml": yaml.read, ".yml": yaml.read, ".json": yaml.read}  # JSON is read as YAML, and as strictly
TABLES = {".csv": csv.read, ".xlsx": xlsx.read}
KINDS = ".yaml, .json, .csv or .xlsx."


def gather(
    path: Path,
    *,
    parties: Collection[str] = (),
    sources: Collection[str] = (),
    progress: Callable[[int], None] | None = None,
    columns: Columns | None = None,
) -> File:
    """Read a commitments file, with what is wrong in it; its suffix says how.

    `parties` and `sources` are the keys of those that are known already, `progress` is told now and then how many
    commitments have been read, `columns` says which column of a table holds what. Raises InputError for a file of
    another kind.
    """
    suffix, progress = path.suffix.lower(), progress or (lambda _: None)
    if table := TABLES.get(suffix):
        return table(path, parties=parties, sources=sources, progress=progress, columns=columns or Columns())
    if reader := READERS.get(suffix):
        return reader(path, parties=parties, sources=sources, progress=progress)
    raise InputError(f"{path}: expected a file that ends in {', '.join([*READERS, *TABLES])}")


def read(path: Path, *, parties: Collection[str] = (), sources: Collection[str] = ()) -> File:
    """Read a commitments file in which nothing is wrong. Raises InputError with a line for each thing that is."""
    file = gather(path, parties=parties, sources=sources)
    refuse(file.faults, unread=file.unread)
    return file
