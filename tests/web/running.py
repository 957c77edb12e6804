"""Starting the HTTP server in a thread, on a port that is free."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests

from alerts.clock import Clock, utc_now
from alerts.settings import Settings
from alerts.store import Store
from alerts.web.http_server import listen, listener
from alerts.web.services import Services, open_services
from alerts.web.web_app import create_app, create_operations_app

HOST = "127.0.0.1"
STARTS_WITHIN = 20.0  # seconds


@dataclass
class WebServer:
    """A server that runs: where, and on what. `operations_port` is that of the listener for monitoring."""

    services: Services
    port: int
    operations_port: int
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        """Return the address of the public listener."""
        return f"http://{HOST}:{self.port}"

    @property
    def operations_url(self) -> str:
        """Return the address of the listener for monitoring."""
        return f"http://{HOST}:{self.operations_port}"

    @property
    def store(self) -> Store:
        """Return the database that the server uses."""
        return self.services.store

    def get(self, path: str, **options: object) -> requests.Response:
        """Return the answer to a GET, without following where it leads."""
        return self.session.get(self.url + path, timeout=30, allow_redirects=False, **options)  # type: ignore[arg-type]

    def post(self, path: str, **options: object) -> requests.Response:
        """Return the answer to a POST, without following where it leads."""
        return self.session.post(self.url + path, timeout=30, allow_redirects=False, **options)  # type: ignore[arg-type]


Route = tuple[str, Callable[..., object]]


@contextmanager
def started(
    settings: Settings, routes: Sequence[Route] = (), clock: Clock = utc_now, port: int = 0
) -> Iterator[WebServer]:
    """Serve both applications in a thread until the end of the block. `routes` are added to the public one."""
    services = open_services(settings, clock)
    sockets = [listen(HOST, port), listen(HOST, 0)]
    app = create_app(services)
    for path, handler in routes:
        app.add_api_route(path, handler)
    servers = [listener(app), listener(create_operations_app(services))]
    ports = [sock.getsockname()[1] for sock in sockets]

    async def run() -> None:
        await asyncio.gather(*(server.serve([sock]) for server, sock in zip(servers, sockets, strict=True)))

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    found = WebServer(services, *ports)
    try:
        found.session.trust_env = False  # else each request looks for proxies and passwords
        found.get("/healthz")  # the socket listens already, so this waits for the first answer
        yield found
    finally:
        found.session.close()
        for server in servers:
            server.should_exit = True
        thread.join(STARTS_WITHIN)
        services.store.close()
