"""One thread a channel that sends what is due, and their exchange while the daemon runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from alerts.channels import Channel
from alerts.clock import monotonic
from alerts.delivery import ChannelWorker
from alerts.outage_log import OutageLog

log = logging.getLogger(__name__)

PAUSE = timedelta(seconds=5)  # after the database could not be used
POLL_INTERVAL = timedelta(minutes=1)  # at the latest after so long it looks for something to do
GRACE = timedelta(seconds=7)  # what is in flight at the end may take so long; container engines allow ten seconds


@dataclass(slots=True, eq=False)
class _RunningWorker:
    worker: ChannelWorker
    wake: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class WorkerPool:
    """The channel workers of a daemon and their threads. `built_from`: what each channel was built from, by name."""

    def __init__(
        self,
        workers: Sequence[ChannelWorker],
        built_from: Mapping[str, Any],
        on_failure: Callable[[], None],
        *,
        may_send: Callable[[], bool] = lambda: True,
        outages: OutageLog,
    ) -> None:
        self._may_send = may_send
        self._outages = outages
        self._on_failure = on_failure
        self._made_of = built_from
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pool = {worker.channel.name: self._new_worker(worker) for worker in workers}

    @property
    def workers(self) -> list[ChannelWorker]:
        """Return the workers that run."""
        return [running.worker for running in self._pool.values()]

    @property
    def channels(self) -> dict[str, Channel]:
        """Their channels, by name."""
        return {name: running.worker.channel for name, running in self._pool.items()}

    def start(self) -> None:
        """Begin to send."""
        for running in self._pool.values():
            self._start(running)

    def exchange(self, workers: Sequence[ChannelWorker], built_from: Mapping[str, Any]) -> list[str]:
        """Go on with these workers.

        Where a channel is built from the same as before, its worker stays and is brought up to date. Where not, the old
        worker ends what is in flight, claims nothing more, and closes its channel. The new one begins with a closed
        breaker: what stopped the old channel need not stop this one.

        Returns the names of the channels that were there before and were built anew.
        """
        found: dict[str, _RunningWorker] = {}
        for worker in workers:
            name = worker.channel.name
            old = self._pool.get(name)
            if old and self._made_of.get(name) == built_from.get(name):
                old.worker.take_over(worker)
                worker.channel.close()
                found[name] = old
            else:
                found[name] = self._new_worker(worker)
        before, self._pool, self._made_of = self._pool, found, built_from
        for running in before.values():
            if running not in found.values():
                running.worker.retired.set()
                running.wake.set()
        for running in found.values():
            if running.thread is None:
                self._start(running)
        self._threads = [one for one in self._threads if one.is_alive()]
        return [name for name, running in found.items() if name in before and running is not before[name]]

    def wake_all(self) -> None:
        """Wake every worker."""
        for running in self._pool.values():
            running.wake.set()

    def stop(self) -> None:
        """End every worker after what is in flight."""
        self._stopped.set()
        for worker in self.workers:
            worker.stop.set()
        self.wake_all()

    def end(self) -> bool:
        """Wait for what is in flight, and return whether it has ended."""
        deadline = monotonic() + GRACE.total_seconds()
        for thread in self._threads:
            thread.join(max(deadline - monotonic(), 0.0))
        if any(thread.is_alive() for thread in self._threads):
            log.warning("something is still in flight: it will be sent again under the same id")
            return False
        return True

    def _new_worker(self, worker: ChannelWorker) -> _RunningWorker:
        worker.on_failure, worker.may_send = self._on_failure, self._may_send
        return _RunningWorker(worker)

    def _start(self, running: _RunningWorker) -> None:
        running.thread = threading.Thread(target=self._send, args=(running,), daemon=True)
        self._threads.append(running.thread)
        running.thread.start()

    def _send(self, running: _RunningWorker) -> None:
        worker, step = running.worker, f"sending via {running.worker.channel.name}"
        while not (self._stopped.is_set() or worker.retired.is_set()):
            pause = PAUSE
            try:
                worker.drain()
                pause = until_next(worker)
            except Exception as error:  # noqa: BLE001 # logged with its traceback
                self._outages.failed(step, error)
            else:
                self._outages.succeeded(step)
            running.wake.wait(pause.total_seconds())
            running.wake.clear()
        if worker.retired.is_set():
            self._outages.withdraw(step)
            worker.channel.close()


def until_next(worker: ChannelWorker) -> timedelta:
    """Return how long a worker has nothing to do, and at most a minute; no shorter than its rate needs."""
    pause = worker.pause()
    shortest = worker.health.pace.wait(worker.steady()) or 0.05
    return POLL_INTERVAL if pause is None else min(max(pause, timedelta(seconds=shortest)), POLL_INTERVAL)
