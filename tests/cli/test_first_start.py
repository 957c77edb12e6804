"""A daemon that is started with nothing: the shipped configuration, an empty database, and examples to load."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import typer

from alerts import shipped
from alerts.cli.app import App
from alerts.cli.first_start import load_seed

SEEDS = shipped.folder("seeds")


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shipped.folder("config"), tmp_path / "config")
    app = App(tmp_path / "config", f"sqlite:///{tmp_path / 'alerts.db'}")
    yield app
    app.store.close()


def start(app: App, named: str | None = str(SEEDS)) -> int:
    """Return how many commitments are tracked after the start."""
    context = cast("typer.Context", SimpleNamespace(obj=app))
    load_seed(context, app, {} if named is None else {"ALERTS_SEED": named})
    return app.store.ledger.counts().get("open", 0)


def test_the_first_start_loads_the_examples_once_and_says_so(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    tracked = start(app)
    assert tracked > 5
    assert "ALERTS_SEED=none leaves them out" in capsys.readouterr().err
    assert start(app) == tracked
    assert capsys.readouterr().err == ""


def test_what_was_closed_is_not_loaded_again(app: App) -> None:
    start(app)
    with app.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE commitments SET status = 'withdrawn'")
    assert start(app) == 0


@pytest.mark.parametrize("named", ["none", "", None])
def test_the_examples_can_be_left_out(app: App, named: str | None) -> None:
    assert start(app, named) == 0


def test_who_has_a_configuration_gets_no_examples(app: App, tmp_path: Path) -> None:
    """Their readers would get alerts about a truce that is none of their business."""
    with (tmp_path / "config" / "rules.yaml").open("a") as file:
        file.write("# ours\n")
    assert start(app) == 0


def test_a_folder_that_is_missing_stops_nothing(app: App, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(app, str(tmp_path / "nowhere")) == 0
    assert "nowhere does not exist, so nothing is loaded" in capsys.readouterr().err
