"""The routes of the pages: each asks first who it is, then shows what its address states, or records a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from alerts.core.permissions import Role
from alerts.web.pages.form_tokens import is_from_elsewhere
from alerts.web.pages.page_access import NoPageError, PageAccess
from alerts.web.pages.site_pages import SitePages
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services

STATIC = {"site.css": "text/css", "icon.svg": "image/svg+xml", "preview.js": "text/javascript"}
AN_HOUR = 3600  # seconds
ELSEWHERE = "Nothing was recorded: another site has sent this form.\n"
Show = Callable[[Request, Visitor], Response]
Press = Callable[[Request, Visitor, bytes], Response]


async def _body(request: Request) -> bytes:
    return await request.body()


@dataclass(frozen=True, slots=True)
class PageRoutes:
    """Adds routes of pages. Each names the role that its visitors have at least."""

    router: APIRouter
    access: PageAccess
    pages: SitePages

    def add_page(self, path: str, show: Show, role: Role = "viewer") -> None:
        """Add a page. GET and HEAD change nothing."""

        @self.router.api_route(path, methods=["GET", "HEAD"])
        def page(request: Request) -> Response:
            return self._admit(request, role, lambda visitor: show(request, visitor))

    def add_form(self, path: str, press: Press, role: Role = "editor") -> None:
        """Add what takes the form of a page."""

        @self.router.post(path)
        def form(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
            def pressed(visitor: Visitor) -> Response:
                if is_from_elsewhere(request.headers):
                    return PlainTextResponse(ELSEWHERE, status_code=403)
                return press(request, visitor, body)

            return self._admit(request, role, pressed)

    def _admit(self, request: Request, role: Role, answer: Callable[[Visitor], Response]) -> Response:
        try:
            visitor = self.access.require(request.scope)
        except NoPageError as error:
            return PlainTextResponse(f"{error}\n", status_code=404)
        return answer(visitor) if visitor.has_role(role) else self.pages.refuse(visitor)


def page_routes(services: Services) -> APIRouter:
    """Return the routes of the pages."""
    pages = SitePages(services)
    routes = PageRoutes(APIRouter(), PageAccess(services.http), pages)
    for name, media_type in STATIC.items():
        _add_static(routes.router, name, services.pages.source(name), media_type)
    routes.add_page("/", pages.due)
    routes.add_page("/c/{key}", pages.commitment)
    routes.add_form("/c/{key}", pages.press_commitment)
    routes.add_page("/plan", pages.plan)
    routes.add_page("/deliveries", pages.deliveries)
    routes.add_form("/deliveries", pages.press_deliveries)
    routes.add_page("/new", pages.new, "editor")
    routes.add_form("/new", pages.press_new)
    return routes.router


def _add_static(router: APIRouter, name: str, text: str, media_type: str) -> None:
    @router.api_route(f"/static/{name}", methods=["GET", "HEAD"])
    def static() -> Response:
        return Response(text, media_type=media_type, headers={"Cache-Control": f"public, max-age={AN_HOUR}"})
