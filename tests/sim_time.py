"""Time as a worker, its rate and the servers of a test see it: it passes when a test, or a wait, moves it on."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta

from alerts.delivery import ChannelWorker


class SimTime:
    """A clock that steps with a clock that never does. `passed`: seconds since the beginning."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self.passed = 0.0

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self.passed)

    def steady(self) -> float:
        return 1000.0 + self.passed

    def pass_for(self, seconds: float) -> None:
        self.passed += seconds


class SimStop(threading.Event):
    """Is never set, and whoever waits for it lets time pass."""

    def __init__(self, time: SimTime) -> None:
        super().__init__()
        self._time = time

    def wait(self, timeout: float | None = None) -> bool:
        self._time.pass_for(timeout or 0.0)
        return False


class Window:
    """What a server accepts: so many in a number of seconds. Threads share it."""

    def __init__(self, time: SimTime, most: int, seconds: float) -> None:
        self.most = most
        self._time, self._seconds = time, seconds
        self._lock = threading.Lock()
        self.accepted: list[float] = []
        self.refused: list[float] = []

    def accepts(self) -> bool:
        with self._lock:
            at = self._time.passed
            fits = sum(at - one < self._seconds - 1e-6 for one in self.accepted) < self.most
            (self.accepted if fits else self.refused).append(at)
            return fits


def deliver_all(worker: ChannelWorker, time: SimTime, *, within: float = 86_400) -> Counter[str]:
    """Send all that waits, as a daemon does: each turn when the worker asks for it."""
    done, end = worker.drain(), time.passed + within
    while (pause := worker.pause()) is not None and time.passed + pause.total_seconds() <= end:
        time.pass_for(max(pause.total_seconds(), 0.001))
        done += worker.drain()
    return done
