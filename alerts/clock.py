"""The one place that reads the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never steps; for measuring how long something takes.

    On Linux it counts while the machine is suspended, too (clock_gettime(2)): a lease runs out meanwhile.
    """
    return time.clock_gettime(_STEADY)


Clock = Callable[[], datetime]
