"""`alerts audit export`: what was sent and changed, as evidence that claims no more than is known."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Alerts

CONFIG = """\
timezone: Europe/Brussels
people: [{key: desk, name: Trade desk, email: desk@example.org, shared: true}]
channels:
  box: {kind: maildir, path: mail, to: [desk@example.org]}
  hook: {kind: webhook, url: "%s"}
rules:
  - {name: lead, cron: "0 9 * * *", match: {}, remind: {before: [P7D], moved: true}, notify: [box, hook], digest: false}
"""
SEED = "commitments: [{key: truce, title: The truce, deadline: 2025-11-10, timezone: UTC}]\n"


@pytest.fixture
def sent(alerts: Alerts, home: Path, httpserver: HTTPServer) -> Alerts:
    """Return the commands, after a mail and a post that failed at first, and an answer."""
    httpserver.expect_ordered_request("/hook").respond_with_data("busy", 503)
    httpserver.expect_ordered_request("/hook").respond_with_data("ok")
    (home / "config/alerts.yaml").write_text(CONFIG % httpserver.url_for("/hook"))
    (home / "seed.yaml").write_text(SEED)
    alerts("load", "seed.yaml", "--at", "2025-10-31T12:00Z")
    for minute in ("09:00", "09:05"):
        alerts("tick", "--at", f"2025-11-03T{minute}Z")
    alerts("ack", "truce", "--by", "ann", "--because", "=seen", "--at", "2025-11-03T22:59:59Z")
    alerts("close", "truce", "--as", "fulfilled", "--by", "ann", "--at", "2025-11-03T23:00Z")  # midnight in Brussels
    return alerts


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_each_try_and_change_of_a_period_is_there_and_nothing_else(sent: Alerts, httpserver: HTTPServer) -> None:
    said = sent("audit", "export", "--from", "2025-11-03", "--to", "2025-11-03")
    lines = read(said.out)
    found = [(one["time"], one["channel"], one["result"], one["reply"]) for one in lines]
    nine, later = "2025-11-03T10:00:00+01:00", "2025-11-03T10:05:00+01:00"
    assert sorted(found) == [
        (nine, "box", "handed over; no server is recorded", found[0][3]),
        (nine, "hook", "not accepted, to be tried again", f"{httpserver.host}: HTTP 503"),
        (later, "hook", f"accepted by {httpserver.host}", "HTTP 200"),
        ("2025-11-03T23:59:59+01:00", "", "acknowledged: ahead", ""),
    ]
    assert {one["about"] for one in lines} == {"truce"}
    mail = next(one for one in lines if one["channel"] == "box")
    assert (mail["recipient"], mail["dates"]) == ("desk@example.org (shared mailbox)", "truce: Mon 10 Nov 2025")
    assert mail["subject"] == "Due Mon 10 Nov (in 7 days): The truce"
    assert "received" not in said.out


def test_a_change_says_by_whom_why_and_how_that_is_known(sent: Alerts) -> None:
    lines = read(sent("audit", "export", "--from", "2025-11-03", "--to", "2025-11-04").out)
    changes = [(one["result"], one["by"], one["proof"], one["reason"]) for one in lines if one["what"] == "change"]
    assert changes == [
        ("acknowledged: ahead", "ann", "command line", "'=seen"),  # a spreadsheet would calculate it
        ("closed: fulfilled", "ann", "command line", ""),
    ]


def test_only_what_was_accepted_has_the_hash_of_its_message(sent: Alerts) -> None:
    lines = read(sent("audit", "export", "--from", "2025-11-03", "--to", "2025-11-03").out)
    hashes = {one["result"].split()[0]: one["sha256"] for one in lines if one["channel"] == "hook"}
    assert re.fullmatch("[0-9a-f]{64}", hashes["accepted"])
    assert not hashes["not"]


def test_the_same_period_gives_the_same_file_later(sent: Alerts, home: Path) -> None:
    words = ("audit", "export", "--from", "2025-11-01", "--to", "2025-11-03")
    first = sent(*words, "-o", "first.csv")
    sent("reopen", "truce", "--because", "early", "--at", "2025-11-04T12:00Z")
    sent("move", "truce", "2025-11-20", "--because", "put off", "--at", "2025-11-04T12:01Z")
    sent("tick", "--at", "2025-11-04T12:02Z")
    assert sent(*words, "-o", "again.csv").err.replace("again", "first") == first.err
    content = (home / "again.csv").read_bytes()
    assert (home / "first.csv").read_bytes() == content
    assert f"SHA-256 of the CSV file: {hashlib.sha256(content).hexdigest()}" in first.err


def test_the_page_has_the_same_lines_and_loads_nothing(sent: Alerts, home: Path) -> None:
    sent("edit", "truce", "--title", "<script>alert(1)</script>", "--at", "2025-11-04T12:00Z")
    words = ("audit", "export", "--from", "2025-11-01", "--to", "2025-11-04")
    said = sent(*words, "-o", "audit.html")
    page = (home / "audit.html").read_text()
    lines = read(sent(*words).out)
    assert len(re.findall("<li>", page)) == len(lines) == 6
    assert re.search("[0-9a-f]{64}", said.err)[0] in page  # type: ignore[index]
    assert "<script" not in page
    assert "src=" not in page
    assert "href=" not in page
    assert "Monday 3 November 2025" in page
    assert "does not mean that anybody received or read it" in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "2025-11-03", "--to", "2025-11-02"), "2025-11-02 is before --from 2025-11-03"),
        (("--from", "2025-13-03", "--to", "2025-11-02"), "there is no such day as 2025-13-03"),
        (("--from", "2025-11-03", "--to", "2025-11-03", "--format", "pdf"), "'pdf' is not a format: csv or html"),
    ],
)
def test_what_cannot_be_exported_is_said(sent: Alerts, words: tuple[str, ...], says: str) -> None:
    said: Any = sent("audit", "export", *words)
    assert said.code in (1, 2)
    assert said.out == ""
    assert says in " ".join(said.err.replace("│", " ").split())
