"""A configuration that a daemon can take over while it runs, and the thread that reads one when it is asked to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.channels.heartbeat import Heartbeat
from alerts.clock import Clock
from alerts.core.audited_months import FindAudit, no_audit
from alerts.core.registration import RuleSet, differences
from alerts.core.retention import Retention
from alerts.deadlines.errors import InputError
from alerts.delivery import ChannelWorker
from alerts.scheduled_rules import ScheduledRule
from alerts.web_process import WebCommand
from alerts.zone_data import read_anew

log = logging.getLogger(__name__)


def unchanged() -> str:
    """Stand for files that never change."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """All that a daemon goes by, checked and built.

    `built_from`: what each channel was built from, by its name. `audit` returns the month that a summary states.
    `digest` reads the files anew and returns a digest of them, which was `read` when they were taken over.
    """

    mine: RuleSet
    rules: Mapping[str, ScheduledRule]
    workers: Sequence[ChannelWorker]
    built_from: Mapping[str, Any] = field(default_factory=dict, repr=False)
    operators: Sequence[str] = ()
    kept: Retention = field(default_factory=Retention)
    audit: FindAudit = no_audit
    heartbeat: Heartbeat | None = None
    web: WebCommand | None = None
    digest: Callable[[], str] = unchanged
    read: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How a reload went: what it changed, or why nothing was taken over."""

    began: datetime
    taken: bool
    lines: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Write it as a process states it."""
        return {"began": self.began.isoformat(), "taken": self.taken, "lines": list(self.lines)}


class Reloading:
    """Reads the configuration anew when it is asked to, and offers it to the thread that plans.

    `load` raises InputError with all that is wrong. `refused` is called where nothing can be taken over, `offered`
    where something can.
    """

    def __init__(
        self,
        load: Callable[[], Configuration],
        clock: Clock,
        *,
        refused: Callable[[Answer], None],
        offered: Callable[[], None],
    ) -> None:
        self._load = load
        self._clock = clock
        self._refused = refused
        self._offered = offered
        self._asked = threading.Event()
        self._stopped = False
        self._lock = threading.Lock()
        self._found: tuple[datetime, Configuration] | None = None

    def start(self) -> None:
        """Begin to wait for being asked."""
        threading.Thread(target=self._serve, daemon=True).start()

    def ask(self) -> None:
        """Ask for the configuration to be read anew."""
        self._asked.set()

    def stop(self) -> None:
        """Read nothing more."""
        self._stopped = True
        self._asked.set()

    @property
    def found(self) -> tuple[datetime, Configuration] | None:
        """What waits to be taken over, and since when it was read."""
        with self._lock:
            return self._found

    def taken(self, change: tuple[datetime, Configuration]) -> None:
        """Forget what was taken over, unless a newer one waits."""
        with self._lock:
            if self._found is change:
                self._found = None

    def _serve(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._stopped:
                return
            began = self._clock()
            read_anew()  # before crons are made of them
            try:
                found = began, self._load()
            except InputError as error:
                self._refuse(began, str(error).splitlines())
            except Exception as error:
                log.exception("the configuration cannot be read")
                self._refuse(began, [f"the configuration cannot be read: {type(error).__name__}"])
            else:
                with self._lock:
                    self._found = found
                self._offered()

    def _refuse(self, began: datetime, lines: Sequence[str]) -> None:
        for line in lines:
            log.error("reload: %s", line)
        log.error("reload: nothing is taken over; what runs goes on as it is")
        try:
            self._refused(Answer(began=began, taken=False, lines=lines))
        except InputError as error:
            log.warning("reload: %s", error)


def changes(before: RuleSet, after: RuleSet, anew: Iterable[str] = ()) -> list[str]:
    """Return a line for each kind of thing that a new configuration changes.

    `anew` names channels that were built anew, also where only the content of a file or secret has changed.
    """
    found = []
    for what, old, new in (
        ("rules", before.hashes, after.hashes),
        ("channels", dict(before.channels), dict(after.channels)),
        ("people", _people(before), _people(after)),
        ("silences", _silences(before), _silences(after)),
    ):
        names = sorted({*differences(old, new), *(anew if what == "channels" else ())})
        added = [name for name in names if name not in old]
        gone = [name for name in names if name not in new]
        other = [name for name in names if name in old and name in new]
        parts = [
            f"{label} {', '.join(some)}" for label, some in (("new", added), ("changed", other), ("gone", gone)) if some
        ]
        if parts:
            found.append(f"{what}: {'; '.join(parts)}")
    return found or ["nothing has changed in rules, channels or people; templates are read anew"]


def _silences(rule_set: RuleSet) -> dict[str, str]:
    return {one.id: one.id for one in rule_set.silences}


def _people(rule_set: RuleSet) -> dict[str, str]:
    return {person.key: repr(person) for person in rule_set.people}
