"""An upgrade amid deliveries: a daemon of an earlier version, and one of this version that migrates under it.

Only `make faults` plays this, which names this file: it takes minutes, and needs the history with the earlier versions.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from alerts.store.database import migrations
from tests import forked_alerts, postgres
from tests.faults.databases import opened, states
from tests.faults.replicas import Replica
from tests.faults.report import REPORT
from tests.faults.sinks import Sinks, open_sinks
from tests.patience import eventually
from tests.store.schemas.make import ROOT, checkout, environment, newest_commits

COUNT = 2_000
IN_FLIGHT = 4 * 2  # the connections of the channel, in two processes
CONFIG = """
channels:
  chat: {{kind: webhook, url: "http://127.0.0.1:{port}/hook", timeout: 5}}
rules:
  - {{name: leads, cron: "* * * * *", match: {{}}, digest: false, remind: {{before: [P7D]}}, notify: [chat]}}
"""
# `.git` is a file in a work tree.
SCHEMAS = ("0022", "0034") if (ROOT / ".git").exists() else ()
if not SCHEMAS:
    REPORT.lines.append("UPGRADES AMID DELIVERIES WERE NOT TRIED: there is no git history with earlier versions")


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    with open_sinks() as opened_sinks:
        opened_sinks.pause = 0.01
        yield opened_sinks


class Earlier:
    """The daemon of an earlier version."""

    def __init__(self, code: Path, folder: Path, options: list[str]) -> None:
        self.log = folder / "earlier.log"
        self._command = [sys.executable, "-m", "alerts", *options]
        self._folder, self._environment = folder, environment(code)

    def load(self, file: str) -> None:
        command = [*self._command, "load", file]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, env=self._environment)

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("wb") as out:
            command = [*self._command, "run"]
            process = subprocess.Popen(command, stdout=out, stderr=out, cwd=self._folder, env=self._environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)

    def errors(self) -> Counter[str]:
        """Return what it has said that is wrong, without the time."""
        lines = self.log.read_text(errors="replace").splitlines()
        return Counter(line.partition("ERROR")[2][:120] for line in lines if "ERROR" in line or "Traceback" in line)


def prepare(folder: Path, sinks: Sinks) -> list[str]:
    """Write the configuration and a register; returns the options that name them."""
    (folder / "config").mkdir()
    (folder / "config/alerts.yaml").write_text(CONFIG.format(port=sinks.http))
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    lines = [f"  - {{key: item-{number}, title: Item {number}, deadline: {day}}}" for number in range(COUNT)]
    (folder / "register.yaml").write_text("\n".join(["commitments:", *lines, ""]), encoding="utf-8")
    return ["--config", str(folder / "config")]


@contextmanager
def sending(
    before: str, folder: Path, options: list[str], sinks: Sinks
) -> Iterator[tuple[Earlier, subprocess.Popen[bytes]]]:
    """Run the daemon of the version of a schema, and yield it once it has sent a quarter."""
    with checkout(newest_commits()[before]) as code:
        earlier = Earlier(code, folder, options)
        earlier.load("register.yaml")
        with earlier.running() as old:
            eventually(lambda: len(sinks.accepted) > COUNT // 4, "the old one sends", within=180)
            yield earlier, old


def is_done(url: str) -> bool:
    return list(states(url).values()) == ["sent"] * COUNT


def schema(url: str) -> str:
    with opened(url) as connection:
        return str(connection.execute(text("select version_num from alembic_version")).scalar_one())


def check(url: str, sinks: Sinks, allowed: int) -> int:
    """Check that nothing is lost; returns how many came twice."""
    sinks.settle()
    found = sinks.ids()
    assert set(found) == set(states(url)), "nothing is lost"
    repeats = sum(found.values()) - len(found)
    assert repeats <= allowed
    assert not sinks.repeats_that_differ()
    return repeats


@pytest.mark.parametrize("before", SCHEMAS)
def test_on_postgresql_the_new_one_migrates_under_the_old_one(
    before: str, tmp_path: Path, postgresql: postgres.Server, sinks: Sinks
) -> None:
    url = postgresql.url(postgresql.create())
    options = [*prepare(tmp_path, sinks), "--database", url]
    with sending(before, tmp_path, options, sinks) as (earlier, old):
        new = Replica(tmp_path / "new.log", options)
        try:
            eventually(lambda: schema(url) == migrations()[-1], "the new one migrates", within=180, every=0.05)
            at = len(sinks.accepted)
            eventually(lambda: is_done(url), "all is sent, and that is recorded", within=300, every=0.5)
            code_of_old = old.poll()
            assert new.is_up()
            assert new.end(20) == 0
        finally:
            new.kill()
    repeats = check(url, sinks, IN_FLIGHT)
    went = "went on" if code_of_old is None else f"ended with {code_of_old}"
    REPORT.lines.append(
        f"postgresql: an upgrade from schema {before} after {at:,} of {COUNT:,} deliveries: 0 lost, {repeats} repeats; "
        f"the old daemon {went}, and said {dict(earlier.errors().most_common(3))}"
    )


@pytest.mark.parametrize("before", SCHEMAS)
def test_on_sqlite_the_new_one_is_refused_until_the_old_one_has_ended(
    before: str, tmp_path: Path, sinks: Sinks
) -> None:
    url = f"sqlite:///{tmp_path}/alerts.db"
    options = [*prepare(tmp_path, sinks), "--database", url]
    with sending(before, tmp_path, options, sinks) as (earlier, old):
        refused = forked_alerts.run(*options, "run")
        assert refused.returncode == 1, refused.stdout
        assert "a daemon of an earlier version serves it" in refused.stderr
        assert refused.stderr.count("\n") == 1, refused.stderr
        assert schema(url) == before
        so_far = len(sinks.accepted)
        eventually(lambda: len(sinks.accepted) > so_far + COUNT // 4, "the old one goes on", within=180)
        old.send_signal(signal.SIGTERM)
        assert old.wait(20) == 0
    new = Replica(tmp_path / "new.log", options)
    try:
        eventually(lambda: new.is_up() and is_done(url), "all is sent, and that is recorded", within=300, every=0.5)
        assert new.end(20) == 0
    finally:
        new.kill()
    check(url, sinks, 0)
    REPORT.lines.append(
        f"sqlite: an upgrade from schema {before} amid {COUNT:,} deliveries: the new daemon was refused beside the old "
        f"one, and sent the rest after it: 0 lost, 0 repeats; the old one said "
        f"{dict(earlier.errors().most_common(3))}"
    )
