"""`alerts why` and `alerts show` after changes: they agree with `plan`, and hide nothing that was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts

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
        ("moved", "skipped", "no tick has recorded it yet"),
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
