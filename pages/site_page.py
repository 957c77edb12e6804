"""The due page, and those that take in commitments, for their pictures: of the seed, on a fixed day."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import requests
from starlette.requests import Request
from starlette.responses import Response

from alerts.settings import load_settings
from alerts.web.pages.due_index import due_index
from alerts.web.pages.site_pages import SitePages
from alerts.web.pages.visitors import AT_MACHINE
from alerts.web.services import Services, open_services

HTTP = "http: {port: 8080}\n"
SHEETS = ("page.css", "site.css")
HIDDEN = re.compile('<input type="hidden" name="([^"]*)" value="([^"]*)"')
STATED = {
    "title": "Answer the buyer's notice", "deadline": "within 10 business days of 2025-11-10", "owner": "supply",
    "by": "Northwind Ltd", "tags": "trade-truce", "source": "Supply contract of 3 May 2025",
    "source_locator": "Section 4.2",
}  # fmt: skip
TABLE = """Ref,What,Due date,Responsible
C-1,Deliver the audit report,2026-03-31,Trade desk
C-2,Pay the licence fee,31 feb 2026,Supply desk
C-3,Renew the insurance,2026-05-31,Legal desk
"""
LINK = '<link rel="stylesheet" href="/static/{}">'


@contextmanager
def site(folder: Path, database: str, now: datetime) -> Iterator[tuple[Services, SitePages]]:
    """Yield the pages of a database as they are at a time."""
    (folder / "http.yaml").write_text(HTTP)
    services = open_services(load_settings(folder, database, {}), lambda: now)
    services.store.watches.register(services.settings.rules, now)
    yield services, SitePages(services, due_index(services))
    services.store.close()


def due_page(folder: Path, database: str, now: datetime) -> str:
    """Return the HTML of the page, with its style sheets in it."""
    with site(folder, database, now) as (services, pages):
        return whole(services, pages.due(asked("/"), AT_MACHINE))


def new_page(folder: Path, database: str, now: datetime) -> str:
    """Return the HTML of the form of a new commitment, with what it means."""
    with site(folder, database, now) as (services, pages):
        hidden = dict(HIDDEN.findall(bytes(pages.new(asked("/new"), AT_MACHINE).body).decode()))
        body = urlencode(hidden | STATED | {"choice": "preview"}).encode()
        html = whole(services, pages.press_new(asked("/new"), AT_MACHINE, body))
        return html.replace("max-height: calc(100vh - 32px)", "max-height: none")  # a picture is not scrolled


def import_page(folder: Path, database: str, now: datetime) -> str:
    """Return the HTML of an upload with two faults."""
    with site(folder, database, now) as (services, pages):
        hidden = dict(HIDDEN.findall(bytes(pages.imports(asked("/import"), AT_MACHINE).body).decode()))
        fields = hidden | {"choice": "look", "new_register": "Supply contracts"}
        parts = [(name, (None, text)) for name, text in fields.items()] + [("file", ("table", TABLE))]
        form = requests.Request("POST", "http://127.0.0.1", files=parts).prepare()
        assert isinstance(form.body, bytes)
        request = asked("/import", form.headers["Content-Type"], form.body)
        return whole(services, asyncio.run(pages.press_import(request, AT_MACHINE)))


def asked(path: str, content_type: str = "", body: bytes = b"") -> Request:
    """Return a request."""
    headers = [(b"content-type", content_type.encode())] if content_type else []
    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "query_string": b""}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


def whole(services: Services, answer: Response) -> str:
    """Return the HTML of an answer with its style sheets in it, and without scripts."""
    html = bytes(answer.body).decode()
    for name in SHEETS:
        html = html.replace(LINK.format(name), f"<style>{services.pages.source(name)}</style>")
    return re.sub("<script.*?</script>", "", html)
