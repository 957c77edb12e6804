"""The routes by which people sign in: with a mailed link, or at a provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from alerts.settings.sign_in_section import CALLBACK
from alerts.web.pages.form_tokens import is_from_elsewhere
from alerts.web.pages.page_access import NoPageError
from alerts.web.pages.sign_in.sign_in_pages import SignInPages

if TYPE_CHECKING:
    from alerts.web.pages.sign_in.first_admin import FirstAdminPages
    from alerts.web.pages.sign_in.provider_pages import ProviderPages

PROVIDER_THREADS = 4  # of their own: a provider that is slow keeps nobody from their pages
ELSEWHERE = "Nobody was signed in: another site has sent this form.\n"


async def _body(request: Request) -> bytes:
    return await request.body()


def add_sign_in(router: APIRouter, pages: SignInPages, public_url: str | None) -> None:
    """Add the routes of mailed links. GET, HEAD and OPTIONS change nothing."""
    _add(router, "/sign-in", pages.show, pages.ask, public_url)
    _add(router, "/sign-in/{token}", pages.open, pages.redeem, public_url)


def add_first_sign_in(router: APIRouter, pages: FirstAdminPages, public_url: str | None) -> None:
    """Add the routes of the address that the daemon prints at its first start. GET, HEAD and OPTIONS change nothing."""

    @router.api_route("/sign-in", methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        return _or_refusal(lambda: pages.show(request))

    _add(
        router,
        "/sign-in/{token}",
        lambda request: _or_refusal(lambda: pages.open(request)),
        lambda request, body: _or_refusal(lambda: pages.redeem(request, body)),
        public_url,
    )


def _or_refusal(page: Callable[[], Response]) -> Response:
    try:
        return page()
    except NoPageError as error:
        return PlainTextResponse(f"{error}\n", status_code=error.status)


def add_provider_sign_in(router: APIRouter, pages: ProviderPages) -> None:
    """Add the routes of a provider. Only the last one changes anything: it begins a session."""
    limiter = CapacityLimiter(PROVIDER_THREADS)

    @router.api_route("/sign-in", methods=["GET", "HEAD"])
    def page(request: Request) -> Response:
        return pages.show(request)

    @router.get("/sign-in/start")
    async def start(request: Request) -> Response:
        return await run_sync(pages.start, request, limiter=limiter)

    @router.get(CALLBACK)
    async def callback(request: Request) -> Response:
        found = await run_sync(pages.ask_provider, request, limiter=limiter)
        return await run_in_threadpool(pages.finish, request, found)


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
