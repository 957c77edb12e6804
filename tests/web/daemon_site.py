"""A real daemon with its HTTP server, as `alerts run` starts it, and a webhook that takes its alerts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import forked_alerts, patience

WHOLE = os.environ.get("WEB") == "all"
PATIENCE = 120.0  # seconds that a busy machine may take for what takes one
CONFIG = """
database: sqlite:///{folder}/alerts.db
channels:
  chat: {{kind: webhook, url: "http://127.0.0.1:{hook}/hook", timeout: 20}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [chat], digest: false, remind: {{before: [P7D]}}}}
http: {{port: {port}, public_url: "http://127.0.0.1:{port}"}}
"""


def eventually(holds: Callable[[], Any], what: str) -> None:
    """Wait for another process: there is nothing else to wait by."""
    patience.eventually(holds, what, within=PATIENCE, every=0.05)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def tool(name: str) -> str:
    """Return where a tool lies. Without it `make web` fails, and other runs leave the test out."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is missing: install Debian's package prometheus"
        (pytest.fail if WHOLE else pytest.skip)(missing)
    return str(found)


@contextmanager
def hook(seconds: float) -> Iterator[tuple[int, list[str]]]:
    """Take posts, each in so many seconds; yields the port, and what was received."""
    received: list[str] = []

    class Hook(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            threading.Event().wait(seconds)
            received.append(self.headers["webhook-id"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], received
    finally:
        server.shutdown()
        server.server_close()


class DaemonSite:
    """A folder with a configuration, and a daemon that is started on it."""

    def __init__(self, folder: Path, hook_port: int) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: forked_alerts.Started | None = None
        (folder / "config").mkdir()
        self.configure(CONFIG.format(folder=folder, hook=hook_port, port=self.port))

    def configure(self, text: str) -> None:
        """Write the configuration."""
        (self.folder / "config" / "alerts.yaml").write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        return forked_alerts.run("--config", str(self.folder / "config"), *arguments)

    def load(self, count: int) -> None:
        """Load commitments, each of which is alerted at once."""
        day = (datetime.now(UTC) + timedelta(days=3)).date()
        path = self.folder / "commitments.yaml"
        entries = (f"  - {{key: c{number}, title: C {number}, deadline: {day}}}\n" for number in range(count))
        path.write_text("commitments:\n" + "".join(entries))
        done = self.run("load", str(path))
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the daemon; its log goes into a file."""
        with (self.folder / "log").open("wb") as log:
            self.process = forked_alerts.start("--config", str(self.folder / "config"), "run", output=log)

    def end(self) -> None:
        """End the daemon, however it is."""
        if self.process:
            with suppress(FileNotFoundError):  # it has ended before
                self.kill_child(signal.SIGKILL)  # one that is stopped would not notice that the daemon ends
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> str:
        """Return the log so far."""
        return (self.folder / "log").read_text()

    def child(self) -> int | None:
        """Return the process of the HTTP server, if it runs."""
        assert self.process
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                return int(child)
        return None

    def kill_child(self, how: signal.Signals) -> int | None:
        """Send a signal to the HTTP server. Return its process, if there is one."""
        found = self.child()
        if found:
            try:
                os.kill(found, how)
            except ProcessLookupError:
                return None
        return found

    def answers(self) -> bool:
        """Whether the HTTP server answers."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=10).status_code == 204
        except requests.RequestException:
            return False

    def slowest(self) -> float:
        """Return the longest time in seconds between two accepted alerts, and from the first plan to the first."""
        rows: list[dict[str, Any]] = json.loads(self.run("deliveries", "--json").stdout)
        ended = sorted(datetime.fromisoformat(row["ended_at"]) for row in rows)
        begun = min(datetime.fromisoformat(row["created_at"]) for row in rows)
        return max((b - a).total_seconds() for a, b in zip([begun, *ended], ended, strict=False))


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
