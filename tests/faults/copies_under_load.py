"""Dumps of PostgreSQL and complete exports that are taken while alerts go out: each is whole, and goes on where it was.

Only `make faults` plays this, which names this file. `test_backups.py` has the same of `alerts backup` on SQLite.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import forked_alerts, postgres
from tests.faults.databases import states
from tests.faults.replicas import Replica, load
from tests.faults.report import REPORT
from tests.faults.sinks import Sinks, open_sinks
from tests.patience import eventually

COUNT = 2_000
CONFIG = """
channels:
  chat: {{kind: webhook, url: "http://127.0.0.1:{port}/hook", timeout: 5}}
rules:
  - {{name: leads, cron: "* * * * *", match: {{}}, digest: false, remind: {{before: [P7D]}}, notify: [chat]}}
"""


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with open_sinks() as opened_sinks:
        opened_sinks.pause = 0.01
        yield opened_sinks


class Copies:
    """Copies of one database, and databases made of them."""

    def __init__(self, how: str, folder: Path, server: postgres.Server, options: list[str]) -> None:
        self._how, self._folder, self._server, self._options = how, folder, server, options
        self._tools = next(one for one in postgres.binaries() if (one / "pg_dump").exists())
        self.files: list[Path] = []

    def take(self, url: str) -> None:
        self.files.append(self._folder / f"copy-{len(self.files)}")
        if self._how == "dump":
            options = ("--format=custom", "--no-owner", f"--file={self.files[-1]}")
            subprocess.run([self._tools / "pg_dump", *options, url.replace("+psycopg", "")], check=True)
        else:
            self.alerts(url, "export", "--all", "-o", str(self.files[-1]))

    def put_back(self, number: int, kind: str) -> str:
        """Make a database of a copy, in which sending is held; returns its address."""
        url = f"sqlite:///{self._folder}/{number}.db"
        if kind == "postgresql":
            url = self._server.url(self._server.create())
        if self._how == "dump":
            address = f"--dbname={url.replace('+psycopg', '')}"
            subprocess.run([self._tools / "pg_restore", "--no-owner", address, self.files[number]], check=True)
            self.alerts(url, "restore", "--hold")
        else:
            self.alerts(url, "load", str(self.files[number]))
        return url

    def alerts(self, url: str, *words: str) -> None:
        ran = forked_alerts.run(*self._options, "--database", url, *words)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    "kinds",
    [("dump", "postgresql", "postgresql"), ("export", "postgresql", "sqlite"), ("export", "sqlite", "postgresql")],
    ids="-".join,
)
def test_a_copy_taken_while_alerts_go_out_is_whole_and_goes_on(
    kinds: tuple[str, str, str], tmp_path: Path, postgresql: postgres.Server, sinks: Sinks
) -> None:
    how, source, target = kinds
    (tmp_path / "config").mkdir()
    (tmp_path / "config/alerts.yaml").write_text(CONFIG.format(port=sinks.http))
    options = ["--config", str(tmp_path / "config")]
    url = postgresql.url(postgresql.create()) if source == "postgresql" else f"sqlite:///{tmp_path}/alerts.db"
    load(tmp_path, [*options, "--database", url], COUNT)
    copies = Copies(how, tmp_path, postgresql, options)
    daemon = Replica(tmp_path / "first.log", [*options, "--database", url])
    try:
        eventually(lambda: daemon.is_up() and sinks.accepted, "it sends", within=90, every=0.05)
        while not is_done(url):
            copies.take(url)
        assert daemon.end(20) == 0
    finally:
        daemon.kill()
    assert sinks.ids() == Counter(dict.fromkeys(states(url), 1))
    urls = [copies.put_back(number, target) for number in range(len(copies.files))]
    sent = [Counter(states(one).values())["sent"] for one in urls]
    assert sent == sorted(sent), "a later copy knows less than an earlier one"
    amid = next(number for number, count in enumerate(sent) if 0 < count < COUNT)
    again = go_on(copies, urls[amid], tmp_path, options, sinks)
    assert again == COUNT - sent[amid]
    REPORT.lines.append(
        f"{len(urls)} copies ({how}, {source} to {target}) were taken while {COUNT:,} alerts went out: all are whole; "
        f"one that knew {sent[amid]:,} to be sent went on with the other {again:,}, each once"
    )


def is_done(url: str) -> bool:
    return list(states(url).values()) == ["sent"] * COUNT


def go_on(copies: Copies, url: str, folder: Path, options: list[str], sinks: Sinks) -> int:
    """Start a daemon on a copy: nothing is sent until that is resumed, then what it does not know; returns how many."""
    known, heard = {one for one, state in states(url).items() if state == "sent"}, len(sinks.accepted)
    daemon = Replica(folder / "second.log", [*options, "--database", url])
    try:
        eventually(lambda: daemon.is_up() and "sending is held" in daemon.said, "it says so", within=90, every=0.05)
        assert len(sinks.accepted) == heard
        copies.alerts(url, "resume")
        eventually(lambda: is_done(url), "all is sent", within=300, every=0.5)
        assert daemon.end(20) == 0
    finally:
        daemon.kill()
    again = sinks.ids(since=heard)
    assert again == Counter(dict.fromkeys(set(states(url)) - known, 1))
    return len(again)
