"""Somebody's address is changed in the settings of a daemon that runs: the old one gets one mail that says so."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.daemon_site import DaemonSite, eventually
from tests.web.received_mails import mail_server, part

CONFIG = """
database: sqlite:///{folder}/alerts.db
timezone: UTC
people:
  - {{key: ann, name: Ann Lee, email: {ann}}}
  - {{key: bo, name: Bo, email: bo@example.org}}
channels:
  desk: {{kind: email, from: alerts@example.org, to: [desk@example.org], default: true,
    smtp: {{host: 127.0.0.1, port: {smtp}, security: none}}}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [desk], remind: {{before: [P7D]}}}}
"""


def test_the_old_address_gets_one_mail_and_not_the_new_address(tmp_path: Path) -> None:
    site = DaemonSite(tmp_path, 9)
    with mail_server() as (smtp, inbox):

        def configure(ann: str) -> None:
            site.configure(CONFIG.format(folder=tmp_path, ann=ann, smtp=smtp))

        def reload() -> None:
            done = site.run("reload")
            assert done.returncode == 0, done.stderr

        configure("ann@example.org")
        try:
            site.start()
            eventually(lambda: "alerts plan" in site.log, "the daemon runs")
            configure("ann@elsewhere.example.org")
            reload()
            eventually(lambda: inbox.mails, "the mail is there")
            reload()
            configure("ann@third.example.org")
            reload()
            eventually(lambda: len(inbox.mails) == 2, "the next one, and no other")
        finally:
            site.end()
        assert [str(one["To"]) for one in inbox.mails] == ["ann@example.org", "ann@elsewhere.example.org"]
        (mail, _) = inbox.mails
        text = part(mail, "plain")
        assert mail["Subject"] == "Your address for deadline alerts was changed"
        assert "Deadline alerts for Ann Lee go to another address now" in " ".join(text.split())
        assert re.search(r"^Changed +\w{3} \d+ \w{3} \d{4} \d\d:\d\d\b", text, re.MULTILINE)
        assert "elsewhere" not in mail.as_string(), "who reads the old mailbox now need not know the new one"
        assert "ann has another address, and the old one is told" in site.log
        assert "notice to the old address of somebody" in site.run("deliveries").stdout
