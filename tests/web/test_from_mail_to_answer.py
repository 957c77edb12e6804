"""A real mail, received by a real SMTP server: its link is opened and pressed over a socket, and the answer is seen."""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller

from tests import patience
from tests.web.answering import attributes
from tests.web.daemon_site import PATIENCE, DaemonSite, eventually, free_port

RECORDED_WITHIN = 2.0  # seconds
HOST = "alerts.example.org"
LINK = "a link sent to ann@example.org"
CONFIG = """
database: sqlite:///{folder}/alerts.db
timezone: UTC
people: [{{key: ann, name: Ann, email: ann@example.org}}]
channels:
  desk: {{kind: email, from: alerts@example.org, to: [ann@example.org],
    smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}}}
rules:
  - {{name: all, cron: "* * * * *", match: {{tags: [one]}}, notify: [desk], digest: false,
     remind: {{before: [P7D, P1D], overdue: true}}}}
  - {{name: sums, cron: "0 9 * * *", match: {{}}, notify: [desk], summary: {{horizon: P30D}}}}
http: {{port: {port}, public_url: "http://{host}:{port}"}}
"""


class Inbox:
    """The mails that an SMTP server has received."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # as aiosmtpd names it
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))  # type: ignore[arg-type]
        return "250 OK"

    def about(self, title: str) -> EmailMessage:
        """Return the last mail with a title in its subject."""
        return [one for one in self.mails if title in one["subject"]][-1]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[DaemonSite, Inbox]]:
    """A daemon that sends to an SMTP server; both run."""
    found = Inbox()
    controller = Controller(found, hostname="127.0.0.1", port=free_port())
    controller.start()
    site = DaemonSite(tmp_path, 9)
    site.configure(CONFIG.format(folder=tmp_path, smtp=controller.port, port=site.port, host=HOST))
    today = datetime.now(UTC).date()
    days = {"north": today + timedelta(days=3), "south": today + timedelta(days=3), "late": today - timedelta(days=3)}
    rows = (f"  - {{key: {key}, title: Filing {key}, deadline: {day}, tags: [one]}}\n" for key, day in days.items())
    (tmp_path / "commitments.yaml").write_text("commitments:\n" + "".join(rows))
    try:
        assert site.run("load", str(tmp_path / "commitments.yaml")).returncode == 0
        site.start()
        yield site, found
    finally:
        site.end()
        controller.stop()


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def link_of_text(mail: EmailMessage) -> str:
    """Return the path of the link that stands alone on its line."""
    (found,) = re.findall(rf"^http://{HOST}:\d+(/a/[a-z2-7]+)$", part(mail, "plain"), re.MULTILINE)
    return str(found)


def link_of_button(mail: EmailMessage) -> str:
    """Return the path that the button of the HTML leads to."""
    found = set(re.findall(rf'href="http://{HOST}:\d+(/a/[a-z2-7]+)"', part(mail, "html")))
    assert len(found) == 1
    return unescape(found.pop())


def visit(site: DaemonSite, path: str, **body: str) -> requests.Response:
    """Open a page, as a browser does that finds the host at this machine; with a body, press its button."""
    address, host = f"http://127.0.0.1:{site.port}{path}", {"Host": f"{HOST}:{site.port}"}
    if body:
        return requests.post(address, data=body, headers=host, timeout=PATIENCE)
    return requests.get(address, headers=host, timeout=PATIENCE)


def press(site: DaemonSite, path: str, choice: str, **typed: str) -> None:
    """Open a link and press a button: the page says soon that it is stored."""
    page = visit(site, path)
    inputs = [attributes(found) for found in re.findall(r"<input([^>]*)>", page.text)]
    hidden = {one["name"]: one["value"] for one in inputs if one.get("type") == "hidden"}
    with patience.ends_within(RECORDED_WITHIN):
        assert "Recorded" in visit(site, path, choice=choice, **hidden, **typed).text


def test_a_link_of_a_received_mail_records_an_answer_that_is_seen_everywhere(inbox: tuple[DaemonSite, Inbox]) -> None:
    site, received = inbox
    eventually(lambda: len(received.mails) >= 3 and site.answers(), "all mails are received, and the server is up")
    north, south, late = (received.about(f"Filing {key}") for key in ("north", "south", "late"))
    assert link_of_text(north) == link_of_button(north) != link_of_text(south)
    press(site, link_of_text(north), "acknowledge")
    press(site, link_of_button(south), "note", note="Asked for more time.")
    until = datetime.now(UTC).date() + timedelta(days=7)
    press(site, link_of_text(late), f"acknowledge {until}")

    shown = json.loads(site.run("show", "north", "--json").stdout)
    last = shown["history"][-1]
    assert (last["what"], last["recorded_by"], last["proof"]) == ("acknowledged", LINK, "link")
    assert f"by {LINK}" in " ".join(site.run("show", "north").stdout.split())
    assert f"acknowledged by {LINK}" in " ".join(site.run("why", "late").stdout.split())

    assert site.process
    site.process.terminate()
    site.process.wait(PATIENCE)
    tomorrow = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=2)
    before = len(received.mails)
    ticked = site.run("tick", "--at", tomorrow.isoformat())
    assert ticked.returncode == 0, ticked.stderr
    later = received.mails[before:]
    (summary,) = [one for one in later if "Filing" not in one["subject"]]
    (alert,) = [one for one in later if "Filing north" in one["subject"]]
    assert f"Acknowledged by {LINK}" in " ".join(part(alert, "plain").split())
    assert "Asked for more time." in part(received.about("Filing south"), "plain")
    for kind in ("plain", "html"):
        assert f"cknowledged by {LINK}" in " ".join(unescape(part(summary, kind)).split())
