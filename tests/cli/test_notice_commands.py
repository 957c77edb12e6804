"""What was answered about a notice, as commands and messages show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Alerts

LEASE = """\
commitments:
  - {key: lease, title: Lease, renews: every year from 2026-07-01, notice: 90 days, tags: [truce], timezone: UTC}
"""
FIRST = "2026-07-01"


@pytest.fixture
def answered(alerts: Alerts, tmp_path: Path) -> Alerts:
    (tmp_path / "lease.yaml").write_text(LEASE)
    alerts("load", "lease.yaml", "--at", "2026-01-01T00:00Z")
    alerts("tick", "--at", "2026-03-30T09:00Z")
    said = alerts("close", "lease-notice", "--as", "renewed", "--occurrence", FIRST, "--because", "as agreed",
                  "--at", "2026-03-30T10:00Z")  # fmt: skip
    assert said.out.splitlines()[0] == f"lease-notice {FIRST} is closed: renewed"
    return alerts


def test_show_names_the_answer(answered: Alerts) -> None:
    shown = [
        " ".join(line.split())
        for line in answered("show", "lease-notice", "--at", "2026-05-01T00:00Z").out.splitlines()
    ]
    assert f"{FIRST} Thu 2 Apr 2026 renewed" in shown
    assert any("closed renewed" in line and line.endswith("as agreed") for line in shown), shown
    assert not [line for line in shown if "fulfilled" in line]
    found = answered("show", "lease-notice", "--json", "--at", "2026-05-01T00:00Z").json
    assert [(one["status"], one["answer"]) for one in found["occurrences"]] == [
        ("fulfilled", "renewed"),
        ("open", None),
    ]
    assert (found["history"][-1]["detail"], found["history"][-1]["answer"]) == ("fulfilled", "renewed")


def test_the_message_about_it_names_the_answer_once(answered: Alerts, tmp_path: Path) -> None:
    answered("tick", "--at", "2026-03-31T09:00Z")
    mails = [one.read_text() for one in sorted((tmp_path / "mail" / "new").iterdir())]
    closed = next(mail for mail in mails if "renewed" in mail)
    assert "Closed as renewed" in closed
    assert "as agreed" in closed
    assert "fulfilled" not in closed
    assert "renewed: as agreed" not in closed


def test_why_and_list_name_the_answer(answered: Alerts) -> None:
    answered("add", "notice", "Notice", "90 days before 2026-12-31", "--kind", "notice", "--at", "2026-01-02T00:00Z")
    answered("close", "notice", "--as", "renewed", "--at", "2026-01-03T00:00Z")
    assert "renewed" in answered("list", "--closed", "--at", "2026-01-04T00:00Z").out
    assert "it is closed (renewed)" in answered("why", "notice").out
    assert answered("show", "notice", "--json").json["answer"] == "renewed"
