"""Commitments from a JSON file: `json` checks the syntax, the strict YAML reader finds the line of each value."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

from alerts.deadlines.errors import InputError
from alerts.interchange import yaml
from alerts.interchange.file_contents import File, Known
from alerts.interchange.whole_files import read_bytes

ESCAPE = re.compile(r"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|.)", re.IGNORECASE)


def read(path: Path, *, known: Known, progress: Callable[[int], None]) -> File:
    """Read a file; see `alerts.interchange.gather`."""
    try:
        content = io.BytesIO(_as_yaml(path).encode("utf-8"))
    except InputError as error:
        return yaml.unreadable(path, error, known=known, progress=progress)
    return yaml.read(path, known=known, progress=progress, content=content)


def _as_yaml(path: Path) -> str:
    """Return the text of a JSON file in a form that YAML, which counts lines, reads the same. Raises InputError."""
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
        json.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: is not UTF-8 text: save it in that encoding") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}: is not JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply") from None
    return ESCAPE.sub(_character, text.replace("\t", " "))  # in JSON a tab can only stand between values


def _character(escape: re.Match[str]) -> str:
    """Return the character of a surrogate pair, which YAML does not join; any other escape unchanged."""
    high, low = escape.groups()
    if high is None:
        return escape[0]
    return bytes.fromhex(high + low).decode("utf-16-be")
