"""`alerts why`: what became of each moment of each rule; `alerts show --as-of`: what was known then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, NOW, Alerts, SetUpOnce

OTHERS = """\
  - name: high
    cron: "0 10 * * *"
    match: {tags: [truce], priority: [high, critical], by: [us]}
    remind: {before: [P7D]}
    notify: [box]
  - name: second
    cron: "0 9 * * *"
    match: {tags: [truce]}
    remind: {before: [P1D]}
    notify: [box]
"""
MONTHLY = """\
commitments:
  - {key: report, title: The report, deadline: every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30, timezone: UTC,
     tags: [truce]}
"""


@pytest.fixture
def ticked(loaded: Alerts, home: Path, set_up_once: SetUpOnce) -> Alerts:
    """The summit of 30 October, its day, an outage, an acknowledgement, a move, an end."""

    def set_up() -> None:
        (home / "config/alerts.yaml").write_text(CONFIG + OTHERS)
        for at in (NOW, "2025-10-29T09:00Z", "2025-10-30T09:00Z", "2025-11-02T09:00Z", "2025-11-03T09:00Z"):
            loaded("tick", "--at", at)
        loaded("ack", "summit", "--at", "2025-11-03T12:00Z")
        loaded("tick", "--at", "2025-11-05T09:00Z")
        loaded("move", "summit", "2025-11-20", "--because", "put off", "--at", "2025-11-05T12:00Z")
        loaded("tick", "--at", "2025-11-06T09:00Z")
        loaded("close", "summit", "--as", "withdrawn", "--at", "2025-11-07T00:00Z")

    set_up_once(set_up)
    return loaded


def lines(alerts: Alerts, *words: str) -> list[str]:
    """`rule kind offset: outcome, reason` of each moment, in order."""
    return [
        f"{row['rule']} {row.get('kind', '')} {row.get('offset') or ''}: {row['outcome']}"
        + (f", {row['reason']}" if row["reason"] else "")
        for row in alerts("why", *words, "--json").json
    ]


def test_each_moment_says_what_became_of_it(ticked: Alerts) -> None:
    assert lines(ticked, "summit", "--at", "2025-11-08T00:00Z") == [
        # 23 October had gone by on the 28th: told once, as missed.
        "desk before P7D: sent",
        "desk before P1D: sent",
        "desk on_the_day : sent",
        "desk overdue P0D: skipped, merged into the later one of 2025-11-02T00:00Z",
        "desk overdue P1D: skipped, merged into the later one of 2025-11-02T00:00Z",
        "desk overdue P2D: sent",
        "desk overdue P3D: sent",
        "desk overdue P4D: skipped, acknowledged by desk (2025-11-03T12:00Z)",
        "desk overdue P5D: skipped, acknowledged by desk (2025-11-03T12:00Z)",
        "desk moved : sent",
        "desk overdue P6D: skipped, moved before that (2025-11-05T12:00Z), to Thu 20 Nov 2025",
        "desk closed : due, no tick has recorded it yet",
        "desk before P7D: skipped, closed before that (2025-11-07T00:00Z, withdrawn)",
        "desk before P1D: skipped, closed before that (2025-11-07T00:00Z, withdrawn)",
        "desk on_the_day : skipped, closed before that (2025-11-07T00:00Z, withdrawn)",
        "desk overdue P0D: skipped, closed before that (2025-11-07T00:00Z, withdrawn)",
        "second before P1D: skipped, already sent by another rule",
        "second moved : skipped, the rule sends no alert of it: `moved` is not set",
        "second closed : skipped, the rule sends no alert of it: `closed` is not set",
        "second before P1D: skipped, closed before that (2025-11-07T00:00Z, withdrawn)",
        "high  : skipped, priority is normal, the rule matches high or critical",
    ]


def test_what_was_said_names_to_whom_and_the_delivery(ticked: Alerts) -> None:
    said = [row for row in ticked("why", "summit", "--json").json if row["outcome"] == "sent"]
    ids = {row["id"] for row in ticked("deliveries", "--json").json}
    assert all(one["channel"] == "box" and one["id"] in ids for row in said for one in row["deliveries"])
    text = ticked("why", "summit").out
    assert said[0]["deliveries"][0]["id"][:8] in text
    assert "  rule high  priority is normal, the rule matches high or critical" in text


def test_what_comes_next_is_first_then_what_was_sent_then_what_was_skipped(ticked: Alerts) -> None:
    ticked("tick", "--at", "2025-11-07T09:00Z")
    ticked("reopen", "summit", "--because", "by mistake", "--at", "2025-11-08T00:00Z")
    out = ticked("why", "summit", "--at", "2025-11-08T01:00Z").out
    sections = [block.splitlines() for block in out.split("\n\n")]
    assert [lines[0] for lines in sections] == [
        "The summit",
        "Next",
        "Sent, latest first",
        "Skipped, latest first",
        "Rules that send no alert about it",
    ]
    assert sections[0][1] == "Thu 20 Nov 2025 · in 12 days · times in UTC"
    rows = [re.split("   *", line.strip()) for line in sections[1][1:]]
    assert rows[:2] == [
        ["due now", "reopened", "rule desk", "box (while the daemon runs, within a minute)"],
        ["Thu 13 Nov 2025 09:00", "7 days before", "rule desk", "box"],
    ]


@pytest.mark.parametrize(("words", "lines"), [([], 1), (["--all"], 21)])
def test_what_was_past_when_it_was_added_is_one_line(words: list[str], lines: int, loaded: Alerts, home: Path) -> None:
    (home / "old.yaml").write_text(
        "commitments: [{key: old, title: Old, deadline: 2025-09-15, timezone: UTC, tags: [truce]}]"
    )
    loaded("load", "old.yaml", "--at", NOW)
    skipped = loaded("why", "old", "--at", NOW, *words).out.split("Skipped, latest first\n")[1].splitlines()
    past = [line for line in skipped if "already past when this date was added (Tue 28 Oct 2025 10:00)" in line]
    assert len(past) == lines
    assert past[0].startswith("  Mon 27 Oct 2025 09:00  ")
    assert ("latest of 21 alerts" in past[0]) == (not words)


def test_what_is_to_come_is_named(loaded: Alerts) -> None:
    loaded("tick", "--at", NOW)
    rows = loaded("why", "decision", "--at", NOW, "--json").json
    assert [(row["kind"], row["offset"], row["outcome"]) for row in rows] == [
        ("before", "P7D", "sent"),
        ("before", "P1D", "scheduled"),
        ("on_the_day", None, "scheduled"),
        ("overdue", "P0D", "scheduled"),
    ]


def test_each_occurrence_is_accounted_for(loaded: Alerts, home: Path) -> None:
    (home / "monthly.yaml").write_text(MONTHLY)
    loaded("load", "monthly.yaml", "--at", "2025-11-20T00:00Z")
    for at in ("2025-11-20T09:00Z", "2025-11-23T09:00Z", "2025-11-29T09:00Z"):
        loaded("tick", "--at", at)
    loaded("close", "report", "--as", "fulfilled", "--occurrence", "2025-11-30", "--at", "2025-11-29T10:00Z")
    loaded("tick", "--at", "2025-11-30T09:00Z")
    rows = loaded("why", "report", "--at", "2025-12-01T00:00Z", "--json").json
    assert [(row["occurrence"], row["kind"], row["outcome"]) for row in rows] == [
        ("2025-11-30", "before", "sent"),
        ("2025-11-30", "before", "sent"),
        ("2025-11-30", "closed", "sent"),
        ("2025-11-30", "on_the_day", "skipped"),
        ("2025-11-30", "overdue", "skipped"),
        ("2025-12-31", "before", "scheduled"),
        ("2025-12-31", "before", "scheduled"),
        ("2025-12-31", "on_the_day", "scheduled"),
        ("2025-12-31", "overdue", "scheduled"),
    ]
    assert lines(loaded, "report", "--occurrence", "2025-11-30", "--at", "2025-12-01T00:00Z")[-1] == (
        "desk overdue P0D: skipped, closed before that (2025-11-29T10:00Z, fulfilled)"
    )


def test_a_commitment_that_no_rule_names_says_so(loaded: Alerts, home: Path) -> None:
    (home / "more.yaml").write_text("commitments: [{key: lone, title: Alone, deadline: 2025-12-01}]")
    loaded("load", "more.yaml", "--at", NOW)
    said = loaded("why", "lone", "--at", NOW).out
    assert "tags is not stated, the rule matches truce" in said
    assert "no rule matches and `default_notify` is not set" in said


def test_what_was_known_at_an_earlier_time(ticked: Alerts) -> None:
    def known(at: str) -> tuple[str, str, bool, int, int]:
        row = ticked("show", "summit", "--as-of", at, "--json").json
        seen = row["acknowledged"] is not None
        return row["deadline"], row["status"], seen, len(row["history"]), len(row["reminders"])

    assert known("2025-10-28T10:00Z") == ("2025-10-30", "open", False, 1, 1)
    assert known("2025-11-03T11:59Z")[1:4] == ("open", False, 1)
    assert known("2025-11-03T12:00Z")[1:4] == ("open", True, 2)
    assert known("2025-11-05T12:00Z")[:4] == ("2025-11-20", "open", False, 3)
    assert known("2025-11-07T00:00Z")[:4] == ("2025-11-20", "withdrawn", False, 4)
    said = ticked("show", "summit", "--as-of", "2025-11-04T00:00Z").out
    assert said.startswith("as of Tue 4 Nov 2025 00:00 UTC\n")
    assert "Thu 30 Oct 2025" in said
    assert "put off" not in said


def test_nothing_that_people_read_is_in_iso_or_has_internal_names(ticked: Alerts, home: Path) -> None:
    (home / "monthly.yaml").write_text(MONTHLY)
    ticked("load", "monthly.yaml", "--at", "2025-11-08T00:00Z")
    ticked("tick", "--at", "2025-11-23T09:00Z")
    for words in (
        ("why", "summit"),
        ("why", "summit", "--all"),
        ("why", "report"),
        ("show", "summit"),
        ("plan",),
        ("list",),
        ("deliveries",),
    ):
        out = ticked(*words, *(["--at", "2025-11-24T00:00Z"] * (words[0] != "deliveries"))).out
        assert len(out.splitlines()) > 2
        assert not re.findall(r"\bP\d+[DWMYT]|\bFREQ=|on_the_day|\d\d:\d\dZ|under_review|\bNone\b", out), (words, out)


def test_before_it_was_recorded_nothing_was_known(ticked: Alerts) -> None:
    said = ticked("show", "summit", "--as-of", "2025-10-28T09:59Z")
    assert (said.code, said.err) == (
        1,
        "alerts: summit was not known at 2025-10-28T09:59Z: it was recorded at 2025-10-28T10:00Z\n",
    )


def test_moves_of_others_and_of_the_whole_change_nothing_of_what_became_of_an_occurrence(
    loaded: Alerts, tmp_path: Path
) -> None:
    (tmp_path / "monthly.yaml").write_text(MONTHLY)
    loaded("load", str(tmp_path / "monthly.yaml"), "--at", "2025-11-10T00:00Z")
    loaded("tick", "--at", "2025-11-23T09:00Z")
    late = ("report", "2026-02-10", "--because", "a holiday", "--occurrence", "2026-01-31")
    loaded("move", *late, "--at", "2025-11-25T00:00Z")
    loaded("tick", "--at", "2025-11-29T09:00Z")
    without = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30 except 2026-05-31"
    loaded("move", "report", without, "--because", "a pause", "--at", "2025-11-29T12:00Z")
    loaded("tick", "--at", "2025-11-30T09:00Z")
    at = ("--at", "2025-11-30T10:00Z")
    assert lines(loaded, "report", "--occurrence", "2025-11-30", *at)[:3] == [
        "desk before P7D: sent",
        "desk before P1D: sent",
        "desk on_the_day : sent",
    ]
    moved = lines(loaded, "report", "--occurrence", "2026-01-31", *at)
    assert [line for line in moved if "scheduled" in line] == [
        "desk before P7D: scheduled",
        "desk before P1D: scheduled",
        "desk on_the_day : scheduled",
        "desk overdue P0D: scheduled",
    ]
    rows = loaded("why", *late[:1], "--occurrence", "2026-01-31", *at, "--json").json
    assert {row["moment"][:10] for row in rows if row["outcome"] == "scheduled"} == {
        "2026-02-03", "2026-02-09", "2026-02-10", "2026-02-11"
    }  # fmt: skip


def test_nothing_is_known_as_of_a_time_to_come(ticked: Alerts) -> None:
    said = ticked("show", "summit", "--as-of", "2999-01-01T00:00Z")
    assert (said.code, said.out) == (1, "")
    assert said.err == "alerts: --as-of 2999-01-01T00:00Z is in the future: nothing is known of that time yet\n"


def test_why_and_show_say_that_it_went_out_before_office_hours(loaded: Alerts, home: Path) -> None:
    hours = 'to: [you@localhost], hours: {opens: "10:00", closes: "17:00", days: mon-wed}'
    (home / "config/alerts.yaml").write_text(CONFIG.replace("to: [you@localhost]", hours))
    loaded("tick", "--at", NOW)
    loaded("tick", "--at", "2025-10-30T09:00Z")  # a Thursday: the day of the summit is over when they open on Monday
    (mail,) = [path.read_text() for path in (home / "mail/new").iterdir() if "(today)" in path.read_text()]
    assert (
        "Sent before your office hours begin (Mon 3 Nov 2025 10:00 UTC), because the deadline passes before"
        in " ".join(mail.split())
    )
    text = "before office hours begin Mon 3 Nov 2025 10:00, as the deadline passes before then"
    for command in ("why", "show"):
        assert text in " ".join(loaded(command, "summit", "--at", "2025-10-30T10:00Z").out.split())
        assert '"hours_begin": "2025-11-03T10:00:00Z"' in loaded(command, "summit", "--json").out
