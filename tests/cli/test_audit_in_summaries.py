"""The SHA-256 in a summary mail is that of what the command in the same mail writes: of what people type and keep."""

from __future__ import annotations

import email
import hashlib
import re
import shlex
from email import policy
from pathlib import Path

import pytest

from tests.cli.conftest import Alerts

CONFIG = """\
timezone: Europe/Brussels
people: [{key: ann, name: Ann, email: ann@example.org}, {key: desk, name: Desk, email: desk@example.org, shared: true}]
channels:
  box: {kind: maildir, path: mail, to: [desk@example.org, ann@example.org]}
rules:
  - {name: lead, cron: "0 9 * * *", match: {}, remind: {before: [P7D], moved: true}, notify: [box]}
  - {name: all, cron: "0 9 * * *", match: {}, summary: {horizon: P30D}, notify: [box]}
"""
SEED = "commitments: [{key: truce, title: The truce, deadline: 2025-11-05, timezone: UTC}]\n"
STATED = re.compile(
    r"SHA-256 of the audit export of ([^:]+):\s+([0-9a-f]{64})\nTo repeat it:\n +alerts (.+) \| sha256sum\n"
)


@pytest.fixture
def october(alerts: Alerts, home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    """Return the commands, after alerts, summaries and changes until the end of October."""
    monkeypatch.setenv("ALERTS_DATABASE", database_url)
    (home / "config/alerts.yaml").write_text(CONFIG)
    (home / "seed.yaml").write_text(SEED)
    alerts("load", "seed.yaml", "--at", "2025-10-20T12:00Z")
    for day in ("2025-10-20T12:01Z", "2025-10-29T09:00Z", "2025-10-31T09:00Z"):
        assert alerts("tick", "--at", day).code == 0
    alerts("ack", "truce", "--by", "ann", "--at", "2025-10-31T22:59:59Z")
    alerts("move", "truce", "2025-11-20", "--because", "put off", "--at", "2025-10-31T23:00Z")  # November in Brussels
    return alerts


def mails(home: Path) -> list[str]:
    found = [email.message_from_bytes(path.read_bytes(), policy=policy.default) for path in home.glob("mail/new/*")]
    return [body.get_content() for one in found if (body := one.get_body(("plain",)))]


def test_the_command_in_the_mail_repeats_what_it_states(october: Alerts, home: Path) -> None:
    assert not any("SHA-256" in text for text in mails(home))
    assert october("tick", "--at", "2025-11-01T09:00Z").code == 0
    stated = [match for text in mails(home) for match in STATED.findall(text)]
    assert len(stated) == 2  # each recipient's
    ((month, digest, command),) = set(stated)
    assert month == "October 2025 (Europe/Brussels)"
    for day in ("2025-11-02T09:00Z", "2025-11-03T09:00Z"):
        october("tick", "--at", day)
    assert len([text for text in mails(home) if "SHA-256" in text]) == 2
    october(*shlex.split(command), "-o", "october.csv")
    october(*shlex.split(command), "-o", "page.html")
    assert hashlib.sha256((home / "october.csv").read_bytes()).hexdigest() == digest
    assert digest in (home / "page.html").read_text()
    assert hashlib.sha256(october(*shlex.split(command)).out.encode()).hexdigest() == digest


def test_once_a_person_is_erased_it_no_longer_comes_to_that(october: Alerts, home: Path) -> None:
    october("tick", "--at", "2025-11-01T09:00Z")
    ((_, digest, command),) = {match for text in mails(home) for match in STATED.findall(text)}
    (home / "config/alerts.yaml").write_text(
        CONFIG.replace("{key: ann, name: Ann, email: ann@example.org}, ", "").replace(", ann@", ", bo@")
    )
    assert october("people", "erase", "ann", "--also", "ann@example.org", "--yes").code == 0
    written = october(*shlex.split(command)).out
    assert hashlib.sha256(written.encode()).hexdigest() != digest
    assert "erased-" in written
