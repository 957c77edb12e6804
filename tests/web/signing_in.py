"""A server where people sign in with mailed links, and browsers that do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.parser import BytesParser
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import requests

from alerts.settings import load_settings
from alerts.store import Store
from tests import patience
from tests.web.answering import NOW, visited
from tests.web.running import WebServer, started

PUBLIC = "http://127.0.0.1:8080"
CONFIGURATION = """
channels:
  desk: {{kind: maildir, path: {folder}/mail, to: [desk@example.org], default: true}}
people:
  - {{key: ann, name: Ann Example, email: Ann@Example.org, timezone: UTC, role: admin}}
  - {{key: bob, name: Bob, email: bob@example.org, timezone: UTC, role: editor}}
  - {{key: kim, name: Kim, email: kim@example.org, timezone: UTC}}
  - {{key: cem, name: Cem, email: cem@example.org, timezone: UTC, role: admin, left: 2026-11-20}}
  - {{key: team, name: Team, email: team@example.org, timezone: UTC, role: admin, shared: true}}
  - {{key: tim, name: Tim, email: twins@example.org, timezone: UTC, role: admin}}
  - {{key: tom, name: Tom, email: Twins@example.org, timezone: UTC}}
rules:
  - {{name: all, cron: "0 9 * * *", match: {{}}, notify: [desk], remind: {{before: [P7D], overdue: true}}}}
timezone: UTC
http: {{{http}}}
"""
MAIL = f"public_url: '{PUBLIC}', sign_in: {{kind: mail}}"
NOBODY = ("nobody@example.org", "cem@example.org", "team@example.org", "twins@example.org")  # no link for these


@dataclass
class Site:
    """A server, the clock that it goes by, and the folder with its settings and the mails that it has sent."""

    server: WebServer
    folder: Path
    now: datetime = NOW

    @property
    def store(self) -> Store:
        return self.server.store

    def mails(self) -> list[tuple[str, str]]:
        """Return to whom mails have gone, and their texts, in no order."""
        parser = BytesParser(policy=policy.default)
        found = [parser.parsebytes(path.read_bytes()) for path in (self.folder / "mail/new").glob("*")]
        return [(str(one["To"]), one.get_content()) for one in found]

    def links(self, address: str) -> set[str]:
        """Return the paths of the links that an address has got."""
        to = [text for whom, text in self.mails() if whom.lower() == address.lower()]
        return {path for text in to for path in re.findall(rf"^{PUBLIC}(/sign-in/[0-9a-f]+)$", text, re.MULTILINE)}

    def browser(self) -> Browser:
        return Browser(self)

    def signed_in(self, key: str) -> Browser:
        """Return a browser in which somebody has signed in."""
        found = self.browser()
        assert found.sign_in(f"{key}@example.org").status_code == 303
        return found


@dataclass
class Browser:
    """A browser with its cookies. `headers` go with each request."""

    site: Site
    session: requests.Session = field(default_factory=requests.Session)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> requests.Response:
        url = self.site.server.url + path
        return self.session.get(url, headers=self.headers | headers, timeout=30, allow_redirects=False)

    def post(self, path: str, data: dict[str, str], **headers: str) -> requests.Response:
        url, sent = self.site.server.url + path, self.headers | headers
        return self.session.post(url, data=data, headers=sent, timeout=30, allow_redirects=False)

    def fields(self, path: str) -> dict[str, str]:
        """Return the hidden fields of the last form of a page."""
        return visited(self.site.server, "", self.get(path)).hidden

    def ask(self, address: str, leads_to: str = "") -> requests.Response:
        """Ask for a link."""
        hidden = self.fields(f"/sign-in?{requests.compat.urlencode({'next': leads_to})}" if leads_to else "/sign-in")
        return self.post("/sign-in", hidden | {"address": address})

    def link(self, address: str, leads_to: str = "") -> str:
        """Ask for a link, and return its path once it has come."""
        before = self.site.links(address)
        assert self.ask(address, leads_to).status_code == 200
        patience.eventually(lambda: self.site.links(address) - before, "the mail is there")
        (found,) = self.site.links(address) - before
        return found

    def redeem(self, link: str) -> requests.Response:
        """Press the button of a link."""
        return self.post(link, self.fields(link))

    def sign_in(self, address: str, leads_to: str = "") -> requests.Response:
        return self.redeem(self.link(address, leads_to))

    @property
    def token(self) -> str | None:
        """The cookie of the session."""
        return self.session.cookies.get("alerts_session")

    def set_token(self, token: str | None) -> None:
        """Put the cookie of a session into the browser."""
        self.session.cookies.set("alerts_session", token, domain="127.0.0.1", path="/")


def text_of(answer: requests.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@contextmanager
def site_of(
    database: str, folder: Path, http: str = MAIL, environ: dict[str, str] | None = None, port: int = 0
) -> Iterator[Site]:
    """Serve a database."""
    (folder / "config").mkdir(exist_ok=True)
    (folder / "config/alerts.yaml").write_text(CONFIGURATION.format(folder=folder, http=http))
    settings = load_settings(folder / "config", database, environ or {})
    clock = SimpleNamespace(site=None)
    with started(settings, (), lambda: clock.site.now if clock.site else NOW, port) as server:
        clock.site = Site(server, folder)
        server.store.people.register(settings.people)
        yield clock.site
