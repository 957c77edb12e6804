"""The log on stderr, with secrets taken out."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime

from alerts.deadlines.errors import InputError
from alerts.settings.redaction import Redaction

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class _Redacted(logging.Formatter):
    """Formats log lines without secrets, including lines of libraries."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = lambda seconds: datetime.fromtimestamp(seconds or 0, UTC).timetuple()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction(super().format(record))


def start_log(redaction: Redaction) -> None:
    """Log to stderr, without secrets, from the level that ALERTS_LOG names. DEBUG includes libraries."""
    stream = logging.StreamHandler(sys.stderr)
    level = os.environ.get("ALERTS_LOG") or "INFO"
    if level not in LEVELS:
        raise InputError(f"ALERTS_LOG is {level!r}: expected one of {', '.join(LEVELS)}")
    stream.setFormatter(_Redacted(redaction))
    logging.basicConfig(level=level, handlers=[stream], force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
