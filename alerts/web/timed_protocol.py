"""HTTP/1.1 with limits that uvicorn does not have: on the time that headers and readers take, and on connections."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from alerts.web.security_headers import SECURITY_HEADERS

log = logging.getLogger(__name__)

HEADERS_WITHIN = 10.0  # seconds
READ_WITHIN = 60.0  # seconds that a client may take to read an answer
MAX_CONNECTIONS = 800  # below the 1,024 open files that a process usually may have


class TimedProtocol(H11Protocol):
    """A connection. Each request must have sent its headers within ten seconds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._begin_to_wait()

    def data_received(self, data: bytes) -> None:
        """Take in a part of a request."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._end_waiting()
        elif self.cycle is None or self.cycle.response_complete:
            self._begin_to_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Go on with the next request, and do not keep an answer for ever that nobody reads."""
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self.loop.call_later(READ_WITHIN, self._abort_unread)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's text, which helps nobody
        """Refuse what is no request."""
        self._end_waiting()
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _begin_to_wait(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(HEADERS_WITHIN, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _end_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer with a status alone, and end the connection."""
        if self.transport.is_closing():
            return
        log.info("%s no request: %s", (self.client or ("", 0))[0], status.phrase)
        headers = SECURITY_HEADERS | {"Content-Length": "0", "Connection": "close"}
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("ascii"))
        self.transport.close()

    def _abort_unread(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
