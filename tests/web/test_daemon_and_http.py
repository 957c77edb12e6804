"""The daemon and its HTTP server, as two real processes: whatever becomes of the server, alerts go out."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.web.daemon_site import WHOLE, DaemonSite, eventually, free_port, hook, is_alive

slow = pytest.mark.skipif(not WHOLE, reason="slow: `make web` runs it")
ALERTS = 120
SECONDS_EACH = 0.5  # of the receiver, so that alerts go out for a quarter of a minute
NEVER_LONGER = 15.0  # seconds without an alert, on a machine with two busy processors


@pytest.fixture
def received(request: pytest.FixtureRequest) -> Iterator[tuple[int, list[str]]]:
    with hook(getattr(request, "param", 0.0)) as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, received: tuple[int, list[str]]) -> Iterator[DaemonSite]:
    found = DaemonSite(tmp_path, received[0])
    yield found
    found.end()


def test_the_server_runs_while_the_daemon_does_and_not_after_it_was_killed(
    site: DaemonSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALERTS_LOG", "DEBUG")
    site.load(1)
    site.start()
    eventually(site.answers, "it answers")
    eventually(lambda: f"the HTTP server is at http://127.0.0.1:{site.port}" in site.log, "the log says where")
    assert f"http://127.0.0.1:{site.port}" in site.log.partition("Ctrl-C stops")[0]  # of the lines at the start
    eventually(lambda: "1 open commitments are read ahead" in site.log, "who opens a page first need not wait")
    child = site.kill_child(signal.SIGKILL)
    eventually(lambda: site.child() not in (None, child) and site.answers(), "it is started again")
    child = site.child()
    assert child
    assert site.process
    os.kill(site.process.pid, signal.SIGKILL)
    eventually(lambda: not is_alive(child), "no orphan is left")


def listening(pid: int | None) -> set[int]:
    """Return the TCP ports on which a process listens, as Linux shows them (proc_net(5); state 0A is LISTEN)."""
    if pid is None:
        return set()
    inodes = set()
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(str(one.readlink()))
    rows = [row.split() for kind in ("tcp", "tcp6") for row in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}


def test_a_daemon_listens_where_the_settings_say_and_nowhere_without_them(
    site: DaemonSite, received: tuple[int, list[str]]
) -> None:
    site.load(1)
    site.start()
    eventually(site.answers, "it answers")
    assert site.process
    assert (listening(site.process.pid), listening(site.child())) == (set(), {site.port})
    site.end()
    config = (site.folder / "config/alerts.yaml").read_text()
    site.configure(config[: config.index("\nhttp:") + 1])
    site.load(2)  # a second alert shows that it runs
    site.start()
    eventually(lambda: len(received[1]) == 2, "it delivers")
    assert (listening(site.process.pid), site.child()) == (set(), None)


@slow
def test_a_port_that_is_taken_is_a_warning_until_a_reload_names_another(
    site: DaemonSite, received: tuple[int, list[str]]
) -> None:
    site.load(1)
    with socket.create_server(("127.0.0.1", site.port)):
        site.start()
        eventually(lambda: received[1], "the alert goes out")
        line = f"the HTTP server at http://127.0.0.1:{site.port} is down: cannot listen on 127.0.0.1:{site.port}"
        eventually(lambda: line in site.log, "the log says it")
        eventually(lambda: line in site.run("health").stderr, "the health says it")
        health = site.run("health")
        assert f"warning: {line}" in health.stderr
        assert site.run("health", "--live").returncode == 0
        before, site.port = site.port, free_port()
        text = (site.folder / "config" / "alerts.yaml").read_text()
        site.configure(text.replace(str(before), str(site.port)))
        assert site.run("reload").returncode == 0
        eventually(site.answers, "it is served elsewhere")
    assert site.log.count(" is down: ") == 1


def all_received(site: DaemonSite, received: list[str], meanwhile: Callable[[], object]) -> None:
    """Send many alerts, and do something every second until all were received."""
    site.load(ALERTS)
    site.start()
    pause = threading.Event()

    def step() -> bool:
        meanwhile()
        pause.wait(1)
        return len(set(received)) == ALERTS

    eventually(step, "all alerts are received")
    assert len(received) == ALERTS
    assert site.slowest() < NEVER_LONGER


@slow
@pytest.mark.parametrize("received", [SECONDS_EACH], indirect=True)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_a_server_that_is_killed_or_stopped_every_second_delays_no_alert(
    how: signal.Signals, site: DaemonSite, received: tuple[int, list[str]]
) -> None:
    hit: set[int | None] = set()
    all_received(site, received[1], lambda: hit.add(site.kill_child(how)))
    assert hit - {None}


@slow
@pytest.mark.parametrize("received", [SECONDS_EACH], indirect=True)
def test_five_hundred_slow_clients_delay_no_alert_and_are_refused(
    site: DaemonSite, received: tuple[int, list[str]]
) -> None:
    with ExitStack() as clients:
        connections: list[socket.socket] = []

        def dribble() -> None:
            if not connections and site.answers():
                for _ in range(500):
                    connection = socket.create_connection(("127.0.0.1", site.port), timeout=30)
                    connections.append(clients.enter_context(connection))
            for connection in connections:
                try:
                    connection.send(b"G")
                except OSError:  # refused by now
                    continue

        all_received(site, received[1], dribble)
        assert len(connections) == 500
        eventually(site.answers, "it serves others")
        eventually(lambda: all(is_refused(one) for one in connections), "each was refused")
    assert " is down: " not in site.log


def is_refused(connection: socket.socket) -> bool:
    try:
        return connection.recv(4096, socket.MSG_DONTWAIT)[:12] in (b"", b"HTTP/1.1 408", b"HTTP/1.1 400")
    except BlockingIOError:
        return False
    except OSError:
        return True
