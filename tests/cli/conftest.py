"""The command line as a user meets it: in a folder of their own, with a configuration and a database of their own."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from alerts import cli, interchange
from alerts.core.changes import Change
from alerts.core.reminders import Kind
from alerts.store import Store
from alerts.views.samples import samples

CONFIG = """\
channels:
  box: {kind: maildir, path: mail, to: [you@localhost]}
  chat: {kind: slack, url: "http://127.0.0.1:9/services/T000/SECRET"}
  hook: {kind: webhook, url: {env: HOOK}, secret: {env: HOOK_SECRET}}
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {tags: [truce]}
    remind: {before: [P7D, P1D], on_the_day: true, overdue: true, moved: true, closed: true}
    notify: [box]
"""
SEED = """\
parties: [{key: us, name: United States}]
sources: [{key: brief, title: A brief}]
commitments:
  - {key: summit, title: The summit, deadline: 2025-10-30, timezone: UTC, tags: [truce], by: [us], source: {key: brief}}
  - {key: decision, title: The decision, deadline: P1D after summit, tags: [truce]}
"""
NOW = "2025-10-28T10:00Z"


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Alerts = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALERTS_DATABASE", f"sqlite:///{tmp_path}/alerts.db")
    monkeypatch.setenv("ALERTS_USER", "desk")
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/hooks/SECRET")
    monkeypatch.setenv("HOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.delenv("ALERTS_CONFIG", raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/alerts.yaml").write_text(CONFIG)
    (tmp_path / "seed.yaml").write_text(SEED)
    return tmp_path


@pytest.fixture
def alerts(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Alerts]:
    """Run a command in this process, as `main` does, and return what it said."""
    opened: list[Store] = []

    def open_store(*stated: Any) -> Store:
        opened.append(Store(*stated))
        return opened[-1]

    def run(*words: str) -> Said:
        monkeypatch.setattr("sys.argv", ["alerts", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        while opened:
            opened.pop().close()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    monkeypatch.setattr("alerts.store.Store", open_store)
    handlers, level = list(logging.root.handlers), logging.root.level  # `tick` makes a log of its own
    yield run
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


SetUpOnce = Callable[[Callable[[], None]], None]


@pytest.fixture(scope="module")
def first_home() -> list[Path]:
    """A copy of the folder of the first test of a module, once it is set up."""
    return []


@pytest.fixture
def set_up_once(first_home: list[Path], home: Path, tmp_path_factory: pytest.TempPathFactory) -> SetUpOnce:
    """Set up the folder of the first test of a module by commands, and give each later test a copy of it."""

    def set_up(run: Callable[[], None]) -> None:
        if first_home:
            shutil.copytree(first_home[0], home, dirs_exist_ok=True)
            return
        run()
        copied = tmp_path_factory.mktemp("set_up") / "home"
        shutil.copytree(home, copied, ignore=shutil.ignore_patterns("*-shm"))  # SQLite makes it anew
        first_home.append(copied)

    return set_up


@pytest.fixture
def all_samples() -> None:
    """Let `check` try the templates with every kind of commitment: they are what is tested."""


@pytest.fixture(autouse=True)
def few_samples(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `check` try the templates with one kind of commitment only, but where a test takes `all_samples`."""
    if "all_samples" not in request.fixturenames:
        first = 2 * len(get_args(Kind))
        monkeypatch.setattr("alerts.cli.check_command.samples", lambda now: samples(now)[:first])


@pytest.fixture(scope="session")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which the seed is tracked, to be copied."""
    folder = tmp_path_factory.mktemp("tracked")
    (folder / "seed.yaml").write_text(SEED)
    held = interchange.read(folder / "seed.yaml")
    store = Store(f"sqlite:///{folder}/alerts.db")
    entries = list(held.entries)
    change = Change(now=datetime.fromisoformat(NOW), by="desk", reason="loaded from seed.yaml")
    store.commitments.load(entries, held.parties, held.sources, change)
    store.close()
    return folder / "alerts.db"


@pytest.fixture
def loaded(alerts: Alerts, home: Path, tracked: Path) -> Alerts:
    """The same, where two commitments are tracked."""
    shutil.copy(tracked, home)
    return alerts


@pytest.fixture
def rows(home: Path) -> Callable[[], int]:
    """Count what is stored in all tables but those that say where the database itself stands."""

    def count() -> int:
        if not (home / "alerts.db").exists():
            return 0
        with closing(sqlite3.connect(home / "alerts.db")) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            stands = ("alembic_version", "resolved_with")
            kept = [name for (name,) in names if name not in stands and not name.startswith("sqlite_")]
            return sum(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in kept)

    return count
