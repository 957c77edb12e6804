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
from alerts.core.errors import InputError
from alerts.lane import Lane, always

log = logging.getLogger(__name__)

PAUSE = timedelta(seconds=5)  # after the database could not be used
LOOK = timedelta(minutes=1)  # at the latest after so long it looks for something to do
GRACE = timedelta(seconds=7)  # what is in flight at the end may take so long; container engines allow ten seconds


@dataclass(slots=True, eq=False)
class _Worker:
    lane: Lane
    bell: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None


class Workers:
    """The lanes of a daemon and their threads. `made_of`: what each channel was built from, by its name."""

    def __init__(self, lanes: Sequence[Lane], made_of: Mapping[str, Any], on_trouble: Callable[[], None], *,
                 may_send: Callable[[], bool] = always) -> None:  # fmt: skip
        self._may_send = may_send
        self._on_trouble = on_trouble
        self._made_of = made_of
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._workers = {lane.channel.name: self._worker(lane) for lane in lanes}

    @property
    def lanes(self) -> list[Lane]:
        """The lanes that are at work."""
        return [worker.lane for worker in self._workers.values()]

    @property
    def channels(self) -> dict[str, Channel]:
        """Their channels, by name."""
        return {name: worker.lane.channel for name, worker in self._workers.items()}

    def start(self) -> None:
        """Begin to send."""
        for worker in self._workers.values():
            self._start(worker)

    def exchange(self, lanes: Sequence[Lane], made_of: Mapping[str, Any]) -> list[str]:
        """Go on with these lanes. Where a channel is made of the same as before, its lane stays and is brought up to
        date; where not, the old one ends what is in flight, claims nothing more, and closes its channel. The new one
        begins with a closed breaker: what held up the old channel need not hold up this one.

        Returns the names of the channels that were there before and were built anew.
        """
        found: dict[str, _Worker] = {}
        for lane in lanes:
            name = lane.channel.name
            old = self._workers.get(name)
            if old and self._made_of.get(name) == made_of.get(name):
                old.lane.take_over(lane)
                lane.channel.close()
                found[name] = old
            else:
                found[name] = self._worker(lane)
        before, self._workers, self._made_of = self._workers, found, made_of
        for worker in before.values():
            if worker not in found.values():
                worker.lane.retired.set()
                worker.bell.set()
        for worker in found.values():
            if worker.thread is None:
                self._start(worker)
        self._threads = [one for one in self._threads if one.is_alive()]
        return [name for name, worker in found.items() if name in before and worker is not before[name]]

    def ring(self) -> None:
        """Let every lane look for something to do."""
        for worker in self._workers.values():
            worker.bell.set()

    def stop(self) -> None:
        """Let every lane end after what is in flight."""
        self._stopped.set()
        for lane in self.lanes:
            lane.stop.set()
        self.ring()

    def end(self) -> bool:
        """Wait for what is in flight, and return whether it has ended."""
        deadline = monotonic() + GRACE.total_seconds()
        for thread in self._threads:
            thread.join(max(deadline - monotonic(), 0.0))
        if any(thread.is_alive() for thread in self._threads):
            log.warning("something is still in flight: it will be sent again under the same id")
            return False
        return True

    def _worker(self, lane: Lane) -> _Worker:
        lane.on_trouble, lane.may_send = self._on_trouble, self._may_send
        return _Worker(lane)

    def _start(self, worker: _Worker) -> None:
        worker.thread = threading.Thread(target=self._send, args=(worker,), daemon=True)
        self._threads.append(worker.thread)
        worker.thread.start()

    def _send(self, worker: _Worker) -> None:
        lane, name = worker.lane, worker.lane.channel.name
        while not (self._stopped.is_set() or lane.retired.is_set()):
            pause = PAUSE
            try:
                lane.drain()
                pause = _until_next(lane)
            except InputError as error:
                log.error("sending via %s: %s", name, error)  # noqa: TRY400 # the line says it all
            except Exception:
                log.exception("sending via %s failed; again in %s s", name, PAUSE.total_seconds())
            worker.bell.wait(pause.total_seconds())
            worker.bell.clear()
        if lane.retired.is_set():
            lane.channel.close()


def _until_next(lane: Lane) -> timedelta:
    pause = lane.pause()
    return LOOK if pause is None else min(max(pause, timedelta(seconds=0.05)), LOOK)
