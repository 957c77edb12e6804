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
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from alerts.channels.transport.dial import cut_off, dial
from alerts.channels.transport.http_settings import RequestSettings
from alerts.channels.transport.time_budget import TimeBudget, TimedReader, send_all

# urllib3 logs the path of a request, and the path of a webhook is a secret.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

ANSWER_AT_MOST = 128 * 1024  # octets, including heads and framing
NO_RETRY = Retry(0, read=False)
Answer = BaseHTTPResponse
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
    """Connects with our connection classes."""

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the host's pool, which uses our connection classes."""
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        usual = pool.ConnectionCls  # read once: another thread may replace it meanwhile
        if not issubclass(usual, _Connection):
            pool.ConnectionCls = type("Connection", (_Connection, usual), {})
        return pool

    def close(self) -> None:
        """Close idle connections; requests forgets its pools, and only the garbage collector would close them."""
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


class Way:
    """How requests reach one URL: the pool of connections to its server or proxy, and what is asked there."""

    def __init__(self, session: Session, url: str, route: RequestSettings) -> None:
        self._session, self._url, self._route = session, url, route
        self._made: dict[str, tuple[Any, str, dict[str, tuple[str, str]]]] = {}  # by method

    @contextmanager
    def asked(self, method: str, body: bytes | None, headers: Mapping[str, str], seconds: float) -> Iterator[Answer]:
        """Yield the answer to a request, with only its head read. Raises requests.RequestException.

        `requests` would prepare it anew, look for cookies, and for where a redirect leads: half of a post's cost. Here
        it says once how it would ask, and its pool is used.
        """
        pool, target, usual = self._made.get(method) or self._make(method)
        named = usual | {name.lower(): (name, value) for name, value in headers.items()}
        try:
            answer = pool.urlopen(
                method, target, body, dict(named.values()), redirect=False, assert_same_host=False,
                preload_content=False, decode_content=False, retries=NO_RETRY, timeout=Timeout(seconds, seconds),
            )  # fmt: skip
        except (HTTPError, OSError) as error:
            raise requests.ConnectionError(error) from error
        try:
            yield answer
        finally:
            if not answer.closed:  # what was not read would be taken for the next answer
                answer.close()
            answer.release_conn()

    def _make(self, method: str) -> tuple[Any, str, dict[str, tuple[str, str]]]:
        session, settings = self._session, self._session.settings_for(self._url, self._route)
        request = session.prepare_request(requests.Request(method, self._url))
        assert request.url is not None
        adapter: Any = session.get_adapter(request.url)
        verify, proxies, cert = settings["verify"], settings["proxies"], settings["cert"]
        pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
        adapter.cert_verify(pool, request.url, verify, cert)
        usual = {
            name.lower(): (name, str(value)) for name, value in request.headers.items() if name != "Content-Length"
        }
        self._made[method] = pool, adapter.request_url(request, proxies), usual
        return self._made[method]


class Session(requests.Session):
    """A session that follows no redirect, keeps no cookie and reads no environment variables."""

    def __init__(self, connections: int) -> None:
        super().__init__()
        limit(self, connections)

    def settings_for(self, url: str, route: RequestSettings) -> Mapping[str, Any]:
        """Return what `requests` makes of the settings for a URL: without a `verify` it verifies."""
        return self.merge_environment_settings(url, dict(route.proxies), True, route.verify, route.certificate)
