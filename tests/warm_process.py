"""The process that has imported everything, and forks a process of the program for each order.

Whoever starts it gives it sockets, by each of which one of the tests' processes gives orders. What one of these leaves
running is killed when it ends; when the first ends, everything is.
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
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

import alerts
from tests import compiled_once
from tests.patience import EXACT

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
LONGEST = 200_000  # bytes of an order: the environment is the most of it


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
    importlib.import_module("apprise").Apprise.instantiate("json://localhost")  # which imports all services
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


def serve(clients: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Fork for each order and reap when asked. Returns the order in each child, and None when there is no more."""
    children: dict[socket.socket, set[int]] = {}
    while True:
        for one in select.select([clients, *children], [], [])[0]:
            said, files = _received(one)
            if one is clients and not files:
                _kill(child for running in children.values() for child in running)
                return None
            if one is clients:
                children[socket.socket(fileno=files[0])] = set()
            elif not said:
                _kill(children.pop(one))
                one.close()
            elif not (answer := _answer(json.loads(said), children[one])):
                for other in (clients, *children):
                    other.close()
                return json.loads(said), files
            else:
                for file in files:
                    os.close(file)
                with suppress(BrokenPipeError):  # it has just ended, as the next look will show
                    one.send(answer.encode())


def _received(one: socket.socket) -> tuple[bytes, list[int]]:
    """Return an order and its files; nothing where the other end has been closed, whatever that left unread."""
    try:
        return socket.recv_fds(one, LONGEST, 3)[:2]
    except ConnectionResetError:
        return b"", []


def _answer(order: dict[str, Any], children: set[int]) -> str:
    """Reap a child, or fork one: returns how it ended, or its process id; in the child itself nothing."""
    if "reap" in order:
        children.discard(order["reap"])
        return str(os.waitpid(order["reap"], 0)[1])
    if child := os.fork():
        children.add(child)
        return str(child)
    return ""


def _kill(children: Iterable[int]) -> None:
    """Kill what nobody has reaped."""
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


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
    sys.__stdout__ = sys.stdout  # type: ignore[misc]
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
        for stream in (sys.__stdout__, sys.stdout, sys.stderr):  # a program may have replaced the first
            stream.flush()
        os._exit(code)


def _stream(number: int) -> TextIOWrapper:
    """Open a standard stream as Python does."""
    file = os.fdopen(number, "rb" if number == 0 else "wb", closefd=False)
    return TextIOWrapper(file, encoding="utf-8", errors="backslashreplace" if number == 2 else "strict",
                         write_through=number == 2, line_buffering=number == 2)  # fmt: skip


def main(number: int) -> None:
    """Be the warm process, which gets its clients by the socket of this number, or one of its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; then nobody asks any more
    import_everything()
    if ordered := serve(socket.socket(fileno=number)):
        live(*ordered)
