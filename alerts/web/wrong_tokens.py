"""How many wrong addresses of calendars a client has tried lately. Kept in memory: a restart forgets it."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

WINDOW = timedelta(minutes=1)
MOST = 60  # in a window, from one address
REMEMBERED = 10_000  # addresses; those that were quiet longest go first


class WrongTokens:
    """Counts wrong tokens by address. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._times: dict[str, deque[datetime]] = {}

    def is_too_often(self, address: str, now: datetime) -> bool:
        """Count one more, and return whether that is too many."""
        with self._lock:
            times = self._times.pop(address, deque())
            while times and times[0] <= now - WINDOW:
                times.popleft()
            too_often = len(times) >= MOST
            if not too_often:
                times.append(now)
            self._times[address] = times
            if len(self._times) > REMEMBERED:
                del self._times[next(iter(self._times))]
        return too_often
