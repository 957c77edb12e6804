"""Reads and writes files of commitments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from pathlib import Path

from alerts.core.commitments import Party, Person
from alerts.deadlines.errors import InputError
from alerts.entry_spool import EntrySpool
from alerts.interchange.cells import entry_of
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.interchange.file_contents import EndedEntry, File, FileProblem, Known, in_line, refuse
from alerts.interchange.tables.columns import TableLayout
from alerts.interchange.tables.columns_file import read_columns
from alerts.interchange.whole_files import LARGEST

__all__ = [
    "KINDS",
    "LARGEST",
    "READERS",
    "TABLES",
    "CommitmentEntry",
    "EndedEntry",
    "File",
    "FileProblem",
    "TableLayout",
    "entry_of",
    "gather",
    "in_line",
    "read",
    "read_columns",
    "refuse",
]

READERS = {".yaml": "yaml", ".yml": "yaml", ".json": "json_files", ".ics": "ics"}
TABLES = {".csv": "tables.csv", ".xlsx": "tables.xlsx"}
KINDS = ".yaml, .json, .csv, .xlsx, .ics; a folder of them; or - for standard input."


def gather(
    path: Path,
    *,
    parties: Collection[str] = (),
    sources: Collection[str] = (),
    people: Collection[str] = (),
    people_in_settings: Collection[str] = (),
    people_by_name: Sequence[Person] = (),
    parties_by_name: Sequence[Party] = (),
    progress: Callable[[int], None] | None = None,
    layout: TableLayout | None = None,
    spool: EntrySpool | None = None,
    stored_as: str | None = None,
    shown_as: str | None = None,
) -> File:
    """Return the content of a commitments file with all its problems. The suffix decides how it is read.

    `parties`, `sources` and `people` are the keys that exist already; a file may not declare `people_in_settings`.
    A table may name people and parties by name, too. `progress` is called now and then with the number of commitments
    read so far. `layout` says what the columns of a table mean. Entries are added to `spool`, as those of the file
    that is stored under the name `stored_as`. Messages call it `shown_as`, if that is given, and its path otherwise.
    Raises InputError for a file of another kind, and SpoolError if the temporary file of the spool cannot be used.
    """
    suffix, progress = path.suffix.lower(), progress or (lambda _: None)
    known = Known(
        parties=parties, sources=sources, people=people, people_in_settings=people_in_settings,
        people_by_name=people_by_name, parties_by_name=parties_by_name, spool=spool or EntrySpool(),
        stored_as=stored_as, shown_as=shown_as,
    )  # fmt: skip
    if table := TABLES.get(suffix):
        return _reader(table)(path, known=known, progress=progress, layout=layout or TableLayout())
    if reader := READERS.get(suffix):
        return _reader(reader)(path, known=known, progress=progress)
    raise InputError(f"{path}: expected a file that ends in {', '.join([*READERS, *TABLES])}")


def read(path: Path, *, parties: Collection[str] = (), sources: Collection[str] = ()) -> File:
    """Return the content of a commitments file without problems. Raises InputError with a line for each problem."""
    file = gather(path, parties=parties, sources=sources)
    refuse((*file.problems, *file.left_out), unread=file.unread)
    return file


def _reader(name: str) -> Callable[..., File]:
    """Return the function that reads a kind of file; some need a library that takes long to import."""
    reader: Callable[..., File] = import_module(f"alerts.interchange.{name}").read
    return reader
