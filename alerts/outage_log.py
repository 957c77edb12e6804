"""What fails for a while: a line in the log when that begins, and one when it has ended, not one for each try."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from alerts.clock import Clock
from alerts.deadlines.errors import InputError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Outage:
    since: datetime
    steps: set[str] = field(default_factory=set)  # which have failed so and have not succeeded since


class OutageLog:
    """Remembers which steps fail, and why. Threads may share it.

    A database that cannot be reached fails every step and every channel's worker: they have one line together, which
    names the first of them, because the error is the same.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._outages: dict[str, _Outage] = {}  # by the text of the error

    def attempt(self, step: str, action: Callable[[], None]) -> bool:
        """Take a step, and return whether it succeeded. What it raises is logged, so that the next steps are taken."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 # logged with its traceback
            self.failed(step, error)
            return False
        self.succeeded(step)
        return True

    def failed(self, step: str, error: Exception) -> None:
        """Note that a step failed. Log it if the error is new, with its traceback if it is no InputError."""
        text = str(error) or type(error).__name__
        with self._lock:
            for other in [one for one in self._outages if one != text]:
                self._forget(other, step)
            is_new = text not in self._outages
            self._outages.setdefault(text, _Outage(self._clock())).steps.add(step)
        if is_new:
            expected = isinstance(error, InputError)
            log.error("%s: %s; again in a moment", step, text, exc_info=None if expected else error)

    def succeeded(self, step: str) -> None:
        """Note that a step succeeded. Log the end of what had failed, if nothing else fails for the same reason."""
        if not self._outages:
            return
        now = self._clock()
        for text, since in self.withdraw(step):
            log.info("works again after %d s: %s", (now - since).total_seconds(), text)

    def withdraw(self, step: str) -> list[tuple[str, datetime]]:
        """Forget a step, and return what nothing fails for any more, and since when it did."""
        with self._lock:
            return [(text, since) for text in list(self._outages) if (since := self._forget(text, step))]

    def _forget(self, text: str, step: str) -> datetime | None:
        """Return since when it lasted, if the step was the last that failed so."""
        outage = self._outages[text]
        if step not in outage.steps:
            return None
        outage.steps.discard(step)
        if outage.steps:
            return None
        del self._outages[text]
        return outage.since
