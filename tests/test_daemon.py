"""The daemon itself, a process: it plans and delivers within seconds, and ends with nothing half done."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from alerts.core.audited_months import month_before
from tests import forked_alerts, patience

CONFIG = """
database: sqlite:///{folder}/alerts.db
channels:
  chat: {{kind: webhook, url: "{url}", timeout: 5}}
  deaf: {{kind: webhook, url: "http://127.0.0.1:{closed}/hook", timeout: 5}}
  silent: {{kind: webhook, url: "http://127.0.0.1:{silent}/hook", timeout: 30}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [silent, deaf, chat],
     remind: {{before: [P7D], on_the_day: true, overdue: true, moved: true, closed: true, review: P14D}}}}
"""


class Site:
    """A folder with a configuration, and commands run in it as a user would run them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.options = ("--config", str(folder / "config"))
        self.processes: list[forked_alerts.Started] = []

    def run(self, *arguments: str, code: int = 0) -> str:
        done = forked_alerts.run(*self.options, *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start(self, ahead: timedelta = timedelta()) -> forked_alerts.Started:
        """Start the daemon; with its clock so far ahead of ours."""
        module, environment = "alerts", dict(os.environ)
        if ahead:
            module = "tests.faults.turned"
            (self.folder / "clock").write_text(str(ahead.total_seconds()))
            environment |= {"TURNED": str(self.folder / "clock"), "PYTHONPATH": str(forked_alerts.ROOT)}
        with (self.folder / "log").open("wb") as log:
            process = forked_alerts.start(*self.options, "run", output=log, env=environment, module=module)
        self.processes.append(process)
        return process

    def load(self, *entries: str, at: datetime | None = None) -> None:
        path = self.folder / "commitments.yaml"
        path.write_text("commitments:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries))
        self.run("load", str(path), *(("--at", at.isoformat()) if at else ()))

    def count(self, channel: str, state: str) -> int:
        """How many deliveries are in a state. It costs less than a command, while one waits."""
        with closing(sqlite3.connect(self.folder / "alerts.db", timeout=30)) as database:
            query = "SELECT count(*) FROM deliveries WHERE channel = ? AND state = ?"
            return int(database.execute(query, (channel, state)).fetchone()[0])

    def forms(self, channel: str) -> list[int]:
        """How the messages of a channel are stored."""
        with closing(sqlite3.connect(self.folder / "alerts.db", timeout=30)) as database:
            query = "SELECT message_form FROM deliveries WHERE channel = ? ORDER BY message_form"
            return [row[0] for row in database.execute(query, (channel,))]

    def states(self) -> dict[str, str]:
        rows: list[dict[str, Any]] = json.loads(self.run("deliveries", "--json"))
        return {f"{row['channel']} {' '.join(row['carries'])}": row["state"] for row in rows}


eventually = partial(patience.eventually, every=0.05)


@pytest.fixture
def received(httpserver: HTTPServer) -> list[str]:
    bodies: list[str] = []

    def take(request: Request) -> Response:
        bodies.append(request.headers["webhook-id"])
        return Response(status=200)

    httpserver.expect_request("/hook", method="POST").respond_with_handler(take)
    return bodies


@pytest.fixture
def site(tmp_path: Path, httpserver: HTTPServer) -> Iterator[Site]:
    (tmp_path / "config").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        closed = probe.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        text = CONFIG.format(
            folder=tmp_path, url=httpserver.url_for("/hook"), closed=closed, silent=silent.getsockname()[1]
        )
        (tmp_path / "config" / "alerts.yaml").write_text(text)
        site = Site(tmp_path)
        yield site
        for process in site.processes:
            process.kill()
            process.wait()


def in_days(days: int) -> str:
    return str((datetime.now(UTC) + timedelta(days=days)).date())


def test_a_channel_that_refuses_or_hangs_does_not_hold_up_the_others(site: Site, received: list[str]) -> None:
    site.load(f"key: filing, title: File it, deadline: {in_days(3)}")
    site.start()
    eventually(lambda: received, "the chat has its alert")
    eventually(lambda: site.count("deaf", "retry") == 1, "the refused one waits for another try")
    assert site.states()["chat filing before"] == "sent"


def test_what_fell_due_while_nothing_ran_is_told_at_the_start(site: Site, received: list[str]) -> None:
    tracked_since = (datetime.now(UTC) - timedelta(days=10)).isoformat()
    path = site.folder / "commitments.yaml"
    path.write_text(f"commitments:\n  - {{key: filing, title: File it, deadline: {in_days(3)}}}\n")
    site.run("load", str(path), "--at", tracked_since)
    site.run("tick", "--at", tracked_since)  # its lead was to come then; it has fallen due since
    assert not received
    site.start()
    eventually(lambda: received, "the lead that fell due meanwhile is told")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(site: Site, received: list[str], how: signal.Signals) -> None:
    site.load(f"key: filing, title: File it, deadline: {in_days(3)}")
    daemon = site.start()
    eventually(lambda: received, "it is at work")
    daemon.send_signal(how)
    with patience.ends_within(10):
        assert daemon.wait(timeout=patience.PATIENCE) == 0


def test_killed_and_started_again_it_repeats_nothing_and_misses_nothing(site: Site, received: list[str]) -> None:
    site.load(*(f"key: item-{number}, title: Item {number}, deadline: {in_days(2 + number)}" for number in range(4)))
    daemon = site.start()
    eventually(lambda: site.count("chat", "sent") == 4, "all four are told, and that is written down")
    daemon.kill()
    daemon.wait()
    site.run("close", "item-0", "--as", "fulfilled")
    site.load(*(f"key: item-{number}, title: Item {number}, deadline: {in_days(2 + number)}" for number in range(5)))
    site.start()
    eventually(lambda: len(received) == 6, "the end of one and a new one are told")
    states = {name: state for name, state in site.states().items() if name.startswith("chat")}
    assert set(states) == {
        "chat item-0 before", "chat item-1 before", "chat item-2 before", "chat item-3 before",
        "chat item-0 closed", "chat item-4 before",
    }  # fmt: skip
    assert set(states.values()) == {"sent"}
    assert len(set(received)) == len(received)


def test_what_falls_due_while_it_runs_is_told_at_its_firing(site: Site, received: list[str]) -> None:
    ahead = timedelta(minutes=1, seconds=45 - datetime.now(UTC).second)  # its next minute is not a whole one away
    site.start(ahead)
    now = datetime.now(UTC) + ahead
    moment = now + timedelta(days=7, seconds=2)
    site.load(f"key: soon, title: Soon, deadline: '{moment:%Y-%m-%dT%H:%M:%SZ}'", at=now)
    assert not received
    eventually(lambda: received, "the lead is told when the cron fires, each minute", within=60 + patience.PATIENCE)
    said = json.loads(site.run("show", "soon", "--json"))["reminders"]
    assert [word["kind"] for word in said] == ["before"]
    late = datetime.fromisoformat(said[0]["planned_at"]) - datetime.fromisoformat(said[0]["send_at"])
    assert timedelta() <= late < timedelta(seconds=5 if patience.EXACT else patience.PATIENCE)


def test_its_first_summary_of_a_month_states_what_the_command_repeats(site: Site, httpserver: HTTPServer) -> None:
    bodies: list[Any] = []

    def take(request: Request) -> Response:
        bodies.append(request.json)
        return Response(status=200)

    httpserver.expect_request("/sums", method="POST").respond_with_handler(take)
    config = site.folder / "config" / "alerts.yaml"
    channels, _ = config.read_text().split("rules:")
    sums = '[{name: sums, cron: "* * * * *", match: {}, summary: {horizon: P30D}, notify: [sums]}]'
    hook = f'  sums: {{kind: webhook, url: "{httpserver.url_for("/sums")}"}}'
    config.write_text(f"{channels}{hook}\nrules: {sums}\n")
    first = month_before(datetime.now(UTC), "UTC")
    then = datetime(first.year, first.month, 14, 9, tzinfo=UTC)
    site.load(f"key: filing, title: File it, deadline: {in_days(3)}", at=then)
    site.run("tick", "--at", then.isoformat())  # since then its rule has had no summary
    site.start()
    eventually(lambda: bodies, "the summary that was missed goes out at the start")
    audit = bodies[0]["data"]["summary_of"]["audit"]
    said = site.run("audit", "export", "--from", audit["from"], "--to", audit["to"])
    assert said.endswith(f"SHA-256 of the CSV file: {audit['sha256']}\n")


def test_messages_that_were_sent_an_hour_ago_are_compressed(site: Site, received: list[str]) -> None:
    """By a turn, and by the daemon."""
    settings = site.folder / "config/alerts.yaml"
    settings.write_text(settings.read_text().replace("notify: [silent, deaf, chat]", "notify: [chat]"))  # no turn waits
    for key, hours in (("early", 5), ("late", 3)):
        site.load(f"key: {key}, title: File it, deadline: {in_days(3)}", at=datetime.now(UTC) - timedelta(hours=hours))
        site.run("tick", "--at", (datetime.now(UTC) - timedelta(hours=hours)).isoformat())
    assert len(received) == 2
    assert site.forms("chat") == [0, 1]
    site.start()
    eventually(lambda: site.forms("chat") == [1, 1], "the daemon compresses the other")


def test_a_second_daemon_is_refused_in_one_line_and_commands_work_beside_the_first(site: Site) -> None:
    first = site.start()
    eventually(lambda: (site.folder / "alerts.db.lock").exists() and (site.folder / "alerts.db.lock").read_text(), "up")
    output = site.run("run", code=1)
    assert re.fullmatch(rf"alerts: another daemon \(pid {first.pid}\) serves .*\n", output)
    assert "has no commitments yet" in site.run("list")


def test_health_is_live_while_it_runs_and_not_after(site: Site) -> None:
    assert "no daemon" in site.run("health", "--live", code=1)
    daemon = site.start()
    live = [sys.executable, "-m", "alerts", *site.options, "health", "--live"]  # as a container engine asks
    eventually(
        lambda: subprocess.run(live, capture_output=True, check=False).returncode == 0, "it is healthy", every=0.3
    )
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait()
    later = (datetime.now(UTC) + timedelta(minutes=10)).isoformat()
    assert "no daemon" in site.run("health", "--live", "--at", later, code=1)


WATCHED = """
database: sqlite:///{folder}/alerts.db
operators: [ops]
heartbeat: {{url: "{beat}"}}
channels:
  gone: {{kind: webhook, url: "{gone}", timeout: 5}}
  chat: {{kind: webhook, url: "{url}", timeout: 5}}
  ops: {{kind: webhook, url: "{ops}", timeout: 5}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [gone], fallback: chat, remind: {{before: [P7D]}}}}
"""


def test_what_does_not_get_through_is_told_by_the_fallback_and_to_the_operators_at_once(
    site: Site, received: list[str], httpserver: HTTPServer
) -> None:
    notices: list[dict[str, Any]] = []
    facts: list[str] = []
    urls = {name: httpserver.url_for(f"/{name}") for name in ("gone", "ops", "beat")}
    (site.folder / "config" / "alerts.yaml").write_text(
        WATCHED.format(folder=site.folder, url=httpserver.url_for("/hook"), **urls)
    )
    # Gone only after a good sweep: while a channel is off, no sweep is good.
    httpserver.expect_request("/gone").respond_with_handler(lambda _: Response(status=410 if facts else 503))
    httpserver.expect_request("/ops").respond_with_handler(lambda request: notices.append(request.json) or Response())
    httpserver.expect_request("/beat", "GET").respond_with_handler(lambda _: facts.append("beat") or Response())
    site.load(f"key: filing, title: File it, deadline: {in_days(3)}")
    site.start()
    eventually(lambda: received, "the fallback has the word")
    eventually(lambda: notices, "the operators hear of it")
    (trouble,) = notices[0]["data"]["troubles"]
    assert (trouble["channel"], trouble["state"], trouble["about"]) == ("gone", "dead", ["filing before"])
    assert trouble["instead"] == ["chat"]
    eventually(lambda: facts, "the heartbeat tells that the first sweep went well")
    assert "channel gone is down: localhost: HTTP 410" in site.run("health", code=1)
    assert "1 delivery is dead" in site.run("health", code=1)
    dead = next(one for one in json.loads(site.run("deliveries", "--state", "dead", "--json")))
    site.run("dismiss", dead["id"])
    assert "dead" not in site.run("health", code=1)
