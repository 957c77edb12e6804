"""How often a link may be answered, and which visits were a program's. Kept in memory: a restart forgets it."""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(minutes=1)
MOST = 60  # presses in a window, of one link; and wrong links, from one address
REMEMBERED = timedelta(minutes=10)  # for so long, what a program pressed decides about its visit
LARGEST = 10_000  # entries of each table; the oldest go first


class PressLimits:
    """Counts presses and wrong links, and remembers programs. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._presses: dict[str, deque[datetime]] = {}
        self._programs: dict[tuple[str, str], datetime] = {}

    def is_too_often(self, what: str, now: datetime) -> bool:
        """Count one more press of a token, or one more wrong token of an address; return whether that is too many."""
        with self._lock:
            times = self._presses.pop(what, deque())
            while times and times[0] <= now - WINDOW:
                times.popleft()
            too_often = len(times) >= MOST
            if not too_often:
                times.append(now)
            self._presses[what] = times  # at the end: the one that was used last
            _trim(self._presses)
        return too_often

    def mark_program(self, token: str, address: str, now: datetime) -> None:
        """Remember that a program pressed the buttons behind a link."""
        with self._lock:
            self._programs.pop(_visit(token, address), None)
            self._programs[_visit(token, address)] = now + REMEMBERED
            _trim(self._programs)

    def is_program(self, token: str, address: str, now: datetime) -> bool:
        """Return whether a program pressed the buttons behind a link a moment ago, from the same address."""
        with self._lock:
            until = self._programs.get(_visit(token, address))
        return until is not None and now < until


def _visit(token: str, address: str) -> tuple[str, str]:
    return hashlib.sha256(token.encode()).hexdigest(), address  # no memory dump holds a working link


def _trim(table: dict[object, object] | dict[str, deque[datetime]] | dict[tuple[str, str], datetime]) -> None:
    while len(table) > LARGEST:
        del table[next(iter(table))]  # type: ignore[arg-type]
