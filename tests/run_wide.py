"""What all processes of a run of the tests share: the process that forks the program's.

It starts with the first call, by the process in which pytest was started, and ends with that one. The other processes
of pytest ask that one for it.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any

ROOT = Path(__file__).parents[1]
FORK = "from tests import warm_process; warm_process.main({number})"
_STARTING = threading.Lock()
_STARTED: dict[tuple[str, ...], socket.socket] = {}  # by what stands before its command: the process that forks
_asked_at: list[str] = []


def ask_at(path: str) -> None:
    """Ask at the door of the process that has started this one."""
    _asked_at.append(path)


def forking(prefix: Sequence[str]) -> socket.socket:
    """Return a socket of our own that takes orders for the process that forks, started by what stands before its name.

    Raises OSError where it cannot be started.
    """
    if not _asked_at:
        return _started(tuple(prefix))
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(_asked_at[0])
        asking.sendall(json.dumps(prefix).encode() + b"\n")
        _, files, _, _ = socket.recv_fds(asking, 1, 1)
    if not files:
        raise OSError("the process that started the tests could not start the one that forks: it has printed why")
    os.set_inheritable(files[0], False)
    return socket.socket(fileno=files[0])


def door() -> str:
    """Return the path at which other processes ask. It is opened here, where none has started this one."""
    return _asked_at[0] if _asked_at else _open_door()


@cache
def _open_door() -> str:
    folder = tempfile.TemporaryDirectory(prefix="alerts-run-")
    opened = _Door(f"{folder.name}/door", _answer)
    threading.Thread(target=opened.serve_forever, daemon=True).start()
    atexit.register(folder.cleanup)
    return f"{folder.name}/door"


class _Door(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True


def _answer(asking: socket.socket, _address: Any, _door: _Door) -> None:
    with asking.makefile() as said, _started(tuple(json.loads(said.readline()))) as orders:
        socket.send_fds(asking, [b"."], [orders.fileno()])


def _started(prefix: tuple[str, ...]) -> socket.socket:
    with _STARTING:
        clients = _STARTED.get(prefix) or _STARTED.setdefault(prefix, _start(prefix))
        ours, theirs = _pair()
        with theirs:
            socket.send_fds(clients, [b"."], [theirs.fileno()])
    return ours


def _start(prefix: tuple[str, ...]) -> socket.socket:
    clients, theirs = _pair()
    with theirs:
        command = [*prefix, sys.executable, "-c", FORK.format(number=theirs.fileno())]
        command.append("alerts")  # by this word in its command line, `alerts reload` knows the daemon
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()])
    atexit.register(process.wait)
    atexit.register(clients.close)  # which lets it end; the last that is registered comes first
    return clients


def _pair() -> tuple[socket.socket, socket.socket]:
    """Return two ends that keep messages apart."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
