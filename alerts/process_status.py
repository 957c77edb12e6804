"""This process among others on its database: what it registers, what it says of itself, and where they disagree."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from alerts.core.liveness import ALIVE
from alerts.core.registration import GRACE, Registered, RuleSet, daemon_may_register
from alerts.core.short_lists import few
from alerts.store import Store
from alerts.store.held_sending import Hold
from alerts.store.registry import ProcessStatus

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=5)  # rules that nobody plans fail the health after so long


class Process:
    """A daemon as others on its database see it. `mine` is the set that it runs."""

    def __init__(self, store: Store, name: str, mine: RuleSet) -> None:
        self._store = store
        self.name = name
        self.mine = mine
        self._since: dict[str, datetime] = {}  # kind of problem → since when
        self._lines: dict[str, str] = {}
        self.edited: Sequence[str] = ()  # what is wrong with files that were to be taken over
        self.web_problem: str | None = None  # what is wrong with the HTTP server
        self._changed_at: datetime | None = None
        self._hold: Hold | None = None  # why sending is held
        self._lock = threading.Lock()
        self.reload: Mapping[str, Any] | None = None

    def register(self, now: datetime) -> Registered:
        """Register the own set where it may be, and say what became of it."""
        may = partial(daemon_may_register, self.mine)
        found = self._store.registrations.register(self.mine, now, by=self.name, alive=ALIVE, may=may)
        for line in notes(found, now):
            log.warning("%s", line)
        return found

    def take_over(self, mine: RuleSet, now: datetime) -> Registered:
        """Run another set from now on, and register it; where that cannot be written down, the old one stays."""
        before, self.mine = self.mine, mine
        try:
            return self.register(now)
        except Exception:
            self.mine = before
            raise

    def renew(self, now: datetime) -> Registered | None:
        """Take the rules back where a process that replaced them has gone, and end what was removed an hour ago.

        Returns how that went, or None where the own set is the registered one.
        """
        current = self._store.registrations.is_current(self.mine.hash)
        registered = None if current else self.register(now)
        for name in self._store.registrations.end_removed(now):
            log.warning("rule %s has ended: it was left out an hour ago", name)
        return registered

    def files_changed(self, changed: bool, now: datetime) -> None:
        """Note whether the files differ from what runs."""
        if changed and self._changed_at is None:
            log.warning("files in %s have changed: `alerts reload` takes them over", self.mine.folder)
        self._changed_at = (self._changed_at or now) if changed else None
        if not changed:
            self.edited = ()  # a broken edit that was taken back

    def report(self, now: datetime) -> None:
        """Write down that this process lives, what it runs, and where that disagrees with what is registered."""
        with self._lock:
            self._note_hold()
            self._compare(now)
            self._store.registrations.report(self._status(now))

    def _status(self, now: datetime) -> ProcessStatus:
        changed = []
        if self._changed_at:
            since = self._changed_at.strftime("%H:%M UTC")
            changed = [f"files in {self.mine.folder} have changed since {since}: `alerts reload` takes them over"]
        return ProcessStatus(
            name=self.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            rule_set=self.mine.hash,
            folder=self.mine.folder,
            rules=self.mine.hashes,
            channels=sorted(self.mine.channels),
            seen_at=now,
            problems={self._lines[kind]: at.isoformat() for kind, at in self._since.items()},
            warnings=([*self.edited] or changed) + ([self.web_problem] if self.web_problem else []),
            reload=self.reload,
        )

    def is_well(self, now: datetime) -> bool:
        """Whether no rule has gone unplanned for five minutes, and alerts may go out."""
        return self._hold is None and not any(now - at >= PATIENCE for at in self._since.values())

    def _note_hold(self) -> None:
        """Log at a start, and when it begins or ends, that sending is held."""
        before, self._hold = self._hold, self._store.held_sending.find()
        if self._hold and self._hold != before:
            log.error("%s", self._hold.text(lambda at: f"{at:%a %-d %b %Y %H:%M} UTC"))
        elif before and not self._hold:
            log.warning("sending is resumed: alerts go out again")

    def _compare(self, now: datetime) -> None:
        registered = self._store.watches.registered()
        others = [one for one in self._store.registrations.processes(now, ALIVE) if one.name != self.name]
        planned = {pair for one in others for pair in one.rules.items()} | set(self.mine.hashes.items())
        unplanned = sorted(name for name, what in registered.items() if (name, what) not in planned)
        strange = sorted(name for name, what in self.mine.hashes.items() if registered.get(name) != what)
        where = f"{socket.gethostname()} (process {os.getpid()}, {self.mine.folder})"
        self._lines = {
            "unplanned": f"no live process plans what is registered as rule {few(unplanned)}: start one that has it",
            "strange": f"rule {few(strange)} of {where} is not what is registered: end the processes that have another "
            "configuration",
        }
        found = [kind for kind, names in (("unplanned", unplanned), ("strange", strange)) if names]
        self._since = {kind: self._since.get(kind, now) for kind in found}


def notes(found: Registered, now: datetime) -> list[str]:
    """Return lines about what a registration leaves out, or about the one that stands in its way."""
    lines = []
    if found.removed:
        ends = (now + GRACE).strftime("%H:%M UTC")
        lines.append(f"left out of the configuration: rule {few(found.removed)}; ends at {ends}, and goes on as if "
                     "nothing had been if it is put back before")  # fmt: skip
    if not found.is_mine:
        lines.append(f"another process runs a newer configuration: rule {few(found.left_alone) or '–'} is left to it")
    return lines
