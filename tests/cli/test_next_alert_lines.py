"""What a command says of the next alert after it has changed or answered something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, NOW, Alerts

NEXT = "next alert: Wed 29 Oct 2025 09:00 UTC, 1 day before, to box"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["ack", "summit"], NEXT),
        (["move", "summit", "2025-12-20", "--because", "later"], "summit: next alert: within a minute, moved, to box"),
        (["close", "summit", "--as", "fulfilled"], "next alert: within a minute, closed, to box"),
        (
            ["snooze", "summit", "--until", "2025-10-30T08:00Z", "--for-all"],
            "next alert: Thu 30 Oct 2025 09:00 UTC, on the day, to box",
        ),
        (["add", "k", "K", "2025-11-30", "--timezone", "UTC"], "no alert follows"),
        (
            ["add", "k", "K", "2025-11-30", "--timezone", "UTC", "--tag", "truce"],
            "next alert: Sun 23 Nov 2025 09:00 UTC, 7 days before, to box",
        ),
    ],
)
def test_an_answer_says_when_the_next_alert_goes_out(words: list[str], line: str, loaded: Alerts) -> None:
    loaded("tick", "--at", NOW)
    said = loaded(*words, "--at", NOW)
    assert said.code == 0
    assert line in [each.strip() for each in said.out.splitlines()]


def test_an_alert_that_reaches_nobody_is_not_the_next_one(loaded: Alerts, home: Path) -> None:
    late = (
        CONFIG.replace("to: [you@localhost]", "to: [you@localhost], default: true")
        + """\
  - {name: owners, cron: "0 9 * * *", match: {}, remind: {before: [P2D]}, notify: [owner]}
"""
    )
    (home / "config/alerts.yaml").write_text(late)
    loaded("add", "k", "K", "2025-12-30", "--timezone", "UTC", "--tag", "truce", "--at", NOW)
    loaded("tick", "--at", NOW)
    loaded("tick", "--at", "2025-12-23T09:00Z")
    rows = {row["key"]: row for row in loaded("list", "--json", "--at", "2025-12-23T10:00Z").json}
    assert rows["k"]["next_alert_at"] == "2025-12-29T09:00:00Z"  # not on the 28th, which is the owner's
