"""How often a link is answered, or an address tries wrong tokens. Kept in memory: a restart forgets it."""

from __future__ import annotations

import hashlib
from collections import deque
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

WINDOW = timedelta(minutes=1)
MOST = 60  # attempts in a window, of one link or from one address
CLIENT_BITS = 64  # of an IPv6 address: one client has all of a network of that size
REMEMBERED = 10_000  # links and addresses; those that were quiet longest go first


def network_of(address: str) -> str:
    """Return what the attempts of a client are counted by: of IPv6 the network, whose addresses one client has all.

    On a socket for both, IPv4 clients have addresses such as `::ffff:192.0.2.7`, and each counts for itself.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((found, CLIENT_BITS), strict=False))


class RateLimit:
    """Counts attempts by link or by address: `most` in a `window` are allowed. Threads may share it."""

    def __init__(self, most: int = MOST, window: timedelta = WINDOW) -> None:
        self._most, self._window = most, window
        self._lock = Lock()
        self._times: dict[bytes, deque[datetime]] = {}

    def is_exceeded(self, what: str, now: datetime) -> bool:
        """Count one more attempt, and return whether there were as many in the window as are allowed."""
        key = hashlib.sha256(what.encode()).digest()  # no memory dump holds a working link
        with self._lock:
            times = self._times.pop(key, deque())
            while times and times[0] <= now - self._window:
                times.popleft()
            exceeded = len(times) >= self._most
            if not exceeded:
                times.append(now)
            self._times[key] = times  # at the end: the one that was used last
            if len(self._times) > REMEMBERED:
                del self._times[next(iter(self._times))]
        return exceeded
