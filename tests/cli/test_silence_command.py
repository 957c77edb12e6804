"""The command silence: what it takes, what it lists, and what a health check says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import CONFIG, NOW, Alerts

UNTIL = ("--until", "2025-11-05", "--reason", "The office moves.", "--at", NOW)


def test_a_silence_is_added_listed_and_ended(loaded: Alerts) -> None:
    said = loaded("silence", "add", "--match", "tags=truce", *UNTIL)
    assert said.code == 0
    name = said.out.split(":")[0].removeprefix("silence ")
    assert said.out.splitlines() == [
        f"silence {name}: tags truce, from Tue 28 Oct 2025 10:00 to Thu 6 Nov 2025 00:00 UTC: The office moves. (desk)",
        "it matches 2 open commitments now",
    ]
    assert loaded("silence", "list", "--at", NOW).out.startswith(f"{name}  lasts: tags truce")
    (row,) = loaded("silence", "list", "--at", NOW, "--json").json
    assert (row["match"], row["until"], row["lasts"]) == ({"tags": ["truce"]}, "2025-11-06T00:00:00Z", True)
    said = loaded("silence", "end", name, "--at", "2025-10-29T10:00Z")
    assert said.out == f"silence {name} has ended (tags truce): what it held back goes out within a minute\n"
    assert loaded("silence", "list", "--at", "2025-10-30T10:00Z").out.startswith(f"{name}  ended: tags truce")


def test_forecasts_and_listings_say_until_when_an_alert_is_held_back(loaded: Alerts) -> None:
    loaded("silence", "add", "--match", "tags=truce", *UNTIL)
    rows = [row for row in loaded("plan", "--days", "20", "--at", NOW, "--json").json if row["commitment"] == "summit"]
    ends = "2025-11-06T00:00:00Z"
    assert {(row["silenced_until"] == ends, row["silenced_until"]) for row in rows if row["at"] < ends} == {
        (True, ends)
    }
    assert {row["silenced_until"] for row in rows if row["at"] >= ends} == {None}
    assert ", silenced until Thu 6 Nov 2025 00:00  desk" in loaded("plan", "--days", "20", "--at", NOW).out
    assert ", silenced until Thu 6 Nov 2025 00:00  rule desk" in loaded("why", "summit", "--at", NOW).out
    line = "next alert: Thu 6 Nov 2025 00:00 UTC (a silence holds it back until then), "
    assert line in loaded("who", "summit", "--at", NOW).out
    assert loaded("show", "summit", "--json", "--at", NOW).json["next_alert_at"] == ends


def test_what_is_critical_is_held_back_until_the_last_firing_before_its_deadline(loaded: Alerts) -> None:
    loaded("edit", "summit", "--priority", "critical", "--at", NOW)
    loaded("silence", "add", "--all", *UNTIL)
    rows = [row for row in loaded("plan", "--days", "20", "--at", NOW, "--json").json if row["commitment"] == "summit"]
    last = "2025-10-30T09:00:00Z"
    assert [row["silenced_until"] for row in rows if row["at"] < last] == [last] * 2
    assert {row["silenced_until"] for row in rows if row["at"] >= last} == {None}


def test_health_names_it(loaded: Alerts) -> None:
    loaded("silence", "add", "--all", *UNTIL)
    assert "until Thu 6 Nov 2025 00:00 UTC: everything (The office moves.; desk)" in loaded("health", "--at", NOW).err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", *UNTIL), "name what to silence"),
        (("add", "--all", "--match", "tags=truce", *UNTIL), "name what to silence"),
        (("add", "--match", "tag=truce", *UNTIL), "did you mean"),
        (("add", "--match", "priority=hihg", *UNTIL), "did you mean"),
        (("add", "--all", "--until", "2026-11-05", "--reason", "no", "--at", NOW), "90 days at most"),
        (("add", "--all", "--until", "soon", "--reason", "no", "--at", NOW), "is not a time"),
        (("add", "--all", "--reason", "no", "--at", NOW), "--until"),
        (("add", "--all", "--until", "2025-11-05", "--at", NOW), "--reason"),
        (("end", "nothing"), "has the ID 'nothing'"),
        (("end",), "ID"),
    ],
)
def test_what_is_wrong_is_said(loaded: Alerts, words: tuple[str, ...], why: str) -> None:
    said = loaded("silence", *words)
    assert said.code != 0
    assert why in said.err


def test_the_settings_state_them(loaded: Alerts, home: Path) -> None:
    stated = '{match: {}, from: 2025-10-28, until: 2025-11-05, reason: "moving", by: ann}'
    (home / "config/alerts.yaml").write_text(f"{CONFIG}silences:\n  - {stated}\n")
    before = loaded("silence", "list", "--json", "--at", NOW).json
    assert [(row["of_settings"], row["lasts"], row["reason"]) for row in before] == [(True, True, "moving")]
    loaded("tick", "--at", NOW)
    assert "in the settings" in loaded("silence", "list", "--at", NOW).out
    assert loaded("silence", "list", "--json", "--at", NOW).json == before
    loaded("silence", "end", before[0]["id"], "--at", NOW)
    assert loaded("silence", "list", "--json", "--at", "2025-11-29T00:00Z").json == []
    (home / "config/alerts.yaml").write_text(f"{CONFIG}silences:\n  - {stated.replace('2025-11-05', '2026-11-05')}\n")
    said = loaded("check")
    assert "alerts.yaml" in said.err
    assert "90 days at most" in said.err


def test_what_is_held_back_is_shown(loaded: Alerts) -> None:
    loaded("tick", "--at", "2025-10-20T10:00Z")
    loaded("silence", "add", "--all", *UNTIL)
    loaded("tick", "--at", "2025-10-29T10:00Z")
    found = loaded("show", "summit", "--at", "2025-10-29T10:00Z")
    assert "held back until Thu 6 Nov 2025 00:00" in found.out
    rows = loaded("show", "summit", "--json", "--at", "2025-10-29T10:00Z").json["reminders"]
    assert {row["held_until"] for row in rows if not (row["skipped"] or row["deliveries"])} == {"2025-11-06T00:00:00Z"}
