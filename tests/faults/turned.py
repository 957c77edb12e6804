"""`python -m tests.faults.turned …` is `alerts …` in a hurry, by a clock that a test turns while it runs.

It looks after things every few seconds, not every minute, where HASTE is set. Where TURNED names a file, the clock is
off by as many seconds as that says: ours, which leases and all else go by, and APScheduler's, which it sleeps by.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.schedulers.blocking
import apscheduler.triggers.interval

import alerts.channels.webhook
import alerts.cli
import alerts.cli.delivery_commands
import alerts.cli.run_command
import alerts.cli.tick_command
import alerts.daemon
import alerts.worker_threads

HASTE = timedelta(seconds=2)
SCHEDULING = (apscheduler.schedulers.base, apscheduler.executors.base, apscheduler.triggers.interval)


class Turned(datetime):
    """The class that tells the time, by the turned clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(seconds=float(Path(os.environ["TURNED"]).read_text(encoding="ascii") or 0))


def turn() -> None:
    """Let all that reads the time read the turned clock."""
    for module in SCHEDULING:
        if hasattr(module, "datetime"):
            module.datetime = Turned
    for name, module in list(sys.modules.items()):
        if name.startswith("alerts.") and hasattr(module, "utc_now"):
            module.utc_now = lambda: Turned.now(UTC)  # type: ignore[attr-defined]


def hurry() -> None:
    """Sweep every few seconds."""
    alerts.daemon.SWEEP = alerts.worker_threads.POLL_INTERVAL = HASTE
    alerts.daemon.PAUSE = alerts.worker_threads.PAUSE = HASTE / 2


if __name__ == "__main__":
    if os.environ.get("TURNED"):
        turn()
    if os.environ.get("HASTE"):
        hurry()
    alerts.cli.main()
