"""Absences on the command line, and what the desk then receives."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts, SetUpOnce

CONFIG = """\
timezone: Europe/Madrid
people:
  - {key: ana, name: Ana Lopez, email: ana@example.org, timezone: Asia/Tokyo, deputy: bo}
  - {key: bo, name: Bo, email: bo@example.org}
  - {key: cy, name: Cy, email: cy@example.org, left: 2025-11-01}
channels:
  box: {kind: maildir, path: mail, to: [desk@example.org], default: true}
operators: [box]
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {}
    remind: {before: [P7D, P1D], on_the_day: true}
    notify: [owner]
"""
FILE = """\
commitments:
  - {key: a, title: The audit, deadline: 2025-11-10, timezone: UTC, owner: ana}
  - {key: c, title: The claim, deadline: 2025-11-10, timezone: UTC, owner: cy}
"""
LEAD = "2025-11-03T10:00Z"


@pytest.fixture
def desk(alerts: Alerts, home: Path, set_up_once: SetUpOnce) -> Alerts:
    def set_up() -> None:
        (home / "config/alerts.yaml").write_text(CONFIG)
        (home / "file.yaml").write_text(FILE)
        assert alerts("load", "file.yaml", "--at", NOW).code == 0
        assert alerts("tick", "--at", NOW).code == 0

    set_up_once(set_up)
    return alerts


def received(home: Path) -> dict[str, EmailMessage]:
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in (home / "mail").rglob("new/*")]
    return {str(mail["To"]): mail for mail in mails if isinstance(mail, EmailMessage)}


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def test_what_the_desk_receives_while_one_is_away_and_after_another_left(desk: Alerts, home: Path) -> None:
    said = desk("away", "ana", "--from", "2025-11-01", "--until", "2025-11-08", "--because", "vacation", "--at", NOW)
    assert said.out == (
        "Ana Lopez is away from Sat 1 Nov 2025 00:00 until Sat 8 Nov 2025 00:00 Asia/Tokyo: alerts go to Bo too\n"
    )
    assert desk("tick", "--at", LEAD).code == 0
    mails = received(home)
    assert sorted(mails) == ["ana@example.org", "bo@example.org", "desk@example.org"]
    for kind in ("plain", "html"):
        assert "For Ana Lopez, away until Sat 8 Nov 2025" in text_of(mails["bo@example.org"], kind)
        assert "For Cy, who has left" in text_of(mails["desk@example.org"], kind)
        assert "away until" not in text_of(mails["ana@example.org"], kind)


def test_who_is_away_is_listed_and_somebody_who_is_back_is_not(desk: Alerts) -> None:
    cy = "cy   left Sat 1 Nov 2025 00:00 Europe/Madrid                                to the operators\n"
    assert desk("away", "--at", NOW).out.split() == cy.split()
    desk("away", "ana", "--until", "2025-11-08", "--to", "bo", "--because", "vacation", "--at", NOW)
    assert desk("away", "--at", NOW).out.splitlines()[0].split() == (
        "ana from Tue 28 Oct 2025 19:00 until Sat 8 Nov 2025 00:00 Asia/Tokyo to bo vacation".split()
    )
    assert desk("away", "--json", "--at", NOW).json == [
        {
            "person": "ana", "to": "bo", "timezone": "Asia/Tokyo", "left": False, "from": "2025-10-28T10:00:00Z",
            "until": "2025-11-07T15:00:00Z", "reason": "vacation", "recorded_by": "desk",
        },
        {
            "person": "cy", "to": None, "timezone": "Europe/Madrid", "left": True, "from": "2025-10-31T23:00:00Z",
            "until": None, "reason": None, "recorded_by": None,
        },
    ]  # fmt: skip
    assert desk("away", "ana", "--back", "--at", NOW).out == (
        "Ana Lopez is back: the absence until Sat 8 Nov 2025 00:00 is over\n"
    )
    assert [row["person"] for row in desk("away", "--json", "--at", NOW).json] == ["cy"]
    desk("away", "ana", "--until", "2025-11-08", "--at", NOW)
    rows = desk("away", "--json", "--at", NOW).json
    assert [(row["person"], row["to"]) for row in rows] == [("ana", "bo"), ("cy", None)]  # the deputy of the settings


def test_somebody_who_has_left_becomes_nobody_s_deputy(desk: Alerts) -> None:
    refused = desk("away", "bo", "--until", "2025-11-08", "--to", "cy", "--at", LEAD)
    assert (refused.code, refused.err) == (1, "alerts: --to: Cy left on Sat 1 Nov 2025: name somebody else\n")
    assert desk("away", "bo", "--until", "2025-11-08", "--to", "cy", "--at", NOW).code == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["list"], "no person has the key 'list'; `alerts away` lists who is away"),
        (["anna", "--until", "2025-11-08"], "no person has the key 'anna'; did you mean 'ana'?"),
        (["ana", "--until", "2025-11-08", "--to", "bob"], "no person has the key 'bob'; did you mean 'bo'?"),
        (["ana", "--until", "2025-11-08", "--to", "ana"], "--to: ana is away: name somebody else"),
        (["ana", "--until", "2025-10-01"], "--until: the absence is over by then"),
        (["ana", "--from", "2025-11-08", "--until", "2025-11-08"], "--until: the absence is over by then"),
        (["bo", "--until", "2025-11-08", "--to", "ana"], "bo → ana → bo: they would be away at the same time"),
        (["bo", "--back"], "bo is not away: `alerts away` lists who is"),
        (["ana"], "name the first day back with --until, or use --back"),
        (["ana", "--back", "--to", "bo"], "no dates and no deputy"),
        (["--until", "2025-11-08"], "name the person who is away"),
    ],
)
def test_what_cannot_be_recorded_is_refused(desk: Alerts, words: list[str], problem: str) -> None:
    desk("away", "ana", "--from", "2025-11-01", "--until", "2025-11-09", "--at", NOW)
    before = desk("away", "--json", "--at", NOW).out
    said = desk("away", *words, "--at", NOW)
    assert said.code != 0
    assert problem in " ".join(said.err.replace("│", " ").split())
    assert desk("away", "--json", "--at", NOW).out == before


def test_an_absence_without_a_deputy_is_recorded_with_a_warning(desk: Alerts) -> None:
    said = desk("away", "bo", "--until", "2025-11-08", "--at", NOW)
    assert "alerts go to nobody else" in said.out
    assert "bo has no deputy" in said.err


def words(text: str) -> list[str]:
    return text.split()


def test_who_gets_the_next_alert_and_who_does_not_and_why(desk: Alerts, home: Path) -> None:
    desk("away", "ana", "--from", "2025-11-01", "--until", "2025-11-08", "--at", NOW)
    said = desk("who", "a", "--at", NOW).out.splitlines()
    assert said[:2] == [
        "The audit",
        "next alert: Mon 3 Nov 2025 09:00 Europe/Madrid, 7 days before, to Ana Lopez, who is away, and Bo (box)",
    ]
    assert [words(line) for line in said[3:]] == [
        words("Get it"),
        words("Ana Lopez ana@example.org box"),
        words("Bo bo@example.org box for Ana Lopez, away until Sat 8 Nov 2025 00:00"),
    ]
    said = desk("who", "c", "--at", NOW).out.splitlines()
    assert [words(line) for line in said[3:]] == [
        words("Get it"),
        words("desk@example.org desk@example.org box for Cy, who has left"),
        [],
        words("Do not get it"),
        words("Cy cy@example.org box has left"),
    ]


def test_who_names_those_who_snoozed_it_and_those_whom_other_rules_alert(desk: Alerts, home: Path) -> None:
    more = """\
  - name: late
    cron: "0 9 * * *"
    match: {}
    remind: {overdue: true}
    notify: [box]
"""
    (home / "config/alerts.yaml").write_text(CONFIG + more)
    assert desk("tick", "--at", NOW, "--take-over").code == 0
    desk("snooze", "a", "--until", "2025-11-06", "--by", "ana@example.org", "--at", NOW)
    found = {row["name"] or row["address"]: row for row in desk("who", "a", "--json", "--at", NOW).json}
    assert found["desk@example.org"]["reason"] == "only rule late alerts there"
    assert {name: row["gets_it"] for name, row in found.items()} == {"Ana Lopez": False, "desk@example.org": False}
    assert "has snoozed it until Fri 7 Nov 2025 01:00" in " ".join(desk("who", "a", "--at", NOW).out.split())


def test_who_names_owners_that_cannot_be_reached(desk: Alerts, home: Path) -> None:
    assert desk("add", "x", "No owner", "2025-11-10", "--at", NOW).code == 0
    assert desk("who", "x", "--json", "--at", NOW).json == []
    assert desk("who", "x", "--at", NOW).out.endswith(": it has no owner\n")


def test_check_names_owners_who_left_are_away_without_a_deputy_or_answer_nothing(desk: Alerts, home: Path) -> None:
    assert desk("tick", "--at", LEAD).code == 0
    desk("away", "bo", "--until", "2026-11-08", "--at", NOW)
    assert desk("assign", "c", "bo", "--at", NOW).code == 0
    err = " ".join(desk("check", "--at", "2025-11-04T00:00Z").err.split())
    assert "bo is away until Sun 8 Nov 2026 00:00 without a deputy, and owns c: name one with `alerts away`" in err
    assert "has answered no alert" not in err
    err = " ".join(desk("check", "--at", "2026-02-02T00:00Z").err.split())
    assert "ana owns a and has answered no alert since Mon 3 Nov 2025 11:00: does ana@example.org reach them?" in err
    assert desk("ack", "a", "--by", "Ana Lopez", "--at", "2026-02-01T00:00Z").code == 0
    assert "has answered no alert" not in desk("check", "--at", "2026-02-02T00:00Z").err
    desk("assign", "c", "cy", "--at", NOW)
    err = " ".join(desk("check", "--at", "2025-11-04T00:00Z").err.split())
    assert "cy has left, and alerts go to box: name another owner with `alerts assign` for c" in err


def test_the_next_alert_names_who_gets_it_for_somebody_who_left_or_is_away(desk: Alerts) -> None:
    after = "2025-11-01T12:00Z"
    assert (
        desk("ack", "c", "--at", after).out.splitlines()[-1].endswith(", to the operators for Cy, who has left (box)")
    )
    assert desk("away", "ana", "--from", "2025-11-01", "--until", "2025-11-08", "--at", NOW).code == 0
    assert desk("ack", "a", "--at", after).out.splitlines()[-1].endswith(", to Ana Lopez, who is away, and Bo (box)")


@pytest.mark.parametrize(
    ("command", "of_ana", "of_cy"),
    [
        (["plan", "--days", "30"], "Ana Lopez, who is away, and Bo (box)", "the operators for Cy, who has left (box)"),
        (["list"], "ana (away), Bo too", "cy (left), the operators instead"),
        (["why", "a"], "Ana Lopez, who is away, and Bo (box)", ""),
        (["why", "c"], "", "the operators for Cy, who has left (box)"),
    ],
)
def test_every_forecast_names_who_gets_it_at_the_time_when_it_goes_out(
    desk: Alerts, command: list[str], of_ana: str, of_cy: str
) -> None:
    assert desk("away", "ana", "--from", "2025-11-01", "--until", "2025-11-08", "--at", NOW).code == 0
    said = desk(*command, "--at", NOW).out
    assert of_ana in said
    assert of_cy in said
    back = desk(*command, "--at", "2025-11-08T00:00Z").out
    assert "is away" not in back
    assert "(away)" not in back
    assert of_cy in back


def test_the_plan_names_deputies_for_machines_too(desk: Alerts) -> None:
    assert desk("away", "ana", "--from", "2025-11-01", "--until", "2025-11-08", "--at", NOW).code == 0
    rows = desk("plan", "--days", "30", "--at", NOW, "--json").json
    assert [(row["offset"], row["to"]) for row in rows if row["commitment"] == "a"] == [
        ("P7D", ["Ana Lopez, who is away, and Bo (box)"]),
        ("P1D", ["Ana Lopez (box)"]),
        (None, ["Ana Lopez (box)"]),
    ]


@pytest.mark.parametrize("how", [[], ["--dry-run"]])
def test_a_load_names_deputies_at_the_time_of_the_first_alert(desk: Alerts, home: Path, how: list[str]) -> None:
    assert desk("away", "ana", "--until", "2025-11-08", "--at", NOW).code == 0
    (home / "more.yaml").write_text(
        "commitments:\n"
        "  - {key: d, title: Soon, deadline: 2025-11-11, timezone: UTC, owner: ana}\n"
        "  - {key: e, title: Later, deadline: 2025-12-11, timezone: UTC, owner: ana}\n"
        "  - {key: f, title: Left, deadline: 2025-12-11, timezone: UTC, owner: cy}\n"
    )
    said = desk("load", "more.yaml", "--at", NOW, *how).out
    away, gone = "Ana Lopez, who is away, and Bo (box)", "the operators for Cy, who has left (box)"
    counts = {
        line.strip().rsplit("  ", 1)[0].split("  ")[0]: line for line in said.splitlines() if "commitment" in line
    }
    if how:  # nothing is planned, so that counts which holds now
        assert "2 commitments" in counts[away]
        assert "1 commitment" in counts["Cy (box)"]
    else:
        assert "1 commitment" in counts[away]
        assert "1 commitment" in counts["Ana Lopez (box)"]
        assert "1 commitment" in counts[gone]


def test_without_operators_nobody_gets_it_for_somebody_who_left(desk: Alerts, home: Path) -> None:
    (home / "config/alerts.yaml").write_text(CONFIG.replace("operators: [box]\n", ""))
    assert "nobody for Cy, who has left (box)" in desk("plan", "--days", "30", "--at", NOW).out


def test_a_shared_mailbox_is_named_as_long_as_one_of_its_readers_is_there(desk: Alerts, home: Path) -> None:
    more = "people:\n  - {key: di, name: Di, email: cy@example.org}"
    (home / "config/alerts.yaml").write_text(CONFIG.replace("people:", more))
    assert desk("tick", "--at", NOW, "--take-over").code == 0
    found = "the shared mailbox of Cy, who has left, and the operators (box)"
    assert found in desk("plan", "--days", "30", "--at", NOW).out
