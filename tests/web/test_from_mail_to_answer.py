"""A real mail, received by a real SMTP server: its link is opened and pressed over a socket, and the answer is seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from tests.web.daemon_site import PATIENCE, DaemonSite, eventually
from tests.web.received_mails import HOST, Inbox, link_of_button, link_of_text, mail_server, part, press

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


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[DaemonSite, Inbox]]:
    """A daemon that sends to an SMTP server; both run."""
    site = DaemonSite(tmp_path, 9)
    with mail_server() as (smtp, found):
        site.configure(CONFIG.format(folder=tmp_path, smtp=smtp, port=site.port, host=HOST))
        today = datetime.now(UTC).date()
        days = {key: today + timedelta(days=ahead) for key, ahead in (("north", 3), ("south", 3), ("late", -3))}
        rows = (f"  - {{key: {key}, title: Filing {key}, deadline: {day}, tags: [one]}}\n" for key, day in days.items())
        (tmp_path / "commitments.yaml").write_text("commitments:\n" + "".join(rows))
        try:
            assert site.run("load", str(tmp_path / "commitments.yaml")).returncode == 0
            site.start()
            yield site, found
        finally:
            site.end()


def test_a_link_of_a_received_mail_records_an_answer_that_is_seen_everywhere(inbox: tuple[DaemonSite, Inbox]) -> None:
    site, received = inbox
    eventually(lambda: len(received.mails) >= 3 and site.answers(), "all mails are received, and the server is up")
    north, south, late = (received.about(f"Filing {key}") for key in ("north", "south", "late"))
    assert link_of_text(north) == link_of_button(north) != link_of_text(south)
    press(site.port, link_of_text(north), "acknowledge")
    press(site.port, link_of_button(south), "note", note="Asked for more time.")
    until = datetime.now(UTC).date() + timedelta(days=7)
    press(site.port, link_of_text(late), f"acknowledge {until}")

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
