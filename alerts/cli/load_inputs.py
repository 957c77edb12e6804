"""What load reads: files, the files of a folder, and the standard input."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from alerts import interchange
from alerts.deadlines.errors import InputError
from alerts.interchange.file_contents import File

STDIN = Path("-")
DECLARING = {".yaml", ".yml", ".json"}  # may declare people, parties and sources, so they are read first
READABLE = {*interchange.READERS, *interchange.TABLES}


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Return files with each folder replaced by its files. Raises InputError for a folder without any."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        shown = (one for one in path.iterdir() if not one.name.startswith((".", "~")))
        inside = sorted(one for one in shown if one.suffix.lower() in READABLE)
        if not inside:
            raise InputError(f"{path}: is a folder without files to load ({', '.join(sorted(READABLE))})")
        found += sorted(inside, key=lambda one: one.suffix.lower() not in DECLARING)
    return found


def read_stdin(file_format: str | None, read: Callable[..., File]) -> File:
    """Return what the standard input holds; its problems are those of `-`. Raises InputError."""
    if file_format is None or f".{file_format}" not in READABLE:
        formats = ", ".join(sorted(one.removeprefix(".") for one in READABLE))
        raise InputError(f"-: state with --format what the standard input is: {formats}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"stdin.{file_format}")
        path.write_bytes(sys.stdin.buffer.read(interchange.LARGEST + 1))
        try:
            found = read(path, shown_as=str(STDIN))
        except InputError as error:
            raise InputError(str(error).replace(str(path), "-")) from None

    def named(text: str) -> str:
        return text.replace(str(path), "-")

    return replace(
        found,
        path="-",
        problems=tuple(replace(one, message=named(one.message)) for one in found.problems),
        ended=tuple(replace(one, place=named(one.place)) for one in found.ended),
        notes=tuple(map(named, found.notes)),
    )
