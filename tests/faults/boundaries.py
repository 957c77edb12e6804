"""Numbers each place at which a process may die between two effects, and lets it die at one of them.

A boundary lies before and after whatever the database or a peer could notice: connecting, a statement, a commit, a
send (and amid its bytes), a read, a close, a lock, a name of a file. (To roll back and to die are the same to a
database.) Threads share one count, so which boundary has which number differs a little from run to run; its label says
where the process died.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

DATABASE = ("connect", "do_execute", "do_executemany", "do_execute_no_params", "do_commit", "do_ping")
SOCKETS = ("connect", "send", "sendall", "recv", "recv_into", "close")
FILES = (
    *((fcntl, "flock"), (os, "truncate"), (os, "pwrite")),
    *((os, "fsync"), (os, "replace"), (os, "link"), (os, "unlink")),
)


class Boundaries:
    """Counts what is passed, writes each label to the file `trace`, and kills this process at `die_at`.

    That is a boundary's number, or the beginning of its label: the first such one.
    """

    def __init__(self, die_at: int | str | None, trace: int) -> None:
        self._die_at = die_at
        self._trace = trace
        self._passed = 0
        self._lock = threading.Lock()

    def install(self) -> None:
        """Wrap what has effects, in this process."""
        for name in DATABASE:
            self._wrap(DefaultDialect, name, f"sql {name.removeprefix('do_')}")
        for name in SOCKETS:
            self._wrap(socket.socket, name, f"socket {name}")
        for owner, name in FILES:
            self._wrap(owner, name, f"file {name}")

    def _wrap(self, owner: Any, name: str, kind: str) -> None:
        original = getattr(owner, name)
        sends = name in ("send", "sendall")

        def wrapped(*args: Any, **options: Any) -> Any:
            label = " ".join(filter(None, (kind, _shown(kind, args))))
            self._pass(f"before {label}")
            if sends:
                self._pass(f"amid {label}", lambda: original(args[0], args[1][: len(args[1]) // 2]))
            result = original(*args, **options)
            self._pass(f"after {label}")
            return result

        setattr(owner, name, wrapped)

    def _pass(self, label: str, last_act: Callable[[], object] = lambda: None) -> None:
        with self._lock:  # the others stand still while this process dies
            self._passed += 1
            os.write(self._trace, f"{threading.current_thread().name}: {label}\n".encode())
            if self._passed == self._die_at or (isinstance(self._die_at, str) and label.startswith(self._die_at)):
                last_act()
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


def _shown(kind: str, args: tuple[Any, ...]) -> str:
    """What the call is about, in a few words: the statement, or how the bytes begin."""
    if kind.startswith("sql execute"):
        words = str(args[2])
    elif kind in ("socket send", "socket sendall"):
        words = bytes(args[1][:80]).decode(errors="replace")
    else:
        return ""
    return re.sub(r"\s+", " ", words).strip()[:70]
