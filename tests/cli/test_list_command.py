"""`alerts list`: what is shown of each commitment, in which order, and which are asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from alerts.cli import list_command
from alerts.cli.terminal import Terminal
from alerts.views import next_alerts
from tests.cli.conftest import NOW, Alerts, SetUpOnce

MORE = """\
people: [{key: ana, name: Ana, email: ana@example.org}]
parties: [{key: landlord, name: The landlord}]
commitments:
  - {key: late, title: A late report, deadline: 2025-10-20, timezone: UTC, tags: [report, truce], owner: ana}
  - {key: today, title: A filing, deadline: 2025-10-28, timezone: UTC, tags: [report], note: "with the [red] form"}
  - {key: open-window, title: A window, deadline: between 2025-10-20 and 2025-11-02, timezone: UTC, by: [landlord]}
  - {key: review, title: A truce, deadline: after 2025-10-20, timezone: UTC, to: [landlord]}
  - {key: nothing, title: A pledge, deadline: undated}
  - {key: monthly, title: A monthly report, deadline: every FREQ=MONTHLY from 2025-10-15, timezone: UTC}
"""
EVERYTHING = ["late", "today", "open-window", "summit", "decision", "monthly", "review", "nothing"]


@pytest.fixture
def listed(loaded: Alerts, home: Path, set_up_once: SetUpOnce) -> Alerts:
    """What the shared seed has, and more."""

    def set_up() -> None:
        (home / "more.yaml").write_text(MORE)
        assert loaded("load", "more.yaml", "--at", NOW).code == 0

    set_up_once(set_up)
    return loaded


def keys(alerts: Alerts, *words: str) -> list[str]:
    return [row["key"] for row in alerts("list", "--at", NOW, "--json", *words).json]


def test_what_is_overdue_comes_first_and_what_has_no_date_last(listed: Alerts) -> None:
    assert keys(listed) == EVERYTHING
    assert [line.split()[0] for line in listed("list", "--at", NOW).out.splitlines()[1:]] == EVERYTHING


def test_it_says_how_each_stands(listed: Alerts) -> None:
    lines = {line.split()[0]: line for line in listed("list", "--at", NOW).out.splitlines()[1:]}
    for key, standing in (
        ("late", "8 days overdue"),
        ("today", "due today"),
        ("open-window", "5 days left"),
        ("summit", "in 2 days"),
        ("decision", "in 3 days"),
        ("review", "under review for 7 days"),
        ("nothing", "under review"),
        ("monthly", "in 18 days"),
    ):
        assert f"  {standing}  " in lines[key]
    assert "  ana  " in lines["late"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--owner", "ana"], ["late"]),
        (["--tag", "report"], ["late", "today"]),
        (["--tag", "report", "--tag", "truce"], ["late", "today", "summit", "decision"]),
        (["--party", "landlord"], ["open-window", "review"]),
        (["--overdue"], ["late"]),
        (["--status", "overdue"], ["late"]),
        (["--status", "due"], ["today", "open-window"]),
        (["--status", "ahead"], ["summit", "decision", "monthly"]),
        (["--status", "review"], ["review", "nothing"]),
        (["--due-within", "2"], ["late", "today"]),
        (["--due-within", "6"], ["late", "today", "open-window", "summit", "decision"]),
        (["--search", "REPORT"], ["late", "monthly"]),
        (["--search", "[red]"], ["today"]),
        (["--tag", "report", "--status", "due"], ["today"]),
        (["--owner", "nobody"], []),
    ],
)
def test_a_listing_has_what_is_asked_for(words: list[str], expected: list[str], listed: Alerts) -> None:
    assert keys(listed, *words) == expected
    out = listed("list", "--at", NOW, *words).out.splitlines()
    assert [line.split()[0] for line in out[1:-1]] == expected
    assert out[-1] == f"{len(expected)} of {len(EVERYTHING)} commitments"


def test_what_recurs_stands_as_its_first_open_occurrence(listed: Alerts) -> None:
    later = ("--at", "2025-11-20T09:00Z")
    assert "  Sat 15 Nov 2025 (every month)      5 days overdue  " in listed("list", *later, "--overdue").out
    assert [row["key"] for row in listed("list", *later, "--status", "ahead", "--json").json] == []
    listed("close", "monthly", "--occurrence", "2025-11-15", "--as", "fulfilled", *later)
    (row,) = listed("list", *later, "--status", "ahead", "--json").json
    assert row["current_occurrence"] == {
        "name": "2025-12-15",
        "earliest": "2025-12-15T00:00:00Z",
        "latest": "2025-12-16T00:00:00Z",
    }
    listed("ack", "monthly", "--occurrence", "2025-12-15", "--by", "Ann", *later)
    assert "in 25 days, acknowledged by Ann" in listed("list", *later, "--due-within", "30").out


@pytest.mark.parametrize(
    ("kind", "standing"), [("expiry", "expired 8 days ago"), ("event", "was 8 days ago"), ("request", "8 days overdue")]
)
def test_what_has_ended_is_not_called_overdue(kind: str, standing: str, listed: Alerts) -> None:
    listed("edit", "late", "--kind", kind, "--at", NOW)
    assert f"  {standing}  " in listed("list", "--overdue", "--at", NOW).out
    in_plan = standing.replace("8 days", r"\d+ days")
    assert re.search(f"  late  +{in_plan}  ", listed("plan", "--days", "30", "--at", NOW).out)


def test_what_recurs_and_is_over_has_no_open_occurrence(listed: Alerts) -> None:
    listed("add", "once", "A pair", "every FREQ=DAILY;COUNT=2 from 2025-10-29", "--timezone", "UTC", "--at", NOW)
    for name in ("2025-10-29", "2025-10-30"):
        assert listed("close", "once", "--occurrence", name, "--as", "fulfilled", "--at", NOW).code == 0
    out = listed("list", "--at", NOW).out.splitlines()
    assert out[-1].startswith("once ")
    assert "no occurrence is open" in out[-1]


def test_answers_are_listed_and_asked_for(listed: Alerts) -> None:
    listed("ack", "late", "--by", "Ann", "--at", NOW)
    listed("snooze", "today", "--until", "2025-11-30", "--for-all", "--past-due", "--at", NOW)
    assert keys(listed, "--status", "acknowledged") == ["late"]
    assert keys(listed, "--status", "snoozed") == ["today"]
    assert "8 days overdue, acknowledged by Ann until" in listed("list", "--at", NOW).out


def test_what_is_closed_is_listed_only_where_it_is_asked_for(listed: Alerts) -> None:
    listed("close", "late", "--as", "fulfilled", "--at", NOW)
    assert "late" not in keys(listed)
    assert keys(listed, "--closed")[-1] == "late"
    assert listed("list", "--closed", "--at", NOW).out.splitlines()[-1].split()[-2:] == ["ana", "–"]


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_no_line_is_cut_on_a_terminal(width: int, listed: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(is_terminal=True, has_styles=False, width=width)
    monkeypatch.setattr(list_command, "out", terminal)
    out = listed("list", "--at", NOW).out
    assert max(map(len, out.splitlines())) <= width
    assert all(key in out for key in EVERYTHING)
    assert all(title in out for title in ("A late report", "A monthly report"))


@pytest.mark.parametrize("width", [60, 160])
def test_a_long_listing_says_on_a_terminal_how_to_have_fewer(
    width: int, listed: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_command, "MANY", 7)
    assert "for fewer" not in listed("list", "--at", NOW).out
    terminal = Terminal(is_terminal=True, has_styles=False, width=width)
    monkeypatch.setattr(list_command, "out", terminal)
    assert listed("list", "--at", NOW).out.splitlines()[-1].startswith("8 commitments; for fewer: --overdue, ")
    assert listed("list", "--at", NOW, "--overdue").out.splitlines()[-1] == "1 of 8 commitments"


def test_what_many_changes_leave_open_is_said(listed: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_alerts, "MAX_COMPUTED", 2)
    said = listed("list", "--at", NOW, "--tag", "truce")
    assert said.out.count("not known yet") == 3
    assert said.err.startswith("3 next alerts are not known yet: the daemon works them out, or `alerts tick`")
    assert "not known yet" not in listed("list", "--at", NOW, "--tag", "truce", "--status", "ahead").out


def test_a_title_that_looks_like_an_emoji_is_shown_as_it_is(alerts: Alerts, home: Path) -> None:
    alerts("add", "lease", "Ship the :car: parts", "2030-01-31", "--timezone", "UTC")
    assert "Ship the :car: parts" in alerts("show", "lease").out
    assert "Ship the :car: parts" in alerts("list").out


def test_a_long_listing_has_its_first_part_and_says_how_to_have_the_rest(
    listed: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_command, "MOST_LISTED", 3)
    said = listed("list", "--at", NOW)
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == EVERYTHING[:3]
    told = "only the first 3 are shown, and 8 commitments are tracked; for the rest: --all, or --json; for fewer: "
    assert told in " ".join(said.err.split())
    assert "8 commitments are tracked" in listed("list", "--at", NOW, "--due-within", "4000").err, "of fewer that match"
    assert [line.split()[0] for line in listed("list", "--at", NOW, "--all").out.splitlines()[1:]] == EVERYTHING
    assert keys(listed) == EVERYTHING


def test_json_is_written_as_it_is_read(listed: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = listed("list", "--at", NOW, "--json").out
    monkeypatch.setattr(list_command, "AT_ONCE", 3)
    assert listed("list", "--at", NOW, "--json").out == whole == json.dumps(json.loads(whole)) + "\n"
    assert listed("list", "--at", NOW, "--json", "--owner", "nobody").out == "[]\n"


def test_a_listing_before_and_after_the_tick_is_in_the_same_order(listed: Alerts) -> None:
    how = ((), ("--closed",), ("--status", "review"), ("--due-within", "6"))
    before = [keys(listed, *words) for words in how]
    listed("tick", "--at", NOW)
    assert [keys(listed, *words) for words in how] == before
    listed("close", "today", "--as", "fulfilled", "--at", NOW)
    assert keys(listed) == [one for one in EVERYTHING if one != "today"]
    assert keys(listed, "--closed") == [one for one in EVERYTHING if one != "today"] + ["today"]


def test_more_days_than_the_calendar_has_ask_for_all_that_ends(listed: Alerts) -> None:
    dated = [key for key in EVERYTHING if key not in ("review", "nothing")]
    assert keys(listed, "--due-within", "9999999999") == keys(listed, "--due-within", "36500") == dated
