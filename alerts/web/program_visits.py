"""Which visits of answer pages were a program's. Kept in memory: a restart forgets it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from threading import Lock

REMEMBERED = timedelta(minutes=10)  # for so long, what a program pressed decides about its visit
MOST = 10_000  # visits; the oldest go first


class ProgramVisits:
    """Remembers by link and address who pressed buttons as only a program does. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until: dict[tuple[bytes, str], datetime] = {}

    def mark(self, token: str, address: str, now: datetime) -> None:
        """Remember that a program pressed the buttons behind a link."""
        with self._lock:
            self._until.pop(_visit(token, address), None)
            self._until[_visit(token, address)] = now + REMEMBERED
            if len(self._until) > MOST:
                del self._until[next(iter(self._until))]

    def includes(self, token: str, address: str, now: datetime) -> bool:
        """Return whether a program pressed the buttons behind a link a moment ago, from the same address."""
        with self._lock:
            until = self._until.get(_visit(token, address))
        return until is not None and now < until


def _visit(token: str, address: str) -> tuple[bytes, str]:
    return hashlib.sha256(token.encode()).digest(), address  # no memory dump holds a working link
