"""Links and tokens in no log, database, backup, listing, error or repr: the real daemon, with all that it logs."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from starlette.datastructures import Headers

from alerts.answer_keys import key_path, read_key_file
from alerts.clock import utc_now
from alerts.settings import load_settings
from alerts.views.channel_readers import channel_readers
from alerts.web.absence_page import AbsencePage
from alerts.web.answer_pages import AnswerPages
from alerts.web.api.api_routes import ROUTES
from alerts.web.api.token_check import TokenCheck
from alerts.web.calendar_feeds import CalendarFeeds
from alerts.web.link_visits import LinkVisits, message
from alerts.web.opened_link import open_link
from alerts.web.services import open_services
from alerts.web.silence_page import SilencePage
from tests.web.answering import attributes
from tests.web.daemon_site import PATIENCE, DaemonSite, eventually, free_port

TELLING = 20  # the last letters of a token: those of its MAC
CONFIG = """
database: sqlite:///{folder}/alerts.db
timezone: UTC
people: [{{key: ann, name: Ann, email: ann@example.org}}]
channels:
  desk: {{kind: maildir, path: {folder}/mail, to: [ann@example.org]}}
  hook: {{kind: webhook, answers: true, url: "http://127.0.0.1:9/hook"}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [desk, hook], digest: false, remind: {{overdue: true}}}}
http: {{port: {port}, public_url: "http://127.0.0.1:{port}", operations: "127.0.0.1:{operations}"}}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaemonSite]:
    monkeypatch.setenv("ALERTS_LOG", "DEBUG")
    found = DaemonSite(tmp_path, 9)
    text = CONFIG.format(folder=tmp_path, port=found.port, operations=free_port())
    found.configure(text)
    rows = "".join(f"  - {{key: c{n}, title: C {n}, deadline: 2026-01-0{n}}}\n" for n in (1, 2, 3))
    (tmp_path / "c.yaml").write_text(f"commitments:\n{rows}")
    assert found.run("load", str(tmp_path / "c.yaml")).returncode == 0
    yield found
    found.end()


def mailed(site: DaemonSite) -> list[str]:
    """Return the tokens of the links in the mails."""
    files = [*(site.folder / "mail" / "new").glob("*")] if (site.folder / "mail").exists() else []
    text = "".join(file.read_text() for file in files).replace("=\n", "")
    return sorted(set(re.findall(r"/a/([a-z2-7]{60,})", text)))


def ask(site: DaemonSite, token: str, feed: str) -> None:
    """Visit pages with working and with broken addresses, press right and wrong buttons, and read calendars."""
    base = f"http://127.0.0.1:{site.port}"
    page = requests.get(f"{base}/a/{token}", timeout=PATIENCE)
    inputs = [attributes(found) for found in re.findall(r"<input([^>]*)>", page.text)]
    hidden = {one["name"]: one["value"] for one in inputs if one.get("type") == "hidden"}
    until = utc_now().date().isoformat()
    for body in (
        {"choice": f"acknowledge {until}"},
        {"choice": f"note {token}"},
        {"choice": "note"},
        {},
        {"form": token},
    ):
        requests.post(f"{base}/a/{token}", data=hidden | body, timeout=PATIENCE)
    paths = [f"/a/{token}", f"/a/{token[:-1]}", f"/a/{token}a", f"/a/{token}/more", f"/a/{token}?x={token}",
             f"/nowhere/{token}", f"/{token}", f"/calendar/{feed}.ics", f"/calendar/{feed}", f"/calendar/{feed}0.ics",
             f"/calendar/{token}.ics", f"/a/{feed}"]  # fmt: skip
    odd = b"\xff" + token.encode()
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
            headers = {"Referer": f"{base}/a/{token}", "User-Agent": token, "If-None-Match": f'"{feed}"'}
            requests.request(
                method, base + path, headers=headers, data=odd if method == "POST" else b"", timeout=PATIENCE
            )
        requests.get(base + path, headers={"Host": f"{token}.example.org"}, timeout=PATIENCE)


def ask_as_a_program(site: DaemonSite, token: str) -> None:
    """Use the API with a token where it belongs, and everywhere else that it may get to by mistake."""
    base = f"http://127.0.0.1:{site.port}"
    for stated in (f"Bearer {token}", f"Bearer {token}0", token, f"Basic {token}"):
        for path in ("/silences", "/absences", f"/silences/{token}", f"/{token}", f"/silences?token={token}"):
            for method in ("GET", "POST", "DELETE", "PUT"):
                body = {"until": token, "reason": token, token: token, "all": token, "match": {token: [token]}}
                headers = {"Authorization": stated, "Idempotency-Key": token, "User-Agent": token}
                url = f"{base}/api/v1{path}"
                requests.request(method, url, headers=headers, json=body, timeout=PATIENCE)
    for path in ("away", "silence"):
        requests.get(f"{base}/a/{token}/{path}", headers={"Referer": f"{base}/{token}"}, timeout=PATIENCE)


def shown_by_values(site: DaemonSite, token: str, feed: str, program: str) -> str:
    """Return the `repr` of what holds links and tokens in memory."""
    settings = load_settings(site.folder / "config", None, {})
    services = open_services(settings, utc_now)
    link = open_link(services, channel_readers(settings), token, utc_now())
    pages, feeds = AnswerPages(LinkVisits(services)), CalendarFeeds(services)
    found = [settings, services, services.signing, link, pages.show(token, ""), pages.press(token, "", b""), feeds]
    visits, check = LinkVisits(services), TokenCheck(services)
    headers = Headers({"Authorization": f"Bearer {program}"})
    route = next(one for one in ROUTES if one.scope == "write")
    away, silence = AbsencePage(visits), SilencePage(visits)
    found += [visits, away, silence, away.show(token, ""), silence.press(token, "", b""), message("unknown", 404)]
    found += [check, check.require(headers, "", route, utc_now()), services.store.api_tokens.all()]
    found += [services.store.feeds.find(feed, utc_now()), feeds.answer(feed, "", ""), *services.signing.source()]
    services.store.close()
    return repr(found)


def test_no_link_and_no_token_is_found_anywhere_but_in_the_messages(site: DaemonSite) -> None:
    feed = re.findall(r"/calendar/([0-9a-f]{64})\.ics", site.run("feed", "add", "ann", "--all").stdout)[0]
    program = site.run("token", "add", "sap", "--scope", "write").stdout.strip()
    site.start()
    eventually(lambda: len(mailed(site)) >= 3 and site.answers(), "mails are there, and the server is up")
    tokens = mailed(site)
    for token in tokens[:2]:
        ask(site, token, feed)
    ask_as_a_program(site, program)
    eventually(lambda: "POST /a/… 200" in site.log and "GET /calendar/….ics 200" in site.log, "they are logged")
    eventually(lambda: "GET /api/v1/silences 200" in site.log, "the API is used")
    values = shown_by_values(site, tokens[2], feed, program)
    commands = ("check", "health", "deliveries", "deliveries --json", "links list", "feed list", "feed list --json",
                "token list", "token list --json", "silence list",
                "away", "token revoke sap", "token revoke x",
                "show c1", "show c1 --json", "why c1", "list --json", "export", "feed revoke x",
                "links revoke --recipient ann@example.org")  # fmt: skip
    said = [site.run(*one.split()) for one in commands]
    with (
        closing(sqlite3.connect(site.folder / "alerts.db")) as source,
        closing(sqlite3.connect(site.folder / "backup")) as copy,
    ):
        source.backup(copy)
    site.end()
    keys = [key.secret.hex() for key in read_key_file(key_path(site.folder / "alerts.db"))]
    secret = [feed, program.removeprefix("dla_"), *(token[-TELLING:] for token in tokens), *keys]
    apart = {"mail", key_path(site.folder / "alerts.db").name}
    files = [one for one in site.folder.rglob("*") if one.is_file() and not apart & {*one.parts}]
    assert {"alerts.db", "backup", "log"} <= {one.name for one in files}
    found = {one.name: one.read_bytes() for one in files}
    found |= {"output": "".join(one.stdout + one.stderr for one in said).encode(), "repr": values.encode()}
    assert [(name, one) for name, data in found.items() for one in secret if one.encode() in data] == []
    assert b"a link sent to ann@example.org" in found["output"]
