"""A `requests` session with one time limit for each post: each step gets the time left, and answers are limited."""

from __future__ import annotations

import http.client
import io
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from alerts.channels.transport.dial import cut_off, dial
from alerts.channels.transport.http_settings import RequestSettings
from alerts.channels.transport.time_budget import TimeBudget, TimedReader, send_all

# urllib3 logs the path of a request, and the path of a webhook is a secret.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

ANSWER_AT_MOST = 128 * 1024  # octets, including heads and framing
_BUDGET: ContextVar[TimeBudget] = ContextVar("time budget of the current post")


@contextmanager
def within(budget: TimeBudget) -> Iterator[None]:
    """Apply one time limit to every step of this thread's posts inside."""
    token = _BUDGET.set(budget)
    try:
        yield
    finally:
        _BUDGET.reset(token)


class _Answer(http.client.HTTPResponse):
    """An answer that is read, headers included, within the time limit of the current post."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        assert isinstance(self.fp, io.BufferedReader)
        self._reader = TimedReader(sock, self.fp.detach(), _BUDGET.get().left, ANSWER_AT_MOST)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read the head. A compressed body stays compressed: a small one could unpack to gigabytes."""
        super().begin()
        if self._reader.ended:  # http.client accepts a cut-off head (RFC 9112 §8)
            raise http.client.RemoteDisconnected("the head breaks off")
        del self.headers["Content-Encoding"]

    def _read_status(self) -> tuple[str, int, str]:
        """Skip interim 1xx answers until the real one comes (RFC 9110 §15.2); 101 was not asked for."""
        version, status, fields = super()._read_status()  # type: ignore[misc]  # not in the stub
        return version, 100 if 102 <= status < 200 else status, fields


class _Connection(http.client.HTTPConnection):
    """A urllib3 connection in which each step gets the time left of the current post."""

    response_class = _Answer

    def connect(self) -> None:
        """Connect; urllib3 then does the TLS handshake if there is one."""
        self._dialled = dial(getattr(self, "_dns_host", self.host), self.port, _BUDGET.get())
        try:
            with cut_off(self._dialled, _BUDGET.get()):
                super().connect()
        except BaseException:
            self._dialled.close()  # the time may be up before urllib3 has taken it over
            raise

    def _new_conn(self) -> socket.socket:
        return self._dialled

    def send(self, data: Any) -> None:
        """Send all data; urllib3 passes bytes only, because the body is bytes."""
        if self.sock is None:
            self.connect()
        send_all(self.sock, data, _BUDGET.get().left)


class _Adapter(HTTPAdapter):
    """Keeps the pool of the URL that was asked last: to look for it costs a tenth of a post."""

    _found: tuple[tuple[Any, ...], Any] | None = None

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the host's pool, which uses our connection classes."""
        asked = (request.url, verify, tuple((proxies or {}).items()), cert)
        found = self._found
        if found and found[0] == asked:
            return found[1]
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        if not issubclass(pool.ConnectionCls, _Connection):
            pool.ConnectionCls = type("Connection", (_Connection, pool.ConnectionCls), {})
        self._found = asked, pool
        return pool

    def close(self) -> None:
        """Close idle connections; requests forgets its pools, and only the garbage collector would close them."""
        self._found = None
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            pools: Any = manager.pools
            for key in pools.keys():  # noqa: SIM118 # it is no dict and cannot be iterated
                pools.get(key).close()
        super().close()


def limit(session: requests.Session, connections: int) -> None:
    """Let a session keep no cookie, read no environment variables, and read answers within the current time limit."""
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": "deadline-alerts", "Accept-Encoding": "identity"})
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=connections))


class Session(requests.Session):
    """A session that follows no redirect, keeps no cookie and reads no environment variables."""

    def __init__(self, connections: int) -> None:
        super().__init__()
        limit(self, connections)

    def settings_for(self, url: str, route: RequestSettings) -> Mapping[str, Any]:
        """Return what `requests` makes of the settings for a URL: without a `verify` it verifies."""
        return self.merge_environment_settings(url, dict(route.proxies), True, route.verify, route.certificate)

    def hand_over(
        self, request: requests.PreparedRequest, settings: Mapping[str, Any], seconds: float
    ) -> requests.Response:
        """Return the answer to a request, with only its head read.

        `requests` would prepare it anew, look for cookies, and for where a redirect leads: half of a post's cost.
        """
        assert request.url is not None
        return self.get_adapter(request.url).send(request, timeout=seconds, **settings)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: with `allow_redirects=False` alone, requests would still read the whole body of a redirect."""
