"""The routes by which people sign in with a mailed link. GET, HEAD and OPTIONS change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from alerts.web.pages.form_tokens import is_from_elsewhere
from alerts.web.pages.sign_in.sign_in_pages import SignInPages

ELSEWHERE = "Nobody was signed in: another site has sent this form.\n"


async def _body(request: Request) -> bytes:
    return await request.body()


def add_sign_in(router: APIRouter, pages: SignInPages, public_url: str | None) -> None:
    """Add the routes."""
    _add(router, "/sign-in", pages.show, pages.ask, public_url)
    _add(router, "/sign-in/{token}", pages.open, pages.redeem, public_url)


def _add(
    router: APIRouter,
    path: str,
    show: Callable[[Request], Response],
    press: Callable[[Request, bytes], Response],
    public_url: str | None,
) -> None:
    @router.api_route(path, methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        return show(request)

    @router.post(path)
    def form(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
        if is_from_elsewhere(request.headers, public_url):
            return PlainTextResponse(ELSEWHERE, status_code=403)
        return press(request, body)
