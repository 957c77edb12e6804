"""The listeners of this process, in one event loop."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from alerts.deadlines.errors import InputError
from alerts.settings.http_section import address_text
from alerts.web.timed_protocol import TimedProtocol

GRACE = 5  # seconds that requests under way get at the end
KEEP_ALIVE = 5  # seconds that a connection stays open for another request


class Listener(uvicorn.Server):
    """A server on a socket. It leaves signals to whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no handlers: several listeners end with one signal."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises InputError where the address cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        sock = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        raise InputError(f"cannot listen on {address_text(host, port)}: {error.strerror}") from None
    # Connections inherit it. asyncio sets it only on sockets that were made with a protocol number. Without it the
    # second part of each answer on a connection that stays open waits 40 ms for the client's acknowledgement.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def listener(app: FastAPI) -> Listener:
    """Return a server for an application."""
    return Listener(
        uvicorn.Config(
            app,
            http=TimedProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
        )
    )


async def serve(pairs: Sequence[tuple[Listener, socket.socket]], stopped: asyncio.Event) -> None:
    """Serve until SIGTERM, SIGINT, or the event."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    running = [asyncio.ensure_future(server.serve([sock])) for server, sock in pairs]
    waiting = asyncio.ensure_future(stopped.wait())
    await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for server, _ in pairs:
        server.should_exit = True
    await asyncio.gather(*running)
