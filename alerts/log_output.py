"""The log on stderr, with secrets taken out: lines for people, or an object of JSON a line for machines."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, Literal

from alerts.deadlines.errors import InputError
from alerts.settings.redaction import Redaction

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class _Lines(logging.Formatter):
    """Formats log lines without secrets, including lines of libraries."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = lambda seconds: datetime.fromtimestamp(seconds or 0, UTC).timetuple()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(super().format(record))


class _Objects(logging.Formatter):
    """Formats each record as an object of JSON. What a line says of an alert or a request stands in fields as well."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        found: dict[str, Any] = {"at": at, "level": record.levelname, "message": record.getMessage()}
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        found |= getattr(record, "fields", {})
        # Before it is JSON, which writes some characters of a secret in another way.
        return json.dumps({name: self._hidden(value) for name, value in found.items()}, ensure_ascii=False)

    def _hidden(self, value: object) -> object:
        return value if isinstance(value, int | float | bool | None) else self._redaction(str(value))


def fields(**values: object) -> dict[str, dict[str, object]]:
    """Return what a log line says in fields of their own, as the argument `extra` of the logger."""
    return {"fields": values}


def start_log(redaction: Redaction, form: Literal["auto", "text", "json"]) -> None:
    """Log to stderr, without secrets, from the level that ALERTS_LOG names. DEBUG includes libraries.

    `auto` is text on a terminal, and JSON otherwise.
    """
    stream = logging.StreamHandler(sys.stderr)
    level = os.environ.get("ALERTS_LOG") or "INFO"
    if level not in LEVELS:
        raise InputError(f"ALERTS_LOG is {level!r}: expected one of {', '.join(LEVELS)}")
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    stream.setFormatter(_Lines(redaction) if as_text else _Objects(redaction))
    logging.basicConfig(level=level, handlers=[stream], force=True)
    for library in ("apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # each request that makes no sense would be a warning
