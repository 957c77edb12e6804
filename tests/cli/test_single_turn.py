"""A tick on a database that goes by other rules changes nothing."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.settings.rule_set import address
from alerts.store import Store
from tests.cli.conftest import CONFIG, NOW, Alerts

LATER = "2025-10-28T10:05Z"


def names(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "alerts.db")) as database:
        return {name for (name,) in database.execute("SELECT name FROM rules WHERE removed_at IS NULL")}


def removals(home: Path) -> dict[str, datetime]:
    with closing(sqlite3.connect(home / "alerts.db")) as database:
        rows = database.execute("SELECT name, removed_at FROM rules WHERE removed_at IS NOT NULL").fetchall()
    return {name: datetime.fromisoformat(at).replace(tzinfo=UTC) for name, at in rows}


def watches(home: Path) -> int:
    with closing(sqlite3.connect(home / "alerts.db")) as database:
        found: int = database.execute("SELECT count(*) FROM watches").fetchone()[0]
        return found


def test_a_tick_from_an_empty_folder_leaves_the_rules_alone_and_sends_nothing(
    loaded: Alerts, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded("tick", "--at", NOW)
    before = watches(home), names(home)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    said = loaded("tick", "--at", "2025-11-20T10:00Z")
    assert said.code == 3
    assert said.out == "0 planned; nothing to send\n"
    assert f"uses {home}/config, with other rules or channels. Skipped: " in said.err
    assert (watches(home), names(home)) == before
    assert not (tmp_path / "empty/var/mail").exists() or not list((tmp_path / "empty/var/mail").rglob("*.eml"))
    assert loaded("tick", "--at", "2025-11-20T10:00Z", "--take-over").code == 0
    assert "desk" not in names(home)


def test_a_daemon_with_the_shipped_rules_does_not_take_the_place_of_own_ones(
    loaded: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded("tick", "--at", NOW)
    (home / "empty").mkdir()
    monkeypatch.chdir(home / "empty")
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process keeps its own
    said = loaded("run")
    assert said.code == 1
    assert f"uses {home}/config, but there is no ./config here: name that folder with --config" in said.err
    assert names(home) == {"desk"}


def test_a_tick_from_another_folder_plans_what_is_the_same_there(loaded: Alerts, home: Path) -> None:
    loaded("tick", "--at", NOW)
    (home / "other").mkdir()
    (home / "other/alerts.yaml").write_text(CONFIG + CONFIG.split("rules:\n")[1].replace("desk", "more"))
    said = loaded("--config", "other", "tick", "--at", "2025-10-30T09:00Z")
    assert (said.code, "Skipped: more;" in said.err) == (3, True)
    assert said.out.startswith("2 planned")
    assert names(home) == {"desk"}


def test_a_rule_is_not_planned_through_a_channel_that_is_another(loaded: Alerts, home: Path) -> None:
    """It would go to other recipients, and be lost to those whom it is for."""
    loaded("tick", "--at", NOW)
    (home / "other").mkdir()
    (home / "other/alerts.yaml").write_text(CONFIG.replace("you@localhost", "me@localhost"))
    said = loaded("--config", "other", "tick", "--at", "2025-10-30T09:00Z")
    assert (said.code, said.out) == (3, "0 planned; nothing to send\n")
    assert "Skipped: desk;" in said.err


def test_a_tick_from_the_same_folder_takes_an_edit_over_and_names_what_it_leaves_out(
    loaded: Alerts, home: Path
) -> None:
    loaded("tick", "--at", NOW)
    (home / "config/alerts.yaml").write_text(CONFIG.replace("name: desk", "name: renamed"))
    said = loaded("tick", "--at", LATER)
    assert (said.code, names(home)) == (0, {"renamed"})
    assert "left out of the configuration: rule desk; ends at " in said.err
    removed_at = removals(home)["desk"]
    assert abs(datetime.now(UTC) - removed_at) < timedelta(minutes=5), "by the clock, whatever moment the turn is for"


def forget_history(home: Path) -> None:
    """Leave the database as an upgrade from a version without registrations does."""
    with closing(sqlite3.connect(home / "alerts.db")) as database, database:
        database.execute("DELETE FROM registrations")


def test_after_an_upgrade_an_edited_rule_goes_on_with_the_next_tick(loaded: Alerts, home: Path) -> None:
    loaded("tick", "--at", NOW)
    forget_history(home)
    (home / "config/alerts.yaml").write_text(CONFIG.replace("P1D]", "P2D]"))
    said = loaded("tick", "--at", "2025-10-29T10:00Z")
    assert (said.code, said.out.split(" planned")[0]) == (0, "2")


def test_after_an_upgrade_the_shipped_rules_take_the_place_of_nobodys_own(
    loaded: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded("tick", "--at", NOW)
    forget_history(home)
    (home / "empty").mkdir()
    monkeypatch.chdir(home / "empty")
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("alerts.cli.run_command.Daemon", None)  # so that it ends where it is not refused
    assert loaded("tick", "--at", LATER).code == 3
    said = loaded("run")
    assert said.code == 1
    assert "uses rules that are not the shipped ones, but there is no ./config here: name that folder" in said.err
    assert names(home) == {"desk"}


def test_an_own_configuration_takes_the_place_of_the_shipped_one(
    loaded: Alerts, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "config").rename(home / "own")
    loaded("tick", "--at", NOW)
    said = loaded("--config", "own", "tick", "--at", LATER)
    assert (said.code, names(home)) == (0, {"desk"})


def test_a_link_that_leads_elsewhere_after_a_deployment_is_the_same_folder(loaded: Alerts, home: Path) -> None:
    (home / "current").symlink_to("config")
    loaded("--config", "current", "tick", "--at", NOW)
    (home / "next").mkdir()
    (home / "next/alerts.yaml").write_text(CONFIG.replace("P1D]", "P2D]"))
    (home / "current").unlink()
    (home / "current").symlink_to("next")
    said = loaded("--config", "current", "tick", "--at", "2025-10-29T10:00Z")
    assert (said.code, said.err.count("Skipped: ")) == (0, 0)


def test_a_shell_that_came_through_a_link_counts_as_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "current").symlink_to(".")
    monkeypatch.setenv("PWD", f"{home}/current")
    assert address(Path("config")) == f"{home}/current/config"
    monkeypatch.setenv("PWD", "/nowhere")
    assert address(Path("config")) == f"{home}/config"


def test_a_folder_that_was_moved_goes_on(loaded: Alerts, home: Path) -> None:
    loaded("tick", "--at", NOW)
    (home / "config").rename(home / "moved")
    loaded("--config", "moved", "tick", "--at", LATER)
    (home / "moved/alerts.yaml").write_text(CONFIG.replace("name: desk", "name: renamed"))
    said = loaded("--config", "moved", "tick", "--at", LATER)
    assert (said.code, names(home)) == (0, {"renamed"})


@pytest.mark.parametrize("word", ["check", "health"])
def test_what_a_tick_would_leave_alone_is_said_before(loaded: Alerts, home: Path, word: str) -> None:
    loaded("tick", "--at", NOW)
    assert "would skip them" not in loaded(word).err
    (home / "other").mkdir()
    (home / "other/alerts.yaml").write_text(CONFIG.replace("name: desk", "name: renamed"))
    said = loaded("--config", "other", word)
    assert f"uses {home}/config, with other rules or channels: `alerts tick` would skip them" in said.err


@pytest.mark.parametrize("words", [["plan"], ["list"], ["check"], ["health"], ["deliveries"], ["why", "summit"]])
def test_no_other_command_registers(loaded: Alerts, home: Path, words: list[str]) -> None:
    loaded("tick", "--at", NOW)
    (home / "config/alerts.yaml").write_text(CONFIG.replace("name: desk", "name: renamed"))
    loaded(*words)
    assert names(home) == {"desk"}


def test_a_turn_for_a_later_moment_ends_no_rule_early(loaded: Alerts, home: Path) -> None:
    loaded("tick")
    (home / "config/alerts.yaml").write_text(CONFIG.replace("name: desk", "name: renamed"))
    loaded("tick")
    loaded("tick", "--at", str(datetime.now(UTC) + timedelta(days=1)))
    with closing(sqlite3.connect(home / "alerts.db")) as database:
        assert {name for (name,) in database.execute("SELECT name FROM rules")} == {"desk", "renamed"}


def test_a_tick_takes_nothing_over_while_a_daemon_lives(loaded: Alerts, home: Path) -> None:
    loaded("tick", "--at", NOW)
    (home / "config/alerts.yaml").write_text(CONFIG.replace("name: desk", "name: renamed"))
    store = Store(f"sqlite:///{home}/alerts.db")
    with store.serve():
        said = loaded("tick", "--at", LATER, "--take-over")
    store.close()
    assert (said.code, names(home)) == (1, {"desk"})
    assert "`alerts reload` applies its files" in said.err
    assert said.err.count("\n") == 1


def test_what_is_awaited_after_a_tick_is_planned_at_once(loaded: Alerts, home: Path) -> None:
    follow = "match: {tags: [truce]}, remind: {unanswered: {after: P3D}}, notify: [box]"
    (home / "config/alerts.yaml").write_text(f'{CONFIG}  - {{name: follow, cron: "0 9 * * *", {follow}}}\n')
    due = "2025-10-29T10:00Z"
    assert "2 sent" in loaded("tick", "--at", due).out
    told = loaded("plan", "--days", "4", "--json", "--at", due).json
    assert [one["at"] for one in told if one["kind"] == "unanswered"] == ["2025-11-02T09:00:00Z"] * 2
