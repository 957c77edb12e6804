"""Reports that wait in a Maildir (cr.yp.to/proto/maildir.html)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from alerts.deadlines.errors import InputError

LARGEST = 1024 * 1024  # bytes of a report that are read: what follows is our own mail


def waiting(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the mails that nobody has read, oldest name first. Raises InputError where it is no Maildir."""
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise InputError(f"{folder}: not a Maildir: expected a folder with `new` and `cur` in it")
    unread = [path for path in (folder / "cur").iterdir() if not {"S", "T"} & {*path.name.partition(":2,")[2]}]
    for path in sorted([*(folder / "new").iterdir(), *unread], key=lambda path: path.name):
        if path.name.startswith("."):
            continue
        with suppress(FileNotFoundError):  # a mail program has moved it meanwhile
            with path.open("rb") as file:
                data = file.read(LARGEST)
            yield path, data


def mark_read(path: Path, *, flagged: bool) -> None:
    """Mark a mail as read. What people should look at is flagged, as mail programs show it."""
    name, _, flags = path.name.partition(":2,")
    wanted = "".join(sorted({*flags, "S", *("F" if flagged else "")}))
    with suppress(FileNotFoundError):
        path.rename(path.parent.parent / "cur" / f"{name}:2,{wanted}")
