"""The routes of answer links: `/a/TOKEN` and the pages below it, and the style sheet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from alerts.web.absence_page import AbsencePage
from alerts.web.answer_pages import AnswerPages
from alerts.web.form_page import FormPage
from alerts.web.link_visits import LinkVisits, Page
from alerts.web.services import Services
from alerts.web.signed_in import WhoSignedIn, nobody
from alerts.web.silence_page import SilencePage

STYLE_SHEET = "/static/page.css"
A_DAY = 86_400  # seconds


async def _body(request: Request) -> bytes:
    return await request.body()


def answer_routes(services: Services, who: WhoSignedIn = nobody) -> APIRouter:
    """Return the routes of answer links. GET, HEAD and OPTIONS change nothing. `who` finds who has signed in."""
    router, visits = APIRouter(), LinkVisits(services)
    style = services.pages.source("page.css")
    _add_page(router, "/a/{token}", AnswerPages(visits), who)
    _add_page(router, "/a/{token}/away", AbsencePage(visits), who)
    _add_page(router, "/a/{token}/silence", SilencePage(visits), who)

    @router.api_route(STYLE_SHEET, methods=["GET", "HEAD"])
    def style_sheet() -> Response:
        return Response(style, media_type="text/css", headers={"Cache-Control": f"public, max-age={A_DAY}"})

    return router


def _add_page(router: APIRouter, path: str, page: AnswerPages | FormPage, who: WhoSignedIn) -> None:
    @router.api_route(path, methods=["GET", "HEAD"])
    def show(token: str, request: Request) -> Response:
        return _response(page.show(token, _address(request), who(request.scope)))

    @router.options(path)
    def options() -> Response:
        return Response(status_code=204, headers={"Allow": "GET, HEAD, OPTIONS, POST"})

    @router.post(path)
    def press(token: str, request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        return _response(page.press(token, _address(request), body, who(request.scope)))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _response(page: Page) -> Response:
    headers = {"Retry-After": str(page.retry_after)} if page.retry_after else {}
    return Response(page.html, status_code=page.status, media_type="text/html", headers=headers)
