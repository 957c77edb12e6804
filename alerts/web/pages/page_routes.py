"""The routes of the pages: each asks first who it is, then shows what its address states."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from alerts.scheduled_rules import ScheduledRule
from alerts.web.pages.due_filters import DueFilters
from alerts.web.pages.due_index import DueIndex
from alerts.web.pages.due_page import due_view
from alerts.web.pages.page_access import NoPageError, PageAccess
from alerts.web.pages.page_reading import PageReading
from alerts.web.services import Services

STATIC = {"site.css": "text/css", "icon.svg": "image/svg+xml"}
AN_HOUR = 3600  # seconds
MENU = (("due", "/", "Due"),)
Show = Callable[[Request], Response]


def page_routes(services: Services) -> APIRouter:
    """Return the routes of the pages. GET and HEAD change nothing."""
    router, access = APIRouter(), PageAccess(services.http)
    pages = Pages(services)
    for name, media_type in STATIC.items():
        _add_static(router, name, services.pages.source(name), media_type)
    _add_page(router, access, "/", pages.due)
    return router


def _add_static(router: APIRouter, name: str, text: str, media_type: str) -> None:
    @router.api_route(f"/static/{name}", methods=["GET", "HEAD"])
    def static() -> Response:
        return Response(text, media_type=media_type, headers={"Cache-Control": f"public, max-age={AN_HOUR}"})


def _add_page(router: APIRouter, access: PageAccess, path: str, show: Show) -> None:
    @router.api_route(path, methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        try:
            access.require(request.scope)
        except NoPageError as error:
            return PlainTextResponse(f"{error}\n", status_code=404)
        return show(request)


class Pages:
    """Shows pages. Threads may share it."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._services, self._rules = services, ScheduledRule.all(settings.rules)
        self._index = DueIndex(services.store, settings.rules, settings.owners_channel, settings.timezone or "UTC")

    def due(self, request: Request) -> Response:
        """Return what is due."""
        with self._services.store.database.snapshot():  # short, as commits wait for it
            reading, seen = PageReading.begin(self._services, self._rules), self._index.look()
        indexed = self._index.catch_up(seen)
        view = due_view(reading, indexed, DueFilters.read(request.query_params))
        return self._page("due", reading, view=view, values=indexed.values, linked=False)

    def _page(self, template: str, reading: PageReading, **values: object) -> Response:
        now = reading.now.replace(second=0, microsecond=0)
        shared = {"here": template, "menu": MENU, "zone": reading.zone, "now": now, "people": reading.people}
        return Response(self._services.pages.render(template, **shared, **values), media_type="text/html")
