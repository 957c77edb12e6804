"""`alerts check` knows the calendar: it says where a cron would put a word too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, NOW, Alerts

RULES = """\
channels:
  box: {kind: maildir, path: mail, to: [you@localhost]}
rules:
  - name: desk
    cron: "0 9 * * mon-fri"
    timezone: America/New_York
    match: {}
    remind: {before: [P7D, P1D], on_the_day: true}
    notify: [box]
"""


def warnings(alerts: Alerts, home: Path, deadline: str) -> list[str]:
    (home / "config/alerts.yaml").write_text(RULES)
    (home / "one.yaml").write_text(
        f'commitments: [{{key: filing, title: File, deadline: "{deadline}", timezone: America/New_York}}]'
    )
    alerts("load", "one.yaml", "--at", "2025-10-28T00:00Z")
    said = alerts("check", "--at", "2025-10-28T00:00Z")
    assert said.code == 0
    return [line for line in said.err.splitlines() if "does not fire in time" in line]


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        ("2025-11-12", []),  # a Wednesday
        ("2025-11-11", []),  # a Tuesday: the lead of Monday fires on Monday
        (
            "2025-11-10",  # a Monday: the lead of a day begins on Sunday, and the next firing is on Monday itself
            ["alert 1 day before filing: it goes out early, Fri 7 Nov 2025 14:00 UTC"],
        ),
        (
            "2025-11-09",  # a Sunday: nothing fires on the day itself, nor from Saturday on
            [
                "alert 1 day before filing: it goes out early, Fri 7 Nov 2025 14:00 UTC",
                "alert on the day of filing: it goes out early, Fri 7 Nov 2025 14:00 UTC",
            ],
        ),
        (
            "every FREQ=WEEKLY;COUNT=3 from 2025-11-10",
            ["alert 1 day before filing 2025-11-10 (and 2 more): it goes out early, Fri 7 Nov 2025 14:00 UTC"],
        ),
    ],
)
def test_a_cron_that_puts_a_word_too_late_is_named(
    alerts: Alerts, home: Path, deadline: str, expected: list[str]
) -> None:
    begins = "warning: rule desk: its cron `0 9 * * mon-fri` does not fire in time for the "
    assert warnings(alerts, home, deadline) == [begins + line for line in expected]


def test_a_daily_cron_is_in_time(loaded: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG)
    assert "does not fire in time" not in loaded("check", "--at", "2025-10-20T00:00Z").err


@pytest.mark.parametrize("closed", [True, False])
def test_a_rule_that_never_ends_an_incident_is_named(alerts: Alerts, home: Path, *, closed: bool) -> None:
    pager = f"  pager: {{kind: pagerduty, routing_key: {'0' * 32}}}"
    rules = RULES.replace("rules:", f"{pager}\nrules:").replace("[box]", "[box, pager]")
    (home / "config/alerts.yaml").write_text(rules.replace("on_the_day: true", f"closed: {str(closed).lower()}"))
    said = alerts("check", "--at", "2025-10-28T00:00Z")
    line = "rule desk: no reminder closes the incidents that it opens in pager: set `closed: true` under `remind:`"
    assert (said.code, f"warning: {line}" in said.err.splitlines()) == (0, not closed)


def test_a_warning_about_many_commitments_is_one_line(alerts: Alerts, home: Path) -> None:
    entries = [f"  - {{key: c{number:03}, title: C, deadline: 2025-12-01}}" for number in range(150)]
    (home / "many.yaml").write_text("\n".join(["commitments:", *entries]) + "\n")
    alerts("load", "many.yaml", "--at", NOW)
    lines = alerts("check", "--at", NOW).err.splitlines()
    (line,) = [line for line in lines if "c000" in line]
    keys = ", ".join(f"c{number:03}" for number in range(10))
    assert line == f"warning: 150 commitments: no rule matches, so no alerts go out ({keys} and 140 more)"
    assert len(lines) < 5


def test_errors_of_rules_and_of_channels_are_reported_in_one_round(alerts: Alerts, home: Path) -> None:
    text = CONFIG.replace("kind: maildir, path: mail", "kind: maildir").replace('"0 9 * * *"', '"0 25 * * *"')
    (home / "config/alerts.yaml").write_text(text.replace("{env: HOOK}", "{env: NOT_SET}"))
    said = alerts("check")
    assert said.code == 1
    places = [line.split(": ")[1:3] for line in said.err.splitlines()]
    assert places == [
        ["config/alerts.yaml:2", "channels.box.path"],
        ["config/alerts.yaml:4", "channels.hook.url"],
        ["config/alerts.yaml:7", "rules[0].cron"],
    ]
