"""Commitments in and out of files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from alerts.core.errors import InputError
from alerts.interchange import yaml
from alerts.interchange.files import Ended, Fault, File, Placed, in_line, refuse

__all__ = ["KINDS", "Ended", "Fault", "File", "Placed", "gather", "in_line", "read", "refuse"]

READERS = {".yaml": yaml.read, ".yml": yaml.read, ".json": yaml.read}  # JSON is read as YAML, and as strictly
KINDS = ".yaml, .yml or .json."


def gather(
    path: Path,
    *,
    parties: Collection[str] = (),
    sources: Collection[str] = (),
    progress: Callable[[int], None] | None = None,
) -> File:
    """Read a commitments file, with what is wrong in it; its suffix says how.

    `parties` and `sources` are the keys of those that are known already, `progress` is told now and then how many
    commitments have been read. Raises InputError for a file of another kind.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: expected a file that ends in {', '.join(READERS)}")
    return reader(path, parties=parties, sources=sources, progress=progress or (lambda _: None))


def read(path: Path, *, parties: Collection[str] = (), sources: Collection[str] = ()) -> File:
    """Read a commitments file in which nothing is wrong. Raises InputError with a line for each thing that is."""
    file = gather(path, parties=parties, sources=sources)
    refuse(file.faults, unread=file.unread)
    return file
