"""`alerts load` and `alerts check` of what is closed and stated anew."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import NOW, SEED, Alerts

LATER = "2025-10-28T12:00Z"


def moved_to_another_file(alerts: Alerts, home: Path, deadline: str = "2025-12-01") -> None:
    """Let an entry leave one file, which closes it, and stand in another."""
    one = "  - {key: talks, title: Talks, deadline: DAY, timezone: UTC, tags: [truce]}\n"
    (home / "seed.yaml").write_text(SEED + one.replace("DAY", "2025-12-01"))
    alerts("load", "seed.yaml", "--at", NOW)
    (home / "seed.yaml").write_text(SEED)
    alerts("load", "seed.yaml", "--close-missing", "--at", NOW)
    more = one.replace("talks", "more").replace("DAY", "2025-12-03")
    (home / "b.yaml").write_text("commitments:\n" + one.replace("DAY", deadline) + more)


def test_what_moved_to_another_file_is_named_and_the_rest_is_loaded(alerts: Alerts, home: Path) -> None:
    moved_to_another_file(alerts, home)
    for _ in range(2):
        said = alerts("load", "b.yaml", "--at", LATER)
        assert said.code == 3
        assert "talks: closed as withdrawn, but b.yaml:2 lists it again (unchanged)" in said.out
        assert "1 left closed" in said.out
    assert "talks: closed as withdrawn, but b.yaml:2 lists it again (unchanged)" in alerts("check").err
    assert [row["key"] for row in alerts("list", "--json").json] == ["summit", "decision", "more"]


def test_the_deadline_shown_and_what_it_means_never_contradict_each_other(alerts: Alerts, home: Path) -> None:
    moved_to_another_file(alerts, home, "2025-12-24")
    said = alerts("load", "b.yaml", "--at", LATER)
    assert "(deadline `2025-12-01` → `2025-12-24`)" in said.out
    assert "2025-12-24" not in alerts("show", "talks").out
    assert alerts("load", "b.yaml", "--reopen", "--at", LATER).code == 0
    shown = alerts("show", "talks", "--json").json
    assert (shown["deadline"], shown["latest"], shown["status"]) == ("2025-12-24", "2025-12-25T00:00:00Z", "open")
    assert "lists it again" not in alerts("check").err


def test_kept_closed_it_is_not_named_again(alerts: Alerts, home: Path) -> None:
    moved_to_another_file(alerts, home)
    alerts("load", "b.yaml", "--at", LATER)
    said = alerts("load", "b.yaml", "--keep-closed", "--at", LATER)
    assert (said.code, "1 stay closed as they are" in said.out) == (0, True)
    assert alerts("load", "b.yaml", "--at", LATER).code == 0
    assert "lists it again" not in alerts("check").err


def test_a_dry_run_names_it_and_what_reopening_it_would_say(alerts: Alerts, home: Path) -> None:
    moved_to_another_file(alerts, home, "2025-11-01")
    alerts("tick", "--at", NOW)
    said = alerts("load", "b.yaml", "--dry-run", "--at", LATER)
    assert (said.code, "lists it again" in said.out) == (3, True)
    said = alerts("load", "b.yaml", "--dry-run", "--reopen", "--at", LATER)
    assert (said.code, "1 moved, 0 unchanged, 1 reopened" in said.out) == (0, True)
    assert "lists it again" not in alerts("check").err


def test_the_two_answers_together_are_refused(alerts: Alerts) -> None:
    said = alerts("load", "seed.yaml", "--reopen", "--keep-closed")
    assert (said.code, said.err) == (1, "alerts: --reopen and --keep-closed exclude each other: use one\n")
