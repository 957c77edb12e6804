"""Reload and registration as a user meets them: a real daemon, files that change, and commands beside it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import trustme
from pytest_httpserver import HTTPServer

from tests import forked_alerts, patience

CONFIG = """\
channels:
  box: {kind: maildir, path: mail, to: [you@example.org]}
rules:
  - {name: desk, cron: "* * * * *", match: {}, remind: {before: [P7D]}, notify: [box]}
  - {name: more, cron: "0 9 * * *", match: {}, remind: {before: [P1D]}, notify: [box]}
"""
eventually = partial(patience.eventually, every=0.05)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return forked_alerts.run(*words, cwd=folder)


def write(folder: Path, text: str) -> None:
    (folder / "config/alerts.yaml").write_text(text)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a daemon at work in it."""
    monkeypatch.delenv("ALERTS_CONFIG", raising=False)
    monkeypatch.setenv("ALERTS_DATABASE", f"sqlite:///{tmp_path}/alerts.db")
    (tmp_path / "config").mkdir()
    write(tmp_path, CONFIG)
    with (tmp_path / "log").open("wb") as log:
        daemon = forked_alerts.start("run", output=log, cwd=tmp_path)
    eventually(lambda: "Ctrl-C" in (tmp_path / "log").read_text(), "it is up")
    yield tmp_path
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(30) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def rules(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "alerts.db", timeout=30)) as database:
        return {name for (name,) in database.execute("SELECT name FROM rules WHERE removed_at IS NULL")}


def test_an_edit_is_reported_taken_over_and_what_it_leaves_out_is_named(home: Path) -> None:
    write(home, CONFIG.replace("name: more", "name: renamed"))
    for words in (["plan"], ["list"], ["check"]):
        assert "warning: the daemon uses other rules: more, renamed;" in run(home, *words).stderr
    assert rules(home) == {"desk", "more"}, "a changed file is not taken over by itself"
    done = run(home, "reload")
    assert (done.returncode, "rules: new renamed; gone more" in done.stdout) == (0, True)
    assert "left out of the configuration: rule more; ends at " in done.stdout
    assert rules(home) == {"desk", "renamed"}
    assert "other rules" not in run(home, "plan").stderr


def test_another_zone_than_the_daemons_is_said_and_resolve_goes_by_the_daemons(home: Path) -> None:
    write(home, "timezone: Asia/Tokyo\n" + CONFIG)
    found = run(home, "check").stderr
    assert (
        "the daemon uses the time zone none, these files state Asia/Tokyo; run `alerts reload` to apply these" in found
    )
    assert "uses other channels or people" not in found
    assert json.loads(run(home, "resolve", "2025-11-10", "--json").stdout)["timezone"] != "Asia/Tokyo"
    assert run(home, "reload").returncode == 0
    assert json.loads(run(home, "resolve", "2025-11-10", "--json").stdout)["timezone"] == "Asia/Tokyo"
    assert "time zone" not in run(home, "check").stderr


BROKEN = [
    (CONFIG + "  - {name: bad", "config/alerts.yaml:7: is not YAML"),
    (CONFIG.replace("0 9 * * *", "99 9 * * *"), "config/alerts.yaml:5: rules[1].cron: "),
    (CONFIG.replace("[box]", "[bx]"), 'config/alerts.yaml:4: there is no channel "bx"'),
    (CONFIG.split("rules:", maxsplit=1)[0], "it has no rule any more, so it is not applied"),
    (CONFIG + "database: sqlite:///elsewhere.db\n", ""),  # ALERTS_DATABASE stands before it
]


def test_a_broken_edit_keeps_what_runs_and_health_warns_of_it(home: Path) -> None:
    for text, line in BROKEN:
        write(home, text)
        done = run(home, "reload")
        assert done.returncode == (1 if line else 0), text
        assert line in done.stderr
        assert rules(home) == {"desk", "more"}
        health = run(home, "health", "--json")
        found = json.loads(health.stdout)
        assert any(line in one.get("warning", "") for one in found) or not line
        assert not any(line in one.get("problem", "") for one in found if line)
    assert run(home, "health", "--live").returncode == 0, "a container is not restarted for it"


def test_a_tick_from_an_empty_folder_changes_nothing(home: Path, tmp_path: Path) -> None:
    due = (datetime.now(UTC) + timedelta(days=30)).date()
    (home / "c.yaml").write_text(f"commitments: [{{key: a, title: A, deadline: {due}}}]\n")
    run(home, "load", "c.yaml")
    os.kill(pid(home), signal.SIGHUP)  # rings the bell: it settles what was loaded
    eventually(lambda: watches(home) == 2, "it is watched")
    (tmp_path / "empty").mkdir()
    done = run(tmp_path / "empty", "tick")
    assert (done.returncode, "Skipped: " in done.stderr) == (0, True)
    assert (rules(home), watches(home)) == ({"desk", "more"}, 2)


def watches(home: Path) -> int:
    with closing(sqlite3.connect(home / "alerts.db", timeout=30)) as database:
        return int(database.execute("SELECT count(*) FROM watches").fetchone()[0])


def pid(home: Path) -> int:
    with closing(sqlite3.connect(home / "alerts.db", timeout=30)) as database:
        return int(database.execute("SELECT pid FROM processes").fetchone()[0])


HOOK = """\
channels:
  box: {{kind: maildir, path: mail, to: [you@example.org]}}
  hook: {{kind: webhook, url: "{url}", ca: ca.pem}}
rules:
  - {{name: desk, cron: "* * * * *", match: {{}}, remind: {{overdue: true}}, notify: [hook]}}
"""


def test_a_renewed_certificate_is_taken_over_and_gives_the_channel_a_fresh_chance(
    home: Path, httpserver: HTTPServer
) -> None:
    """The path is the same; a receiver that has closed the url for good is asked again by the new channel only."""
    answers = httpserver.expect_ordered_request
    answers("/hook").respond_with_data("", status=410)
    answers("/hook").respond_with_data("")
    ca = home / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca))
    write(home, HOOK.format(url=httpserver.url_for("/hook")))
    assert "channels: new hook" in run(home, "reload").stdout
    due(home, "a")
    os.kill(pid(home), signal.SIGHUP)  # it plans at once
    eventually(lambda: states(home) == ["dead"], "the receiver has closed the url", within=150)
    assert "nothing has changed in rules" in run(home, "reload").stdout
    trustme.CA().cert_pem.write_to_path(str(ca))
    done = run(home, "reload")
    assert "channels: changed hook" in done.stdout
    assert run(home, "retry", delivery(home)).returncode == 0
    run(home, "reload")  # rings the bell
    eventually(lambda: states(home) == ["sent"], "the new channel delivers")


def due(home: Path, key: str) -> None:
    (home / f"{key}.yaml").write_text(f"commitments: [{{key: {key}, title: A, deadline: 2026-01-01}}]\n")
    assert run(home, "load", f"{key}.yaml").returncode == 0


def delivery(home: Path) -> str:
    return str(json.loads(run(home, "deliveries", "--json").stdout)[0]["id"])


def states(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "alerts.db", timeout=30)) as database:
        query = "SELECT state FROM deliveries WHERE channel = 'hook' ORDER BY created_at"
        return [state for (state,) in database.execute(query)]


def test_reload_without_a_daemon_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_DATABASE", f"sqlite:///{tmp_path}/alerts.db")
    (tmp_path / "config").mkdir()
    write(tmp_path, CONFIG)
    done = run(tmp_path, "reload")
    missing, refused = done.stderr.splitlines()
    assert done.returncode == 1
    assert missing.startswith("there is no database at ")
    assert "no daemon on this host serves" in refused


def test_ctrl_c_ends_a_command_that_waits_for_the_database(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    write(tmp_path, CONFIG + f"database: sqlite:///{tmp_path}/alerts.db\n")
    run(tmp_path, "list")
    with closing(sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        one = subprocess.Popen(
            [sys.executable, "-m", "alerts", "tick"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        eventually(lambda: is_open(one, tmp_path / "alerts.db"), "it has opened the database")
        one.send_signal(signal.SIGINT)
        _, errors = one.communicate(timeout=15)
    assert (one.returncode, errors) == (-signal.SIGINT, "")


def is_open(process: subprocess.Popen[str], path: Path) -> bool:
    """Whether a process has a file open."""
    return any(path.samefile(one) for one in Path(f"/proc/{process.pid}/fd").iterdir() if one.exists())
