"""Processes of the program that start in a twentieth of the time: each is forked from one that has imported everything.

`start` and `run` are what tests use; the first call starts that one. `make faults` and `make web` start each process
anew instead, as a user does.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests import run_wide
from tests.patience import EXACT

ROOT = Path(__file__).parents[1]
ENDS_WITHIN = 120.0  # seconds for a command that takes one


class Forked:
    """A process that was forked for us, with what tests use of `subprocess.Popen`."""

    def __init__(self, parent: WarmProcess, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._ended = os.pidfd_open(pid)  # not yet reaped, so it is the right one

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._end(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended; raises TimeoutExpired where it does not in time."""
        code = self._end(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("alerts", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def _end(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._ended], [], [], timeout)[0]:
            self.returncode = os.waitstatus_to_exitcode(self._parent.ask({"reap": self.pid}))
            os.close(self._ended)
        return self.returncode


Started = Forked | subprocess.Popen[bytes]


class WarmProcess:
    """The process that forks, on this side."""

    def __init__(self, prefix: Sequence[str]) -> None:
        self._turn = threading.Lock()
        self._orders = run_wide.forking(prefix)
        atexit.register(self._orders.close)

    def ask(self, order: Mapping[str, Any], files: tuple[int, ...] = ()) -> int:
        """Give an order, with the files that a child gets as its standard streams; returns the number in its answer."""
        with self._turn:
            socket.send_fds(self._orders, [json.dumps(order).encode()], list(files))
            answer = self._orders.recv(20)  # a number
        if not answer:
            raise RuntimeError("the process that forks the program's processes for the tests has ended")
        return int(answer)


_STARTED: dict[Sequence[str], WarmProcess] = {}
_STARTING = threading.Lock()


def warm_process(*prefix: str) -> WarmProcess:
    """Return the process that forks, started by what stands before its command; it starts with the first call."""
    with _STARTING:
        return _STARTED.get(prefix) or _STARTED.setdefault(prefix, WarmProcess(prefix))


def start(
    *arguments: str,
    output: IO[Any],
    errors: IO[Any] | None = None,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    module: str = "alerts",
    given: IO[Any] | None = None,
    prefix: Sequence[str] = (),
    anew: bool = EXACT,
) -> Started:
    """Start `python -m alerts` with these arguments: it reads what is given, else nothing, and writes to the output.

    What stands before the command may be anything that starts a program. `anew`: by exec, not forked.
    """
    env = dict(os.environ if env is None else env)
    errors = errors or output
    if anew:
        command = [*prefix, sys.executable, "-m", module, *arguments]
        return subprocess.Popen(
            command, stdin=given or subprocess.DEVNULL, stdout=output, stderr=errors, cwd=cwd, env=env
        )
    with Path(os.devnull).open("rb") as nothing:
        files = (given or nothing, output, errors)
        order = {"module": module, "arguments": arguments, "cwd": str(cwd), "env": env}
        parent = warm_process(*prefix)
        return Forked(parent, parent.ask(order, tuple(file.fileno() for file in files)))


def run(
    *arguments: str, given: str = "", cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return what it printed."""
    with tempfile.TemporaryFile() as before, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        before.write(given.encode())
        before.seek(0)
        process = start(*arguments, output=output, errors=errors, cwd=cwd, env=env, given=before)
        try:
            code = process.wait(ENDS_WITHIN)
        except BaseException:
            process.kill()
            process.wait()
            raise
        said = []
        for file in (output, errors):
            file.seek(0)
            said.append(file.read().decode())
        return subprocess.CompletedProcess(arguments, code, *said)
