"""Commitments in and out of files."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from alerts.core.errors import InputError
from alerts.interchange import yaml
from alerts.interchange.yaml import File, Placed

__all__ = ["File", "Placed", "read"]

READERS = {".yaml": yaml.read, ".yml": yaml.read, ".json": yaml.read}  # JSON is read as YAML, and as strictly


def read(
    path: Path,
    *,
    parties: Collection[str] = (),
    sources: Collection[str] = (),
    progress: Callable[[int], None] | None = None,
) -> File:
    """Read a commitments file; its suffix says how.

    `parties` and `sources` are the keys of those that are known already, `progress` is told now and then how many
    commitments have been read. Raises InputError with a line for each thing that is wrong.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: expected a file that ends in {', '.join(READERS)}")
    return reader(path, parties=parties, sources=sources, progress=progress)
