"""Mails that come back, from end to end: sent to a real server, returned by it, read by the real program."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from alerts.bounce_intake import FORGED, NOT_OURS
from tests import forked_alerts

TICK, LATER = "2025-11-03T09:00Z", "2025-11-03T09:05Z"
CONFIG = """\
channels:
  desk:   {{kind: email, from: alerts@example.org, to: [anna@example.org], bounces: bounces@example.org, smtp: {smtp}}}
  deputy: {{kind: email, from: alerts@example.org, to: [bo@example.org], smtp: {smtp}}}
  ops:    {{kind: email, from: alerts@example.org, to: [ops@example.org], bounces: bounces@example.org, smtp: {smtp}}}
operators: [ops]
rules:
  - {{name: lead, cron: "0 9 * * *", match: {{}}, remind: {{before: [P7D]}}, notify: [desk], fallback: deputy}}
"""
SEED = "commitments:\n  - {key: truce, title: The truce, deadline: 2025-11-10, timezone: UTC}\n"
REPORT = """\
Return-Path: <>
From: Mail Delivery System <mailer-daemon@mx.example.org>
To: {sender}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It cannot be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; anna@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
"""
GONE = "no such mailbox (5.1.1): 550 5.1.1 User unknown"


@dataclass
class Sink:
    """A mail server that accepts everything: the envelope and the content of each mail."""

    mails: list[tuple[str, str, Any]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 # aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=SMTP)
        self.mails += [(envelope.mail_from, to, message) for to in envelope.rcpt_tos]
        return "250 2.0.0 Ok: queued as 4ZX"

    def to(self, recipient: str) -> list[Any]:
        return [message for _, to, message in self.mails if to == recipient]


@dataclass
class Home:
    """A folder with a configuration and a database, and the server that its mails go to."""

    folder: Path
    sink: Sink

    def run(self, *words: str, stdin: str = "", code: int = 0) -> str:
        """Run the program; return what it printed, errors included."""
        environ = os.environ | {"ALERTS_DATABASE": f"sqlite:///{self.folder}/alerts.db", "COLUMNS": "400"}
        environ.pop("ALERTS_CONFIG", None)
        done = forked_alerts.run(*words, cwd=self.folder, env=environ, given=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def returned(self, sender: str, action: str = "failed", **more: Any) -> str:
        """Feed a report to the program, as a mail server does by a pipe."""
        return self.run("bounced", "--at", LATER, stdin=REPORT.format(sender=sender, action=action), **more)

    @property
    def sender(self) -> str:
        """The envelope sender of the first mail."""
        return self.sink.mails[0][0]

    def states(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.folder / "alerts.db")) as database:
            return sorted(database.execute("SELECT recipient, state FROM deliveries").fetchall())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Sink, Controller]]:
    """A folder in which an alert has been sent."""
    sink, folder = Sink(), tmp_path_factory.mktemp("sent")
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    (folder / "config").mkdir()
    smtp = f"{{host: 127.0.0.1, port: {controller.port}, security: none}}"
    (folder / "config/alerts.yaml").write_text(CONFIG.format(smtp=smtp))
    (folder / "seed.yaml").write_text(SEED)
    home = Home(folder, sink)
    home.run("load", "seed.yaml", "--at", "2025-10-28T10:00Z")
    home.run("tick", "--at", "2025-10-28T10:00Z")
    home.run("tick", "--at", TICK)
    yield folder, sink, controller
    controller.stop()


@pytest.fixture
def home(sent: tuple[Path, Sink, Controller], tmp_path: Path) -> Home:
    """A copy of it, on the same server."""
    folder, sink, _ = sent
    for name in ("config", "alerts.db"):
        copied = shutil.copytree if (folder / name).is_dir() else shutil.copy
        copied(folder / name, tmp_path / name)
    del sink.mails[1:]
    return Home(tmp_path, sink)


def test_a_mail_that_comes_back_reaches_the_fallback_and_the_operators(home: Home) -> None:
    ((sender, to, _),) = home.sink.mails
    assert to == "anna@example.org"
    assert re.fullmatch(r"bounces\+[a-z2-7]{45}@example\.org", sender)
    assert home.states() == [("anna@example.org", "sent")]
    assert home.returned(sender).endswith(f" via desk to anna@example.org bounced: {GONE}\n")
    assert "0 planned; 2 sent" in home.run("tick", "--at", LATER)
    (notice,), (alert,) = home.sink.to("ops@example.org"), home.sink.to("bo@example.org")
    assert notice["Subject"] == "Alerts not delivered via desk: 1 returned"
    text = notice.get_body(("plain",)).get_content()
    assert "accepted, then returned as undeliverable" in text
    assert GONE in text
    assert re.search(r"Sent via +deputy", text)
    assert GONE in " ".join(alert.get_body(("plain",)).get_content().split())
    assert home.states() == [("anna@example.org", "bounced"), ("bo@example.org", "sent"), ("ops@example.org", "sent")]


def test_every_command_says_what_came_back_and_why(home: Home) -> None:
    home.returned(home.sender)
    home.run("tick", "--at", LATER)
    for words in (["deliveries", "--state", "bounced"], ["why", "truce"], ["show", "truce"]):
        shown = home.run(*words)
        assert "bounced" in shown, words
        assert GONE in shown, words
    line = (
        f"anna@example.org (channel desk) bounces: a mail came back, the last Mon 3 Nov 2025 09:05 UTC: {GONE}; "
        "correct the address"
    )
    health = home.run("health", "--at", LATER, code=1)
    assert "1 delivery came back: see `alerts deliveries --state bounced`, then retry or dismiss" in health
    assert line in health
    assert f"warning: {line}" in home.run("check", "--at", LATER)


def test_a_report_that_comes_again_changes_nothing(home: Home) -> None:
    home.returned(home.sender)
    home.run("tick", "--at", LATER)
    assert "known to have bounced" in home.returned(home.sender)
    assert "nothing to send" in home.run("tick", "--at", LATER)


def test_a_report_about_what_is_sent_again_meanwhile_changes_nothing(home: Home) -> None:
    home.returned(home.sender)
    home.run("retry", home.run("deliveries", "--state", "bounced").splitlines()[-1].split()[0], "--at", LATER)
    assert "was sent again since: nothing changes" in home.returned(home.sender)
    home.run("tick", "--at", LATER)
    assert "was sent again since: nothing changes" in home.returned(home.sender)
    assert ("anna@example.org", "sent") in home.states()
    second = home.sink.mails[-1][0]
    assert second != home.sender
    assert " bounced: " in home.returned(second)
    assert ("anna@example.org", "bounced") in home.states()


def test_what_is_no_failure_or_not_ours_changes_nothing_and_is_no_error_for_the_mail_server(home: Home) -> None:
    assert "the mail server is still trying" in home.returned(home.sender, "delayed")
    assert "delivered or passed on" in home.returned(home.sender, "relayed")
    letters = home.sender.partition("+")[2].partition("@")[0]
    forged = f"bounces+{'a' * 16}{letters[16:]}@example.org"
    assert FORGED in home.returned(forged)
    assert NOT_OURS in home.returned("bounces@example.org")
    assert NOT_OURS in home.run("bounced", stdin="")
    assert home.states() == [("anna@example.org", "sent")]


def test_the_address_may_come_from_the_mail_server(home: Home) -> None:
    report = REPORT.format(sender="undisclosed:;", action="failed")
    assert " bounced: " in home.run("bounced", f"--recipient={home.sender}", "--at", LATER, stdin=report)


def test_a_mail_server_keeps_a_report_that_cannot_be_recorded(home: Home) -> None:
    whole = (home.folder / "alerts.db").read_bytes()
    (home.folder / "alerts.db").write_bytes(b"no database")
    assert "file is not a database" in home.returned(home.sender, code=os.EX_TEMPFAIL)
    (home.folder / "alerts.db").write_bytes(whole)
    config = home.folder / "config/alerts.yaml"
    stated = config.read_text()
    config.write_text("rules: [")
    assert "alerts.yaml" in home.returned(home.sender, code=os.EX_TEMPFAIL)
    config.write_text(stated)
    assert " bounced: " in home.returned(home.sender)


def test_reports_are_read_from_a_maildir_once(home: Home) -> None:
    box = home.folder / "box"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    failed = REPORT.format(sender=home.sender, action="failed")
    (box / "new/1.a").write_text(REPORT.format(sender=home.sender, action="delayed"))
    (box / "cur/2.b:2,").write_text(failed)  # a mail program has shown it in a list
    (box / "cur/3.c:2,S").write_text(failed)
    (box / "new/4.d").write_text("Subject: Ten offers\n\nBuy now.\n")
    lines = home.run("bounced", "--maildir", "box", "--at", LATER).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["1.a", "2.b", "4.d"]
    assert " bounced: " in lines[1]
    assert sorted(path.name for path in (box / "cur").iterdir()) == ["1.a:2,S", "2.b:2,S", "3.c:2,S", "4.d:2,FS"]
    assert not list((box / "new").iterdir())
    assert home.run("bounced", "--maildir", "box", "--at", LATER) == ""
    assert "not a Maildir" in home.run("bounced", "--maildir", "config", code=1)


def test_a_notice_that_comes_back_shows_in_health_and_makes_no_other(home: Home) -> None:
    home.returned(home.sender)
    home.run("tick", "--at", LATER)
    notice = next(sender for sender, to, _ in home.sink.mails if to == "ops@example.org")
    assert " via ops to ops@example.org bounced: " in home.returned(notice)
    assert "nothing to send" in home.run("tick", "--at", LATER)
    assert "2 deliveries came back" in home.run("health", "--at", LATER, code=1)
