"""The outermost part of an application: one log line for each request, headers on each answer, no error unanswered."""

from __future__ import annotations

import logging
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.clock import monotonic
from alerts.log_output import fields
from alerts.store.store_error import StoreError
from alerts.web.client_address import client_address
from alerts.web.request_limits import PROBES
from alerts.web.request_metrics import count_request
from alerts.web.security_headers import add_security_headers

log = logging.getLogger(__name__)

LINE_END = re.compile(rb"[\r\n\0]")
RETRY_AFTER = "5"  # seconds, while the database cannot be used


class AccessLog:
    """Logs requests without their tokens, and answers what the application fails to answer."""

    def __init__(self, app: ASGIApp, trusted_proxies: tuple[str, ...]) -> None:
        self._app = app
        self._trusted = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = monotonic(), 0
        host, port = scope.get("client") or ("", 0)
        client = client_address(host, Headers(scope=scope), self._trusted)
        scope["client"], scope["peer"] = (client, port), host

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                _refuse_split_headers(message)
                status = message["status"]
                add_security_headers(MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001  # whatever it is, the next request is served
            failure = _failure(error)
            if not status:
                await failure(scope, receive, send_with_headers)
        _log_request(scope, client, status, monotonic() - began)


def _refuse_split_headers(message: Message) -> None:
    """Raise ValueError where a header would end early and another begin, before anything is sent."""
    for name, value in message.get("headers", ()):
        if LINE_END.search(value):
            raise ValueError(f"the header {name.decode('latin-1')!r} of an answer has a line end")


def _failure(error: Exception) -> PlainTextResponse:
    if isinstance(error, StoreError):
        log.warning("%s", error)
        text, headers = "The database cannot be used now. Try again in a moment.\n", {"Retry-After": RETRY_AFTER}
        return PlainTextResponse(text, status_code=503, headers=headers)
    log.error("a request failed", exc_info=error)
    return PlainTextResponse("Something went wrong. Open the page again to see what was recorded.\n", status_code=500)


def _log_request(scope: Scope, client: str, status: int, seconds: float) -> None:
    method, path = scope["method"], shown_path(scope)
    count_request(method, path, status, seconds)
    if path in PROBES and status < 400:  # the daemon and containers ask all the time
        return
    milliseconds = round(seconds * 1000)
    seen = fields(event="request", client=client, method=method, path=path, status=status, milliseconds=milliseconds)
    log.info("%s %s %s %s %s ms", client, method, path, status or "no answer", milliseconds, extra=seen)


def shown_path(scope: Scope) -> str:
    """Return the path of a request with `…` in place of what varies: a token lets anybody answer who reads the log.

    A path that leads nowhere may hold one too, so it is not shown.
    """
    path = getattr(scope.get("route"), "path", None)
    return re.sub(r"\{[^}]*\}", "…", path) if path else "…"
