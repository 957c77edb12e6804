"""Replicas: real processes that serve one database. We kill, stop and start them; by themselves they must not end."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests import forked_alerts
from tests.patience import eventually

UP = "Ctrl-C stops"  # among the last of what the daemon announces when it is ready


class Replica:
    """One place for a replica: a process at a time."""

    def __init__(self, log: Path, command: Sequence[str]) -> None:
        self._log = log
        self._command = (*command, "run")
        self.stopped = False
        self.start()

    def start(self) -> None:
        with self._log.open("wb") as out:
            self.process = forked_alerts.start(*self._command, output=out)

    def come_up(self) -> None:
        """Wait until it is ready."""
        eventually(self.is_up, "the replica is up", every=0.05)

    @property
    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def is_up(self) -> bool:
        """Whether it has announced that it is ready. Fails where it has ended, which only we may make it do."""
        code = self.process.poll()
        assert code is None, f"a replica ended by itself with {code}:\n{self.said[-4000:]}"
        return UP in self.said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.stopped = False

    def end(self, within: float) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)


def load(folder: Path, options: Sequence[str], count: int) -> None:
    """Load so many commitments of each of which there is a lead to tell at once."""
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    lines = [f"  - {{key: item-{number}, title: Item {number}, deadline: {day}}}" for number in range(count)]
    path = folder / "commitments.yaml"
    path.write_text("\n".join(["commitments:", *lines, ""]), encoding="utf-8")
    done = forked_alerts.run(*options, "load", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running(folder: Path, commands: Sequence[Sequence[str]]) -> Iterator[list[Replica]]:
    """Start a replica for each command line."""
    replicas = [Replica(folder / f"replica-{number}.log", command) for number, command in enumerate(commands)]
    try:
        yield replicas
    finally:
        for one in replicas:
            if one.process.poll() is None:
                one.kill()
