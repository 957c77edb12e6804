"""Processes of the program that start in a twentieth of the time: each is forked from one that has imported everything.

`start` and `run` are what tests use; the first call starts that one. `make faults` and `make web` start each process
anew instead, as a user does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

import pytest

import alerts
from tests import compiled_once
from tests.patience import EXACT

ROOT = Path(__file__).parents[1]
# A desk with one alert to send, which compiles what the deliveries of all others are made with.
CONFIG = """
channels:
  box: {{kind: maildir, path: {folder}/mail, to: [desk@example.org]}}
rules:
  - {{name: leads, cron: "* * * * *", match: {{}}, digest: false, notify: [box],
     remind: {{before: [P7D], moved: true}}}}
"""
COMMITMENT = (
    "commitments: [{key: one, title: One, deadline: 2025-11-07}, {key: two, title: Two, deadline: P1D after one}]\n"
)
ONE_ALERT = (
    ["load", "{folder}/one.yaml", "--at", "2025-11-03T09:00Z"],
    ["tick", "--at", "2025-11-03T09:00Z"],
    ["move", "one", "2025-11-08", "--because", "Late", "--at", "2025-11-03T10:00Z"],
    ["tick", "--at", "2025-11-03T10:00Z"],
)
ENDS_WITHIN = 120.0  # seconds for a command that takes one
LONGEST = 200_000  # bytes of an order: the environment is the most of it


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
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = f"from tests import forked_alerts; forked_alerts.main({theirs.fileno()})"
        command, environment = [*prefix, sys.executable, "-c", code], os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()])
        theirs.close()
        atexit.register(self.close)

    def ask(self, order: Mapping[str, Any], files: tuple[int, ...] = ()) -> int:
        """Give an order, with the files that a child gets as its standard streams; returns the number in its answer."""
        with self._turn:
            socket.send_fds(self._orders, [json.dumps(order).encode()], list(files))
            return int(self._orders.recv(LONGEST))

    def close(self) -> None:
        """Let it end."""
        self._orders.close()
        self._process.wait()


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


@cache
def import_everything() -> None:
    """Have what a process works out once worked out once for all: modules, statements, templates, commands, zones."""
    patch = pytest.MonkeyPatch()  # for as long as this process lives
    compiled_once.share_statements(patch)
    compiled_once.share_templates(patch)
    compiled_once.share_commands(patch)
    if not EXACT:
        compiled_once.share_tables(patch)
    for name in ("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(alerts.__path__, "alerts."):
        if not module.name.endswith(("__main__", "_process")) and ".migrations" not in module.name:
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        home = Path(folder)
        (home / "config").mkdir()
        (home / "config/alerts.yaml").write_text(CONFIG.format(folder=folder), encoding="utf-8")
        (home / "one.yaml").write_text(COMMITMENT, encoding="utf-8")
        for command in (["check"], *ONE_ALERT):
            sys.argv = ["alerts", "--database", f"sqlite:///{folder}/warm.db"]
            sys.argv += [] if command == ["check"] else ["--config", f"{folder}/config"]
            sys.argv += [word.format(folder=folder) for word in command]
            with redirect_stdout(nowhere), redirect_stderr(nowhere), suppress(SystemExit):
                importlib.import_module("alerts.cli").main()
    gc.collect()
    gc.freeze()


def serve(orders: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each order and reap when asked. Returns the order in each child, and None when nobody asks any more."""
    while True:
        said, files, _, _ = socket.recv_fds(orders, LONGEST, 3)
        if not said:
            return None
        order = json.loads(said)
        if "reap" in order:
            answer = os.waitpid(order["reap"], 0)[1]
        elif not (answer := os.fork()):
            orders.close()
            return order, files
        for file in files:
            os.close(file)
        orders.send(str(answer).encode())


def live(order: dict[str, Any], files: list[int]) -> None:
    """Be `python -m MODULE`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(order["cwd"])
    sys.path[0] = order["cwd"]
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    sys.stdin, sys.stdout, sys.stderr = (_stream(number) for number in range(3))
    sys.argv = [order["module"], *order["arguments"]]
    code: Any = None
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    if isinstance(code, int | None):
        _end(code or 0)
    sys.exit(code)


def _end(code: int) -> None:
    """End as Python does, but leave what was imported: taking it apart would copy all the memory that we share.

    Returns where a standard stream cannot take what is left: Python has its own words for that.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as each program does
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _stream(number: int) -> TextIOWrapper:
    """Open a standard stream as Python does."""
    file = os.fdopen(number, "rb" if number == 0 else "wb", closefd=False)
    return TextIOWrapper(file, encoding="utf-8", errors="backslashreplace" if number == 2 else "strict",
                         write_through=number == 2, line_buffering=number == 2)  # fmt: skip


def main(number: int) -> None:
    """Be the warm process, which gets its orders by the socket of this number, or one of its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; then nobody asks any more
    import_everything()
    if ordered := serve(socket.socket(fileno=number)):
        live(*ordered)
