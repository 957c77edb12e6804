"""`alerts why` and `alerts show` after changes: they agree with `plan`, and hide nothing that was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, NOW, Alerts

SERIES = """\
commitments:
  - {key: review, title: The review, deadline: every FREQ=WEEKLY;BYDAY=FR from 2025-10-31, timezone: UTC, tags: [truce]}
  - {key: minutes, title: The minutes, deadline: P3D after review, timezone: UTC, tags: [truce]}
"""


@pytest.fixture
def ticked(loaded: Alerts) -> Alerts:
    loaded("tick", "--at", NOW)
    return loaded


def changes(alerts: Alerts, at: str) -> list[tuple[str, str, str | None]]:
    rows = alerts("why", "summit", "--at", at, "--json").json
    return [
        (row["kind"], row["outcome"], row["reason"])
        for row in rows
        if row.get("kind") in ("moved", "closed", "reopened")
    ]


def test_neither_end_nor_reopening_is_due_if_both_come_before_a_tick(ticked: Alerts) -> None:
    ticked("close", "summit", "--as", "fulfilled", "--at", "2025-10-28T12:00Z")
    ticked("reopen", "summit", "--because", "a mistake", "--at", "2025-10-28T12:01Z")
    reason = "closed and reopened before an alert went out"
    for at in ("2025-10-28T12:02Z", "2025-10-28T14:00Z"):
        assert changes(ticked, at) == [("closed", "skipped", reason), ("reopened", "skipped", reason)]
        ticked("tick", "--at", "2025-10-28T13:00Z")


def test_of_several_moves_before_a_tick_the_last_is_due(ticked: Alerts) -> None:
    ticked("move", "summit", "2025-11-20", "--because", "put off", "--at", "2025-10-28T12:00Z")
    ticked("move", "summit", "2025-11-21", "--because", "again", "--at", "2025-10-28T12:01Z")
    assert changes(ticked, "2025-10-28T12:02Z") == [
        ("moved", "skipped", "moved again before an alert went out (2025-10-28T12:01Z)"),
        ("moved", "due", "no tick has recorded it yet"),
    ]
    ticked("move", "summit", "2025-10-30", "--because", "as it was", "--at", "2025-10-28T12:03Z")
    back = "moved back before an alert went out"
    assert changes(ticked, "2025-10-28T12:04Z") == [("moved", "skipped", back)] * 3
    assert "due now" not in ticked("why", "summit", "--at", "2025-10-28T12:04Z").out


def test_what_goes_out_once_an_acknowledgement_has_ended_is_named(ticked: Alerts) -> None:
    ticked("tick", "--at", "2025-11-02T09:00Z")
    ticked("ack", "summit", "--until", "2025-11-05T12:00Z", "--at", "2025-11-02T12:00Z")
    plan = ticked("plan", "--at", "2025-11-02T13:00Z", "--json").json
    due = next(row["at"] for row in plan if row["commitment"] == "summit")
    rows = ticked("why", "summit", "--at", "2025-11-02T13:00Z", "--json").json
    assert next(row["send_at"] for row in rows if row["outcome"] == "scheduled") == due


@pytest.mark.parametrize("change", ["close", "move"])
def test_what_was_sent_about_an_occurrence_is_shown_when_it_is_gone(ticked: Alerts, home: Path, change: str) -> None:
    (home / "series.yaml").write_text(SERIES)
    ticked("load", "series.yaml", "--at", NOW)
    ticked("tick", "--at", "2025-10-30T09:00Z")
    ticked("tick", "--at", "2025-11-06T09:00Z")
    if change == "close":
        ticked("close", "review", "--as", "withdrawn", "--all", "--at", "2025-11-06T10:00Z")
    else:
        every = "every FREQ=WEEKLY;BYDAY=MO from 2026-01-05"
        ticked("move", "review", every, "--all", "--because", "x", "--at", "2025-11-06T10:00Z")
    shown = ticked("show", "minutes", "--at", "2025-11-06T11:00Z")
    assert shown.code == 0
    assert "2025-11-07: 7 days before" in shown.out
    rows = ticked("why", "minutes", "--at", "2025-11-06T11:00Z", "--json").json
    assert ("2025-11-07", "sent") in {(row.get("occurrence"), row["outcome"]) for row in rows}


def outlook(alerts: Alerts, at: str, *words: str) -> list[tuple[str, str]]:
    rows = alerts("why", *words, "--at", at, "--json").json
    return [(row["kind"], row["send_at"]) for row in rows if row["outcome"] in ("due", "scheduled")]


def test_an_occurrence_that_was_done_stays_done_when_its_series_is_closed_and_reopened(
    ticked: Alerts, home: Path
) -> None:
    (home / "series.yaml").write_text(SERIES)
    ticked("load", "series.yaml", "--at", NOW)
    ticked("tick", "--at", NOW)
    done, again = ("review", "--occurrence", "2025-10-31"), "2025-10-30T12:00Z"
    ticked("close", *done, "--as", "fulfilled", "--at", "2025-10-29T12:00Z")
    ticked("tick", "--at", "2025-10-29T12:00Z")
    ticked("close", "review", "--as", "withdrawn", "--all", "--at", "2025-10-30T10:00Z")
    ticked("tick", "--at", "2025-10-30T11:00Z")
    ticked("reopen", "review", "--because", "a mistake", "--at", again)
    ticked("tick", "--at", again)
    assert outlook(ticked, "2025-10-30T12:01Z", *done) == []
    said = ticked("why", *done, "--all", "--at", "2025-11-02T12:00Z").out
    assert "1 day overdue" in said
    assert "reopened after it" not in said


def test_where_the_next_date_is_done_early_the_one_after_it_is_named(ticked: Alerts, home: Path) -> None:
    (home / "series.yaml").write_text(SERIES)
    ticked("load", "series.yaml", "--at", NOW)
    ticked("tick", "--at", NOW)
    ticked("close", "review", "--occurrence", "2025-10-31", "--as", "fulfilled", "--at", "2025-10-28T12:00Z")
    ticked("tick", "--at", "2025-10-28T12:00Z")
    plan = ticked("plan", "--at", "2025-10-28T12:01Z", "--json").json
    planned = [(row["kind"], row["at"]) for row in plan if row["commitment"] == "review"]
    assert outlook(ticked, "2025-10-28T12:01Z", "review")[:2] == planned[:2]
    shown = ticked("show", "review", "--at", "2025-10-28T12:01Z").out
    assert "2025-11-07  Fri 7 Nov 2025  upcoming" in shown


@pytest.mark.parametrize("change", ["close", "move"])
def test_what_no_tick_sent_before_a_change_goes_out_no_more(ticked: Alerts, change: str) -> None:
    changed = {"close": ("--as", "withdrawn"), "move": ("2025-11-20", "--because", "put off")}[change]
    ticked(change, "summit", *changed, "--at", "2025-10-29T12:00Z")  # no tick at 09:00
    ticked("tick", "--at", "2025-10-29T13:00Z")
    rows = ticked("why", "summit", "--at", "2025-10-29T13:01Z", "--json").json
    reason = next(row["reason"] for row in rows if row.get("send_at") == "2025-10-29T09:00:00Z")
    assert reason.startswith({"close": "closed", "move": "moved"}[change] + " before an alert went out")
    assert "due" not in {row["outcome"] for row in rows}


def test_the_report_that_nobody_has_answered_is_named_before_it_goes_out(ticked: Alerts, home: Path) -> None:
    rule = """\
  - name: no-answer
    cron: "0 9 * * *"
    match: {tags: [truce]}
    remind: {unanswered: {after: PT20H}}
    notify: [box]
"""
    (home / "config/alerts.yaml").write_text(CONFIG + rule)
    ticked("tick", "--at", "2025-10-28T11:00Z")
    ticked("tick", "--at", "2025-10-28T11:00Z")
    plan = ticked("plan", "--at", "2025-10-28T11:01Z", "--json").json
    planned = [row["at"] for row in plan if row["commitment"] == "summit" and row["kind"] == "unanswered"]
    assert [at for kind, at in outlook(ticked, "2025-10-28T11:01Z", "summit") if kind == "unanswered"] == planned[:1]
    assert planned


def test_what_a_silence_holds_back_comes_next(ticked: Alerts) -> None:
    until = ("--until", "2025-11-10", "--reason", "a closing", "--at", NOW)
    ticked("silence", "add", "--match", "tags=truce", *until)
    ticked("tick", "--at", "2025-10-29T09:00Z")
    assert ("before", "2025-10-29T09:00:00Z") in outlook(ticked, "2025-10-29T09:01Z", "summit")
    said = ticked("why", "summit", "--at", "2025-10-29T09:01Z").out
    assert "1 day before, silenced until Tue 11 Nov 2025" in said
    assert "no recipient" not in said
