"""`alerts load`: what it would do, what it did, and all that is wrong, in one round."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import NOW, SEED, Alerts

CONFLICT = (
    "seed.yaml:7: deadline: the file says `2025-12-05` now and `2025-12-01` before, but it was moved to `2025-12-24` "
    'meanwhile: write that, or `alerts move handed "2025-12-05"` first'
)


def one(key: str, title: str = "A", deadline: str = "2025-12-01") -> str:
    return f"  - {{key: {key}, title: {title}, deadline: {deadline}, tags: [truce]}}\n"


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_load_says_what_it_did_and_what_follows(alerts: Alerts) -> None:
    said = alerts("load", "seed.yaml", "--at", NOW)
    assert said.out == (
        "loaded: 2 new, 0 changed, 0 moved, 0 unchanged\n"
        "2 alerts go out within a minute\n"
        "who is alerted about what is new or changed:\n"
        "  box  2 commitments  first within a minute\n"
    )
    assert said.err == ""  # no progress bar where nobody watches
    assert alerts("load", "seed.yaml", "--at", NOW).out.startswith("loaded: 0 new, 0 changed, 0 moved, 2 unchanged\n")


def test_a_dry_run_foretells_what_is_new_and_stores_nothing(alerts: Alerts) -> None:
    said = alerts("load", "seed.yaml", "--dry-run", "--at", NOW).out
    assert lines(said) == [
        "would load: 2 new, 0 changed, 0 moved, 0 unchanged",
        "key what how",
        "summit new Thu 30 Oct 2025",
        "decision new Fri 31 Oct 2025",
        "2 alerts go out within a minute",
        "who would be alerted about what is new or changed:",
        "box 2 commitments",
    ]
    assert alerts("list", "--json").json == []


def test_a_dry_run_foretells_what_is_changed_moved_follows_conflicts_and_is_missing(alerts: Alerts, home: Path) -> None:
    (home / "seed.yaml").write_text(SEED + one("edited") + one("handed") + one("gone"))
    alerts("load", "seed.yaml", "--at", NOW)
    alerts("tick", "--at", NOW)
    alerts("move", "handed", "2025-12-24", "--because", "put off", "--at", NOW)
    put_off = SEED.replace("2025-10-30", "2025-11-20")
    (home / "seed.yaml").write_text(put_off + one("edited", "B") + one("handed", deadline="2025-12-05"))
    said = alerts("load", "seed.yaml", "--dry-run", "--at", NOW)
    assert lines(said.out) == [
        "would load: 0 new, 1 changed, 1 moved, 1 unchanged, 1 in conflict",
        "key what how",
        "edited changed title",
        "summit moved Thu 30 Oct 2025 → Thu 20 Nov 2025",
        "decision follows Fri 31 Oct 2025 → Fri 21 Nov 2025",
        "handed conflict moved by hand since it was loaded",
        "gone missing no longer in seed.yaml",
        "1 no longer in seed.yaml: gone; they stay open (--close-missing closes them as withdrawn)",
        "3 alerts go out within a minute",
        "who would be alerted about what is new or changed:",
        "box 2 commitments",
    ]
    assert (said.code, said.err) == (1, f"alerts: {CONFLICT}\n")


def test_what_a_dry_run_foretells_to_be_said_is_what_a_load_says_afterwards(loaded: Alerts, home: Path) -> None:
    loaded("tick", "--at", NOW)
    (home / "seed.yaml").write_text(SEED.replace("2025-10-30", "2025-11-01") + one("new", deadline="2025-10-29"))
    foretold = loaded("load", "seed.yaml", "--dry-run", "--at", NOW).out.splitlines()[-3]
    assert loaded("load", "seed.yaml", "--at", NOW).out.splitlines()[-3] == foretold
    assert foretold == "3 alerts go out within a minute"


def test_what_is_missing_is_closed_only_when_that_is_asked_for(alerts: Alerts, home: Path) -> None:
    (home / "seed.yaml").write_text(SEED + one("gone"))
    alerts("load", "seed.yaml", "--at", NOW)
    (home / "seed.yaml").write_text(SEED)
    assert "1 no longer in seed.yaml: gone;" in alerts("load", "seed.yaml", "--at", NOW).out
    would = alerts("load", "./seed.yaml", "--close-missing", "--dry-run", "--at", NOW)
    assert "would close 1 no longer in seed.yaml: gone\n" in would.out
    assert len(alerts("list", "--json").json) == 3
    did = alerts("load", str(home / "seed.yaml"), "--close-missing", "--at", NOW)
    assert f"closed 1 no longer in {home}/seed.yaml: gone\n" in did.out
    history = alerts("show", "gone", "--json").json["history"]
    assert [history[-1][name] for name in ("what", "detail", "reason")] == [
        "closed", "withdrawn", f"no longer in {home}/seed.yaml",
    ]  # fmt: skip


def test_what_went_from_one_file_to_another_is_not_missing(alerts: Alerts, home: Path) -> None:
    (home / "seed.yaml").write_text(SEED + one("walks"))
    alerts("load", "seed.yaml", "--at", NOW)
    (home / "seed.yaml").write_text(SEED)
    (home / "other.yaml").write_text("commitments:\n" + one("walks"))
    assert "no longer" not in alerts("load", "seed.yaml", "other.yaml", "--close-missing", "--at", NOW).out
    assert "no longer" not in alerts("load", "seed.yaml", "--close-missing", "--at", NOW).out
    assert len(alerts("list", "--json").json) == 3


def test_all_that_is_wrong_in_all_files_is_said_in_one_round_by_line(
    alerts: Alerts, home: Path, rows: Callable[[], int]
) -> None:
    (home / "a.yaml").write_text(
        "commitments:\n"
        + one("late", deadline="P1D after nothing")
        + one("form", deadline="soon")
        + "  - {key: whose, title: B, deadline: 2025-11-10, by: [cn]}\n"
        + one("hangs", deadline="P1D after form")
        + one("back", deadline="between 2025-11-10 and 2025-11-01")
        + one("late")
        + "parties: [{key: cn}]\n"
    )
    (home / "b.yaml").write_text("commitments:\n" + one("late") + one("circle", deadline="during circle"))
    said = alerts("load", "a.yaml", "b.yaml")
    found = [line.removeprefix("alerts: ")[:58] for line in said.err.splitlines()]
    assert found == [
        "a.yaml:2: deadline depends on 'nothing', which is not trac",
        "a.yaml:3: deadline: `soon`: column 1: expected a deadline ",
        "a.yaml:6: deadline `between 2025-11-10 and 2025-11-01`: `b",
        'a.yaml:7: the key "late" is used twice, first on line 2',
        'a.yaml:8: "name" is missing',
        'b.yaml:2: the key "late" is used twice, first at a.yaml:2',
        "b.yaml:3: deadlines depend on each other in a circle: circ",
    ]
    assert (said.code, rows()) == (1, 0)
