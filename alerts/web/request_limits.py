"""What a request may cost, and for which host it may be: whatever is beyond that is refused with a line of text."""

from __future__ import annotations

import asyncio
import re
import time

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.settings.loopback import is_loopback
from alerts.settings.sign_in_section import CALLBACK
from alerts.web.pace import Pace

MAX_IN_FLIGHT = 50  # requests
MAX_BODY = 64 * 1024  # bytes
MAX_HEADERS = 100
MAX_PATH = 2048  # bytes
LONG_PATHS = {"/several": 16 * 1024, CALLBACK: 8 * 1024}  # bytes of an address with up to 75 keys, or with a long code
BODY_WITHIN = 10.0  # seconds
UPLOADS = {("POST", "/import"): 100 * 1024 * 1024}  # bytes that its route reads at most; it keeps a tenth of them
PROBES = frozenset({"/healthz", "/readyz"})  # for any host, and also while all places are taken
RETRY_AFTER = "2"  # seconds


class RequestLimits:
    """Lets a request through to the application, with its whole body, or refuses it."""

    def __init__(self, app: ASGIApp, bind: str, public_host: str | None) -> None:
        self._app = app
        self._bind, self._public_host = bind, public_host
        self._in_flight = 0
        self._pace = Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal, largest = self._refusal(scope), UPLOADS.get((scope["method"], scope["path"]))
        if refusal is None and largest:  # the route asks first who sends it, and reads it piece by piece
            await self._serve(scope, _up_to(largest, receive), send)
            return
        if refusal is None:
            try:
                async with asyncio.timeout(BODY_WITHIN):
                    body = await _whole_body(receive)
            except TimeoutError:
                refusal = _refused(408, "The request took too long to arrive.")
            else:
                refusal = _refusal_of(body)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._serve(scope, _replayed(body, receive), send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/healthz":
            await self._app(scope, receive, send)
            return
        if self._in_flight >= MAX_IN_FLIGHT:
            # The request was read whole, so the connection stays: to open another one costs both sides more than this.
            headers = {"Retry-After": RETRY_AFTER}
            busy = PlainTextResponse("Too many requests at once. Try again in a moment.\n", 503, headers)
            await busy(scope, receive, send)
            return
        self._in_flight += 1
        try:
            if scope["path"] not in PROBES and (wait := self._pace.wait(time.monotonic())):
                await asyncio.sleep(wait)
            await self._app(scope, receive, send)
        finally:
            self._in_flight -= 1

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if len(scope["headers"]) > MAX_HEADERS:
            return _refused(431, "The request has too many headers.")
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONG_PATHS.get(scope["path"], MAX_PATH):
            return _refused(414, "The address is too long.")
        length = headers.get("content-length", "")
        if (
            length.isascii()
            and length.isdigit()
            and int(length) > UPLOADS.get((scope["method"], scope["path"]), MAX_BODY)
        ):
            return _refused(413, "The request is too large.")
        if scope["path"] not in PROBES and not is_own_host(headers.get("host", ""), self._bind, self._public_host):
            return _refused(400, "This server has another name.")
        return None


def is_own_host(stated: str, bind: str, public_host: str | None) -> bool:
    """Whether a `Host` header names this server, so that no other site's name leads here (DNS rebinding).

    Without a public address, a server beyond loopback may have any name.
    """
    found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?", stated.lower(), re.ASCII)
    if not found:
        return False
    host = (found[1] or found[2]).removesuffix(".")
    if host in (public_host, bind) or is_loopback(host):
        return True
    return public_host is None and not is_loopback(bind)


def _refused(status: int, text: str) -> PlainTextResponse:
    """Return a refusal, after which the connection ends: what is left of the request need not be read."""
    return PlainTextResponse(f"{text}\n", status_code=status, headers={"Connection": "close"})


async def _whole_body(receive: Receive) -> bytes | None:
    """Return the body, as far as it is not too large; None where the client has gone."""
    body = bytearray()
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


def _refusal_of(body: bytes | None) -> PlainTextResponse | None:
    if body is None:
        return _refused(400, "The request ended early.")
    if len(body) > MAX_BODY:
        return _refused(413, "The request is too large.")
    try:
        body.decode()
    except UnicodeDecodeError:
        return _refused(400, "The request is not UTF-8 text.")
    return None


def _up_to(largest: int, receive: Receive) -> Receive:
    """Return what reads a body piece by piece; what is larger ends as if the client had gone."""
    left = largest

    async def read() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return read


def _replayed(body: bytes | None, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body or b"", "more_body": False}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read
