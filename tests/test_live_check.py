"""The quick answer of `alerts health --live` is that of the command, and where it cannot be had the command is run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts import live_check
from alerts.clock import utc_now
from alerts.daemon_status import is_alive
from alerts.store import Store

HEAVY = ("typer", "rich", "sqlalchemy", "pydantic", "yaml")
OK, DOWN = "ok", "no daemon is running, or it has done nothing for five minutes: start `alerts run`"


def address(store: Store) -> str:
    return store.database.url.render_as_string(hide_password=False)


def sign(store: Store, host: str, at: datetime, seen: datetime) -> None:
    value = json.dumps({"mail": {"seen_at": seen.isoformat(), "out": ""}})
    store.ledger.record_fact(f"pass:{host}:1:abc", value, at)


@pytest.mark.parametrize(
    ("host", "ago", "seen_before", "expected"),
    [
        (socket.gethostname(), timedelta(0), timedelta(0), OK),
        (socket.gethostname(), timedelta(minutes=4), timedelta(minutes=4), OK),
        (socket.gethostname(), timedelta(minutes=6), timedelta(0), DOWN),
        (socket.gethostname(), timedelta(minutes=-6), timedelta(0), DOWN),
        (socket.gethostname(), timedelta(0), timedelta(minutes=6), DOWN),
        ("another-host", timedelta(0), timedelta(0), DOWN),
    ],
)
def test_it_answers_as_the_command_does(
    store: Store, host: str, ago: timedelta, seen_before: timedelta, expected: str
) -> None:
    at = utc_now() - ago
    with store.serve():
        sign(store, host, at, at - seen_before)
        assert live_check.answer(["--database", address(store), "health", "--live"]) == expected
        assert is_alive(store, utc_now(), socket.gethostname()) == (expected == OK)


def test_a_daemon_that_has_ended_is_not_live_however_late_its_last_sign_was(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    with store.serve():
        sign(store, socket.gethostname(), utc_now(), utc_now())
    assert live_check.answer(["--database", sqlite_url, "health", "--live"]) == DOWN
    store.close()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("channels: {}\n", "sqlite:///var/alerts.db"),
        ("database: sqlite:///here.db  # ours\nchannels: {}\n", "sqlite:///here.db"),
        ("database: {env: DATABASE}\n", None),
        ("database:\n  sqlite:///here.db\n", None),
        ("database: sqlite:///a.db\ndatabase: sqlite:///b.db\n", None),
        ("note: |\n  database: sqlite:///here.db\n", "sqlite:///var/alerts.db"),
    ],
)
def test_an_address_is_read_only_where_it_stands_as_plain_text(
    settings: str, expected: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "alerts.yaml").write_text(settings)
    monkeypatch.delenv("ALERTS_DATABASE", raising=False)
    assert live_check._configured(str(tmp_path)) == expected


@pytest.mark.parametrize(
    "words", [["health"], ["health", "--live", "--json"], ["health", "--live", "--at", "2025-11-05"]]
)
def test_what_asks_for_more_is_left_to_the_command(words: list[str], sqlite_url: str) -> None:
    assert live_check.answer(["--database", sqlite_url, *words]) is None


def test_it_loads_none_of_the_libraries_of_commands(sqlite_url: str) -> None:
    code = (
        "import sys, contextlib; sys.argv[1:] = sys.argv[1:]\n"
        "from alerts.__main__ import main\n"
        "with contextlib.suppress(SystemExit): main()\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    words = [sys.executable, "-c", code, "health", "--live", "--database", sqlite_url]
    ran = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ)
    assert (ran.stdout, ran.stderr) == ("[]\n", f"alerts: {DOWN}\n")
