"""The routes of the pages: each asks first who it is, then shows what its address states, or records a form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from alerts.core.permissions import Role
from alerts.web.pages.due_index import DueIndex
from alerts.web.pages.form_tokens import FormTokens, is_from_elsewhere
from alerts.web.pages.page_access import NoPageError, PageAccess
from alerts.web.pages.sign_in.first_admin import FirstAdminAccess, FirstAdminPages
from alerts.web.pages.sign_in.known_people import KnownPeople
from alerts.web.pages.sign_in.local_path import path_of
from alerts.web.pages.sign_in.proxy_access import ProxyAccess
from alerts.web.pages.sign_in.session_access import NotSignedInError, SessionAccess
from alerts.web.pages.sign_in.session_cookies import SessionCookies
from alerts.web.pages.sign_in.sign_in_pages import SignInPages
from alerts.web.pages.sign_in.sign_in_responses import SignInResponses
from alerts.web.pages.sign_in.sign_in_routes import add_first_sign_in, add_provider_sign_in, add_sign_in
from alerts.web.pages.site_pages import SitePages
from alerts.web.pages.visitors import Visitor
from alerts.web.services import Services

STATIC = {"site.css": "text/css", "icon.svg": "image/svg+xml", "preview.js": "text/javascript"}
AN_HOUR = 3600  # seconds
ELSEWHERE = "Nothing was recorded: another site has sent this form.\n"
Show = Callable[[Request, Visitor], Response]
Press = Callable[[Request, Visitor, bytes], Response]
Upload = Callable[[Request, Visitor], Awaitable[Response]]


class Access(Protocol):
    """Decides who uses a page."""

    def require(self, scope: Scope) -> Visitor:
        """Return who asks. Raises NoPageError, and NotSignedInError where people sign in here."""


async def _body(request: Request) -> bytes:
    return await request.body()


@dataclass(frozen=True, slots=True)
class PageRoutes:
    """Adds routes of pages. Each names the role that its visitors have at least."""

    router: APIRouter
    access: Access
    pages: SitePages
    public_url: str | None
    refuse_press: Callable[[Request], Response] | None = None

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
                if is_from_elsewhere(request.headers, self.public_url):
                    return PlainTextResponse(ELSEWHERE, status_code=403)
                return press(request, visitor, body)

            return self._admit(request, role, pressed)

    def add_upload(self, path: str, press: Upload, role: Role = "editor") -> None:
        """Add what takes the form of a page with a file: nothing of it is read before it is known who sends it."""

        @self.router.post(path)
        async def upload(request: Request) -> Response:
            admitted = list[Visitor]()

            def admit(visitor: Visitor) -> Response:
                if is_from_elsewhere(request.headers, self.public_url):
                    return PlainTextResponse(ELSEWHERE, status_code=403)
                admitted.append(visitor)
                return Response()

            refusal = await run_in_threadpool(self._admit, request, role, admit)
            return await press(request, admitted[0]) if admitted else refusal

    def _admit(self, request: Request, role: Role, answer: Callable[[Visitor], Response]) -> Response:
        try:
            visitor = self.access.require(request.scope)
        except NoPageError as error:
            return PlainTextResponse(f"{error}\n", status_code=error.status)
        except NotSignedInError:
            if request.method == "POST" and self.refuse_press:
                return self.refuse_press(request)
            return RedirectResponse(f"/sign-in?next={quote(path_of(request.scope), safe='/')}", status_code=303)
        return answer(visitor) if visitor.has_role(role) else self.pages.refuse(visitor)


def page_routes(services: Services, index: DueIndex) -> APIRouter:
    """Return the routes of the pages."""
    router, sign_in = APIRouter(), services.http.sign_in
    is_first = services.http.first_sign_in is not None
    tokens = FormTokens(lambda: services.keys) if sign_in or is_first else FormTokens()
    pages, people, cookies = SitePages(services, index, tokens), KnownPeople(services), SessionCookies(services.http)
    responses, public_url = SignInResponses(services, cookies, tokens), services.http.public_url
    if is_first:
        first = FirstAdminAccess(services, cookies)
        routes = PageRoutes(router, first, pages, public_url, responses.refuse)
        add_first_sign_in(router, FirstAdminPages(services, first, cookies, responses), public_url)
    elif sign_in is None:
        routes = PageRoutes(router, PageAccess(services.http), pages, public_url)
    elif sign_in.kind == "proxy":
        routes = PageRoutes(router, ProxyAccess(services, people), pages, public_url)
    else:
        access = SessionAccess(services, people, cookies)
        routes = PageRoutes(router, access, pages, public_url, responses.refuse)
        if sign_in.kind == "mail":
            add_sign_in(router, SignInPages(services, people, cookies, responses), public_url)
        else:
            from alerts.web.pages.sign_in.provider_pages import ProviderPages  # its libraries need 20 MB

            add_provider_sign_in(router, ProviderPages(services, people, cookies, responses))
    if is_first or (sign_in and sign_in.kind != "proxy"):
        routes.add_form("/sign-out", responses.sign_out, "viewer")
    for name, media_type in STATIC.items():
        _add_static(router, name, services.pages.source(name), media_type)
    _add_pages(routes, pages)
    return router


def _add_pages(routes: PageRoutes, pages: SitePages) -> None:
    routes.add_page("/", pages.due)
    routes.add_page("/c/{key}", pages.commitment)
    routes.add_form("/c/{key}", pages.press_commitment)
    routes.add_page("/plan", pages.plan)
    routes.add_page("/deliveries", pages.deliveries)
    routes.add_form("/deliveries", pages.press_deliveries)
    routes.add_page("/new", pages.new, "editor")
    routes.add_form("/new", pages.press_new)
    routes.add_page("/import", pages.imports, "editor")
    routes.add_upload("/import", pages.press_import)
    routes.add_page("/several", pages.several, "editor")
    routes.add_form("/several", pages.press_several)
    routes.add_page("/rules", pages.rules)
    routes.add_page("/channels", pages.channels)
    routes.add_form("/channels", pages.press_channels, "admin")
    routes.add_page("/preview", pages.preview)
    routes.add_page("/preview/message", pages.preview_message)
    routes.add_page("/people", pages.people, "admin")
    routes.add_form("/people", pages.press_people, "admin")


def _add_static(router: APIRouter, name: str, text: str, media_type: str) -> None:
    @router.api_route(f"/static/{name}", methods=["GET", "HEAD"])
    def static() -> Response:
        return Response(text, media_type=media_type, headers={"Cache-Control": f"public, max-age={AN_HOUR}"})
