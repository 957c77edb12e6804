"""The routes of the pages: each asks first who it is, then shows what its address states, or records a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from alerts.web.pages.form_tokens import is_from_elsewhere
from alerts.web.pages.page_access import NoPageError, PageAccess
from alerts.web.pages.site_pages import SitePages
from alerts.web.services import Services

STATIC = {"site.css": "text/css", "icon.svg": "image/svg+xml"}
AN_HOUR = 3600  # seconds
ELSEWHERE = "Nothing was recorded: another site has sent this form.\n"
Show = Callable[[Request], Response]
Press = Callable[[Request, bytes], Response]


async def _body(request: Request) -> bytes:
    return await request.body()


def page_routes(services: Services) -> APIRouter:
    """Return the routes of the pages. GET and HEAD change nothing."""
    router, access, pages = APIRouter(), PageAccess(services.http), SitePages(services)
    for name, media_type in STATIC.items():
        _add_static(router, name, services.pages.source(name), media_type)
    _add_page(router, access, "/", pages.due)
    _add_page(router, access, "/c/{key}", pages.commitment)
    _add_form(router, access, "/c/{key}", pages.press_commitment)
    _add_page(router, access, "/plan", pages.plan)
    _add_page(router, access, "/deliveries", pages.deliveries)
    _add_form(router, access, "/deliveries", pages.press_deliveries)
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


def _add_form(router: APIRouter, access: PageAccess, path: str, press: Press) -> None:
    @router.post(path)
    def form(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        try:
            access.require(request.scope)
        except NoPageError as error:
            return PlainTextResponse(f"{error}\n", status_code=404)
        if is_from_elsewhere(request.headers):
            return PlainTextResponse(ELSEWHERE, status_code=403)
        return press(request, body)
