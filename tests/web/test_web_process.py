"""The HTTP server as a child of the daemon: what becomes of it is seen, mended, and costs nothing else."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from alerts import web_process
from alerts.web_process import WebCommand, WebProcess
from tests import patience

SERVER = """
import http.server, os, pathlib, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204); self.end_headers()
    def log_message(self, *_): pass
pathlib.Path(sys.argv[2]).write_text(str(os.getpid()))
try:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
except OSError as error:
    print("cannot listen:", error.strerror)
    sys.exit(1)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
"""


def eventually(holds: Callable[[], object]) -> None:
    patience.eventually(holds, "it holds", every=0.02)


class Site:
    """A small server as the child, in place of the whole application."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.note = folder / "pid"

    @property
    def command(self) -> WebCommand:
        command = (sys.executable, "-c", SERVER, str(self.port), str(self.note))
        return WebCommand(command=command, host="127.0.0.1", port=self.port, shown="http://localhost")

    @property
    def pid(self) -> int:
        return int(self.note.read_text() or 0) if self.note.exists() else 0

    def answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 204
        except requests.RequestException:
            return False


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name, value in {"POLL": 0.1, "SETTLED": 0.2, "FIRST_PAUSE": 0.05, "ANSWERS_WITHIN": 0.5, "GRACE": 1.0}.items():
        monkeypatch.setattr(web_process, name, value)
    return Site(tmp_path)


@pytest.fixture
def process(site: Site) -> Iterator[WebProcess]:
    running = WebProcess(site.command)
    running.start()
    yield running
    running.stop()
    running.end()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_started_and_ends_with_what_started_it(site: Site, process: WebProcess) -> None:
    eventually(site.answers)
    assert process.problem is None
    pid = site.pid
    process.stop()
    process.end()
    assert not is_alive(pid)
    assert not site.answers()


def test_a_child_that_is_killed_is_started_again_and_named_until_it_is_back(
    site: Site, process: WebProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    eventually(site.answers)
    first = site.pid
    os.kill(first, signal.SIGKILL)
    eventually(lambda: process.problem)
    assert process.problem == "the HTTP server at http://localhost is down: it was ended by SIGKILL"
    eventually(lambda: process.problem is None)
    assert site.pid != first
    lines = [record.getMessage() for record in caplog.records if "HTTP server" in record.getMessage()]
    assert [line.split(": ")[0] for line in lines[-2:]] == [
        "the HTTP server at http://localhost is down",
        "the HTTP server at http://localhost is back",
    ]


def test_a_child_that_hangs_is_killed_and_replaced(
    site: Site, process: WebProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    eventually(lambda: "is at http://localhost" in caplog.text)
    first = site.pid
    os.kill(first, signal.SIGSTOP)
    eventually(lambda: process.problem)
    assert process.problem == "the HTTP server at http://localhost is down: it does not answer"
    eventually(lambda: process.problem is None)
    assert not is_alive(first)
    assert site.pid != first


def test_a_port_that_is_taken_is_one_line_of_the_log_until_it_is_free(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", site.port)) as other:
        process = WebProcess(site.command)
        process.start()
        eventually(lambda: process.problem)
        assert process.problem == "the HTTP server at http://localhost is down: cannot listen: Address already in use"
        tries = threading.Event()
        tries.wait(0.5)  # for a few more tries, none of which is a line
        other.close()
    eventually(lambda: process.problem is None)
    process.stop()
    process.end()
    assert len([record for record in caplog.records if "is down" in record.getMessage()]) == 1


def test_another_configuration_replaces_the_child_and_none_ends_it(site: Site, process: WebProcess) -> None:
    eventually(site.answers)
    first = site.pid
    process.take_over(site.command)
    eventually(lambda: site.pid not in (0, first) and site.answers())
    process.take_over(None)
    eventually(lambda: not is_alive(site.pid))
    assert not site.answers()
    process.take_over(site.command)
    eventually(site.answers)


def test_a_command_that_cannot_be_run_is_a_problem_and_no_crash(site: Site) -> None:
    process = WebProcess(WebCommand(command=("/nonexistent",), host="127.0.0.1", port=site.port, shown="http://x"))
    process.start()
    eventually(lambda: process.problem)
    assert "cannot be started" in str(process.problem)
    process.stop()
    process.end()
