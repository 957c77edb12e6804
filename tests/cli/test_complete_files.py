"""`alerts export --all`, loaded into an empty database: the same answers, and not one alert more or less."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from alerts.store.complete_file import TABLES
from alerts.store.daemon_lock import daemon_lock
from tests import postgres
from tests.cli.conftest import Alerts, Said, SetUpOnce

CONFIG = """\
timezone: Europe/Madrid
people:
  - {key: ana, name: Ana Lopez, email: ana@example.org, deputy: bo}
  - {key: bo, name: Bo, email: bo@example.org}
channels:
  box: {kind: maildir, path: mail, to: [desk@example.org], default: true}
  chat: {kind: slack, url: "http://127.0.0.1:9/services/T000/SECRET"}
  hook: {kind: webhook, url: "http://127.0.0.1:9/SECRET", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, events: [all]}
operators: [box]
http: {public_url: "https://alerts.example.org", answer_keys: {file: keys}}
rules:
  - name: desk
    cron: "0 9 * * *"
    match: {}
    remind: {before: [P7D, P1D], on_the_day: true, overdue: true, moved: true, closed: true, review: P14D}
    notify: [owner, box]
  - {name: team, cron: "0 9 * * 1", match: {tags: [team]}, remind: {before: [P30D], overdue: true}, notify: [chat], fallback: box}
  - {name: sum, cron: "0 8 * * 1", match: {}, summary: {horizon: P30D}, notify: [box]}
"""  # noqa: E501
FILE = """\
people: [{key: cy, name: Cy, email: cy@example.org}]
parties: [{key: us, name: United States, timezone: America/New_York}]
sources: [{key: brief, title: A brief, url: "https://brief.example.org"}]
commitments:
  - {key: summit, title: The summit 🚀, deadline: 2025-11-10, owner: ana, by: [us], tags: [team], source: {key: brief}}
  - {key: decision, title: The decision, deadline: P1D after summit, owner: cy}
  - {key: report, title: The report, deadline: every month on the last day from 2025-09-01, timezone: UTC, owner: bo}
  - {key: audit, title: The audit, deadline: 2025-10-31, owner: bo, tags: [team]}
  - {key: claim, title: The claim, deadline: 2025-11-04, note: "one\\ntwo"}
  - {key: idea, title: The idea, deadline: undated}
  - {key: lease, title: The lease, deadline: 2025-12-31, tags: [quiet]}
"""
SEPTEMBER, OCTOBER, NOVEMBER, LATER = "2025-09-02T10:00Z", "2025-10-28T10:00Z", "2025-11-03T10:00Z", "2025-11-12T10:00Z"
STEPS = (
    f"load file.yaml --at {SEPTEMBER}",
    f"tick --at {SEPTEMBER}",
    f"tick --at {OCTOBER}",
    f"move summit 2025-11-12 --because later --at {OCTOBER}",
    f"close audit --as fulfilled --at {OCTOBER}",
    f"close claim --as withdrawn --at {OCTOBER}",
    f"reopen claim --because again --at {OCTOBER}",
    f"ack idea --until 2025-11-20 --at {OCTOBER}",
    f"snooze summit --until 2025-11-05 --for-all --at {OCTOBER}",
    f"note decision more --at {OCTOBER}",
    f"away ana --from 2025-11-01 --until 2025-11-06 --because leave --at {OCTOBER}",
    f"silence add --match tags=quiet --until 2025-12-31 --reason moving --at {OCTOBER}",
    f"feed add ana --name mine --at {OCTOBER}",
    f"token add sap --at {OCTOBER}",
    f"links revoke --recipient desk@example.org --at {OCTOBER}",
    f"tick --at {NOVEMBER}",
    f"ack report --occurrence 2025-10-31 --at {NOVEMBER}",
)
LOOKS = (
    *("list", "list --json", "list --closed --json", "plan --days 60", "plan --days 60 --json", "who summit"),
    *("deliveries --json", "away --json", "silence list --json", "export"),
    *(f"{command} {key}{form}" for key in ("summit", "audit", "report", "claim")
      for command in ("show", "why") for form in ("", " --json")),
)  # fmt: skip
# What needs rows that the steps do not make; tests/store/test_complete_export.py fills all tables.
NOT_HERE = {"snoozes", "requests", "gathered", "missing_recipients", "calendar_uids"}


@pytest.fixture
def full(alerts: Alerts, home: Path, set_up_once: SetUpOnce) -> Alerts:
    """A database that has been used for two months."""

    def set_up() -> None:
        (home / "config/alerts.yaml").write_text(CONFIG)
        (home / "file.yaml").write_text(FILE)
        (home / "config/keys").write_text("6b" * 32 + "\n")
        for step in STEPS:
            said = alerts(*step.split(" "))
            assert said.code in ((0, 1) if step.startswith("tick") else (0,)), (step, said.err)  # the chat is down

    set_up_once(set_up)
    return alerts


@pytest.fixture(params=["sqlite", "postgresql"])
def move_to_empty(
    request: pytest.FixtureRequest, home: Path, postgresql: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Use an empty database from now on."""
    url = f"sqlite:///{home}/empty.db"
    if request.param == "postgresql":
        url = postgresql.url(postgresql.create(postgres.TEMPLATE))
    return lambda: monkeypatch.setenv("ALERTS_DATABASE", url)


def seen(alerts: Alerts) -> dict[str, tuple[int, str]]:
    found = {look: alerts(*look.split(" "), "--at", NOVEMBER) if "deliveries" not in look else alerts(*look.split(" "))
             for look in LOOKS}  # fmt: skip
    return {look: (said.code, said.out) for look, said in found.items()}


def test_an_empty_database_gets_the_same_state_and_gives_the_same_answers(
    full: Alerts, home: Path, move_to_empty: Callable[[], None]
) -> None:
    said = full("export", "--all", "-o", "all.jsonl", "--at", NOVEMBER)
    assert (said.code, said.out) == (0, "")
    assert stat.S_IMODE((home / "all.jsonl").stat().st_mode) == 0o600
    before = seen(full)
    assert not {look: said for look, said in before.items() if said[0]}
    move_to_empty()
    said = full("load", "all.jsonl", "--at", NOVEMBER)
    assert said.code == 0, said.err
    assert said.out.startswith("loaded 7 commitments, ")
    assert seen(full) == before
    assert full("export", "--all", "-o", "again.jsonl", "--at", LATER).code == 0
    assert (home / "again.jsonl").read_bytes() == (home / "all.jsonl").read_bytes()


def test_the_file_has_every_kind_of_thing_and_no_secret(full: Alerts, home: Path) -> None:
    full("export", "--all", "-o", "all.jsonl", "--at", NOVEMBER)
    content = (home / "all.jsonl").read_text()
    found = {next(iter(json.loads(line))) for line in content.splitlines()}
    assert {table.name for table in TABLES} - NOT_HERE <= found
    assert not [secret for secret in ("SECRET", "whsec_", "token_hash", "bounce key") if secret in content]
    assert full("export", "--all", "--at", NOVEMBER).out == content


def mails(home: Path) -> list[str]:
    """Return the subjects and recipients of all mails, taking them away."""
    found = []
    for path in (home / "mail/new").glob("*"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        found.append(f"{mail['to']}: {mail['subject']}")
        path.unlink()
    return sorted(found)


def test_nothing_is_sent_again_and_nothing_is_left_out(
    full: Alerts, home: Path, move_to_empty: Callable[[], None]
) -> None:
    assert full("export", "--all", "-o", "all.jsonl", "--at", NOVEMBER).code == 0
    assert mails(home)
    full("tick", "--at", LATER)
    expected = mails(home)
    assert len(expected) > 3
    move_to_empty()
    full("load", "all.jsonl", "--at", NOVEMBER)
    assert "sending is held, so no alert goes out" in full("tick", "--at", LATER).err
    assert not mails(home), "not before somebody has looked"
    assert full("resume").code == 0
    full("tick", "--at", NOVEMBER)
    again = mails(home)
    assert all("restored from a backup" in one for one in again), "of the alerts none"
    full("tick", "--at", LATER)
    assert mails(home) == expected


def refused(said: Said, message: str) -> None:
    assert said.code in (1, 2)
    assert said.err.count("\n") == 1, said.err
    assert message in said.err


def test_what_cannot_be_loaded_is_refused_in_one_line(full: Alerts, home: Path) -> None:
    full("export", "--all", "-o", "all.jsonl")
    refused(full("load", "all.jsonl"), "is not empty (")
    refused(full("load", "all.jsonl", "file.yaml"), "a complete export is loaded by itself")
    refused(full("load", "all.jsonl", "--dry-run"), "a complete export is loaded by itself")
    refused(full("export", "--all", "summit"), "takes neither keys nor --format")
    refused(full("export", "--all", "-o", "all.csv"), "--all writes JSON Lines")
    refused(
        full("export", "--all", "-o", "nowhere/all.jsonl"),
        "nowhere/all.jsonl: the export cannot be written: No such file",
    )
    os.truncate(home / "all.jsonl", 5000)
    refused(full("load", "all.jsonl", "--database", f"sqlite:///{home}/empty.db"), "it is not whole, or was changed")


def test_an_export_beside_a_daemon_says_that_it_goes_on_sending(loaded: Alerts, home: Path) -> None:
    warning = "a daemon is running: what it sends from now on is not in the file. End it first"
    with daemon_lock(home / "alerts.db"):
        said = loaded("export", "--all", "-o", "all.jsonl")
    assert said.code == 0
    assert warning in said.err
    assert warning not in loaded("export", "--all", "-o", "all.jsonl").err


def test_without_a_database_there_is_nothing_to_export(alerts: Alerts) -> None:
    assert "there is nothing to export" in alerts("export", "--all").err
