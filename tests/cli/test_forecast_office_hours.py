"""Forecasts and listings name the time at which an alert goes out that waits for office hours."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts

pytestmark = pytest.mark.usefixtures("few_samples")

CONFIG = """\
timezone: Europe/Madrid
people:
  - {key: ana, name: Ana Lopez, email: ana@example.org, deputy: bo, hours: {opens: "09:00", closes: "17:30"}}
  - {key: bo, name: Bo, email: bo@example.org}
channels:
  box: {kind: maildir, path: mail, to: [desk@example.org], default: true}
operators: [box]
rules:
  - name: owners
    cron: "0 6 * * *"
    match: {}
    remind: {before: [P7D, P2D], on_the_day: true}
    notify: [owner]
  - name: desk
    cron: "0 7 * * *"
    match: {tags: [shared]}
    remind: {before: [P1D]}
    notify: [box]
  - name: weekly
    cron: "0 8 * * mon"
    match: {}
    remind: {moved: true}
    summary: {horizon: P30D}
    notify: [owner]
"""
FILE = """\
commitments:
  - {key: audit, title: The audit, deadline: 2025-11-10, owner: ana, tags: [shared]}
  - {key: claim, title: The claim, deadline: 2025-11-09, owner: ana}
  - {key: recall, title: The recall, deadline: 2025-11-10, owner: ana, priority: critical}
  - {key: stock, title: The stock, deadline: every month on the 8th from 2025-11-08, owner: ana}
"""


@pytest.fixture
def desk(alerts: Alerts, home: Path) -> Alerts:
    (home / "config/alerts.yaml").write_text(CONFIG)
    (home / "file.yaml").write_text(FILE)
    assert alerts("load", "file.yaml", "--at", NOW).code == 0
    assert alerts("tick", "--at", NOW).code == 0
    return alerts


def received(home: Path) -> list[str]:
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (home / "mail").rglob("new/*")]
    return [str(mail["Subject"]) for mail in mails]


def rows(desk: Alerts, key: str | None, *words: str) -> list[tuple[str, str | None]]:
    found = desk("plan", "--days", "14", "--json", *(words or ("--at", NOW))).json
    return [(row["at"], row["hours_begin"]) for row in found if row["commitment"] == key and row["rule"] != "desk"]


def test_a_plan_says_until_when_each_alert_and_summary_waits(desk: Alerts) -> None:
    assert rows(desk, "audit") == [
        ("2025-11-03T05:00:00Z", "2025-11-03T08:00:00Z"),
        ("2025-11-08T05:00:00Z", "2025-11-10T08:00:00Z"),
        ("2025-11-10T05:00:00Z", "2025-11-10T08:00:00Z"),
    ]
    assert rows(desk, None)[0] == ("2025-11-03T07:00:00Z", "2025-11-03T08:00:00Z")
    assert "7 days before, waits for office hours until Mon 3 Nov 2025 09:00 " in desk("plan", "--at", NOW).out


def test_what_is_critical_or_would_come_too_late_waits_in_no_forecast(desk: Alerts) -> None:
    assert {begin for _, begin in rows(desk, "recall")} == {None}
    assert rows(desk, "claim")[-1] == ("2025-11-09T05:00:00Z", None)


def test_it_goes_out_when_the_forecasts_say(desk: Alerts, home: Path) -> None:
    line = "next alert: Mon 3 Nov 2025 09:00 Europe/Madrid (office hours begin then), 7 days before, to Ana Lopez (box)"
    assert line in desk("who", "audit", "--at", NOW).out
    assert "7 days before, waits for office hours until Mon 3 Nov 2025 09:00 " in desk("why", "audit", "--at", NOW).out
    at = desk("show", "audit", "--json", "--at", NOW).json["next_alert_at"]
    assert at == "2025-11-03T08:00:00Z"
    for now, subjects in (("2025-11-03T07:59:59Z", []), (at, ["Due Mon 10 Nov (in 7 days): The audit"])):
        desk("tick", "--at", now)
        assert [one for one in received(home) if "The audit" in one] == subjects


def test_a_listing_names_the_same_time(desk: Alerts) -> None:
    found = {row["key"]: row["next_alert_at"] for row in desk("list", "--json", "--at", NOW).json}
    assert found["audit"] == "2025-11-03T08:00:00Z"
    assert found["recall"] == "2025-11-03T05:00:00Z"


def test_what_goes_out_before_an_alert_that_waits_is_the_next(desk: Alerts) -> None:
    desk("tick", "--at", "2025-11-03T09:00Z")
    at = "2025-11-08T04:00Z"
    assert (
        "next alert: Sun 9 Nov 2025 07:00 Europe/Madrid, 1 day before, to box" in desk("who", "audit", "--at", at).out
    )
    found = {row["key"]: row["next_alert_at"] for row in desk("list", "--json", "--at", at).json}
    assert found["audit"] == "2025-11-09T06:00:00Z"


def test_who_waits_longer_than_others_is_said_and_who_is_absent_by_then_has_a_deputy(desk: Alerts) -> None:
    desk("tick", "--at", "2025-11-03T09:00Z")
    desk("away", "ana", "--from", "2025-11-10", "--until", "2025-11-12", "--at", NOW)
    rows = desk("who", "stock", "--json", "--at", "2025-11-06T04:00Z").json
    assert [(row["name"], row["goes_out_at"]) for row in rows] == [("Ana Lopez", "2025-11-06T08:00:00Z")]
    said = desk("plan", "--from", "2025-11-08T04:00Z", "--days", "3").out
    assert "Ana Lopez, who is away, and Bo (box)" in said
