"""The due page, for its pictures: of the seed, on a fixed day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from starlette.requests import Request

from alerts.settings import load_settings
from alerts.web.pages.due_index import due_index
from alerts.web.pages.site_pages import SitePages
from alerts.web.pages.visitors import AT_MACHINE
from alerts.web.services import open_services

HTTP = "http: {port: 8080}\n"
SHEETS = ("page.css", "site.css")
LINK = '<link rel="stylesheet" href="/static/{}">'


def due_page(folder: Path, database: str, now: datetime) -> str:
    """Return the HTML of the page, with its style sheets in it."""
    (folder / "http.yaml").write_text(HTTP)
    services = open_services(load_settings(folder, database, {}), lambda: now)
    services.store.watches.register(services.settings.rules, now)
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""})
    html = bytes(SitePages(services, due_index(services)).due(request, AT_MACHINE).body).decode()
    for name in SHEETS:
        html = html.replace(LINK.format(name), f"<style>{services.pages.source(name)}</style>")
    services.store.close()
    return html
