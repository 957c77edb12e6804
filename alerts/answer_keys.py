"""The keys that sign answer links: in a file next to the SQLite database, or where `http.answer_keys` names them.

Each line has one key in hexadecimal digits, and when it was made. The first key signs, all verify.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from alerts.deadlines.errors import InputError

ENDING = ".answer-keys"
LARGEST_FILE = 64 * 1024  # bytes
_BYTES = 32
_LINE = re.compile(r"([0-9a-fA-F]{64})(?:\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ))?")


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """A key, and when it was made, if its line says so."""

    secret: bytes = field(repr=False)
    made_at: datetime | None = None


def key_path(database: Path) -> Path:
    """Return the key file of an SQLite database."""
    return database.resolve().with_suffix(ENDING)  # two names of one database share its keys


def parse_keys(text: str, where: str) -> tuple[AnswerKey, ...]:
    """Return the keys of a file. Raises InputError for anything else, without showing it."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        stated = line.partition("#")[0].strip()
        if not stated:
            continue
        match = _LINE.fullmatch(stated)
        if not match:
            raise InputError(
                f"{where}: line {number} is no key: expected 64 hexadecimal digits, as `openssl rand -hex 32` makes"
            )
        found.append(AnswerKey(bytes.fromhex(match[1]), datetime.fromisoformat(match[2]) if match[2] else None))
    if not found:
        raise InputError(f"{where}: it has no key: expected a line of 64 hexadecimal digits")
    return tuple(found)


def read_key_file(path: Path) -> tuple[AnswerKey, ...]:
    """Return the keys of a file. Raises InputError where it cannot be read, or others may read it, too."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(LARGEST_FILE)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise InputError(f"{path}: others may read the keys of answer links (mode {mode:04o}): run `chmod 600 {path}`")
    return parse_keys(data.decode("ascii", "replace"), str(path))


def make_key_file(path: Path, now: datetime) -> None:
    """Make a file with one new key, unless another process has made it by then. Raises InputError."""
    draft = _draft(path, [_new_key(now)], like=path.parent)
    try:
        with suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename it replaces nothing
    except OSError:  # the file system has no links
        if not path.exists():
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    _persist(path.parent)


def rotate(path: Path, now: datetime, drop_replaced_before: datetime | None = None) -> tuple[AnswerKey, ...]:
    """Add a key that signs from now on, and return the keys that were dropped. Raises InputError.

    Dropped are those that were replaced by then; links that they have signed are void.
    """
    old = read_key_file(path) if path.exists() else ()
    keys = (_new_key(now), *old)
    dropped = _replaced_by(keys, drop_replaced_before) if drop_replaced_before else ()
    draft = _draft(path, [key for key in keys if key not in dropped], like=path if old else path.parent)
    try:
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    _persist(path.parent)
    return dropped


def _replaced_by(keys: Sequence[AnswerKey], before: datetime) -> tuple[AnswerKey, ...]:
    """Return the keys that were certainly replaced by then: each by the one above it, which may not say when."""
    found, replaced_at = [], datetime.max.replace(tzinfo=UTC)
    for newer, key in pairwise(keys):
        replaced_at = newer.made_at or replaced_at
        if replaced_at <= before:
            found.append(key)
    return tuple(found)


def _new_key(now: datetime) -> AnswerKey:
    return AnswerKey(secrets.token_bytes(_BYTES), now.astimezone(UTC).replace(microsecond=0))


def _draft(path: Path, keys: Sequence[AnswerKey], *, like: Path) -> Path:
    """Write keys to a file with a name of its own, which only the owner of `like` may read."""
    lines = [
        f"{key.secret.hex()} {key.made_at:%Y-%m-%dT%H:%M:%SZ}" if key.made_at else key.secret.hex() for key in keys
    ]
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as stream:
            os.fchmod(file, 0o600)
            if os.geteuid() == 0:  # the daemon must be able to read what root has made
                owner = like.stat()
                os.fchown(file, owner.st_uid, owner.st_gid)
            stream.write("\n".join(lines) + "\n")
            stream.flush()
            os.fsync(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    return draft


def _persist(folder: Path) -> None:
    """Let a power failure lose no key with which a link was signed."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
