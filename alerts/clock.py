"""The only module that reads the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def utc_now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds on a clock that never steps, for measuring durations.

    On Linux it also counts while the machine is suspended (clock_gettime(2)): leases expire in the meantime.
    """
    return time.clock_gettime(_STEADY)


Clock = Callable[[], datetime]
