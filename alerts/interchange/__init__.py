"""Commitments in and out of files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from alerts.deadlines.errors import InputError
from alerts.interchange import csv, ics, json_files, xlsx, yaml
from alerts.interchange.cells import entry_of
from alerts.interchange.columns import Columns, read_columns
from alerts.interchange.commitment_entry import Entry
from alerts.interchange.export_formats import WRITERS, Content
from alerts.interchange.file_contents import EndedEntry, File, FileProblem, Known, PlacedEntry, in_line, refuse

__all__ = [
    "KINDS",
    "TABLES",
    "WRITERS",
    "Columns",
    "Content",
    "EndedEntry",
    "Entry",
    "File",
    "FileProblem",
    "PlacedEntry",
    "entry_of",
    "gather",
    "in_line",
    "read",
    "read_columns",
    "refuse",
]

READERS = {".yaml": yaml.read, ".yml": yaml.read, ".json": json_files.read, ".ics": ics.read}
TABLES = {".csv": csv.read, ".xlsx": xlsx.read}
KINDS = ".yaml, .json, .csv, .xlsx or .ics."


def gather(
    path: Path,
    *,
    parties: Collection[str] = (),
    sources: Collection[str] = (),
    people: Collection[str] = (),
    settled: Collection[str] = (),
    progress: Callable[[int], None] | None = None,
    columns: Columns | None = None,
) -> File:
    """Read a commitments file, with what is wrong in it; its suffix says how.

    `parties`, `sources` and `people` are the keys of those that are known already, `settled` of people whom no file may
    declare. `progress` is told now and then how many commitments have been read, `columns` says which column of a table
    holds what. Raises InputError for a file of another kind.
    """
    suffix, progress = path.suffix.lower(), progress or (lambda _: None)
    known = Known(parties=parties, sources=sources, people=people, settled=settled)
    if table := TABLES.get(suffix):
        return table(path, known=known, progress=progress, columns=columns or Columns())
    if reader := READERS.get(suffix):
        return reader(path, known=known, progress=progress)
    raise InputError(f"{path}: expected a file that ends in {', '.join([*READERS, *TABLES])}")


def read(path: Path, *, parties: Collection[str] = (), sources: Collection[str] = ()) -> File:
    """Read a commitments file in which nothing is wrong. Raises InputError with a line for each thing that is."""
    file = gather(path, parties=parties, sources=sources)
    refuse(file.problems, unread=file.unread)
    return file
