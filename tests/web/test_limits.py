"""What a request may cost: each limit and header is seen from outside, over a socket."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest
from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.types import Message, Scope

from alerts.web import pace, request_limits, timed_protocol
from alerts.web.client_address import client_address
from alerts.web.http_server import listen
from alerts.web.request_limits import is_own_host
from alerts.web.security_headers import CONTENT_SECURITY_POLICY
from tests.web.conftest import Serve
from tests.web.running import HOST, WebServer

HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@contextmanager
def connected(server: WebServer) -> Iterator[socket.socket]:
    with closing(socket.create_connection((HOST, server.port), timeout=30)) as connection:
        yield connection


def raw(server: WebServer, *parts: bytes) -> tuple[int, dict[str, str]]:
    """Return the status and headers of the first answer to some bytes; 0 where there is none."""
    with connected(server) as connection:
        try:
            for part in parts:
                connection.sendall(part)
        except OSError:  # refused before all of it was sent
            pass
        return read(connection)


def read(connection: socket.socket) -> tuple[int, dict[str, str]]:
    found = b""
    try:
        while b"\r\n\r\n" not in found and (data := connection.recv(65536)):
            found += data
    except ConnectionResetError:
        pass
    head = found.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/1\.1 ([0-9]{3})", head[0])
    headers = dict(line.lower().split(": ", 1) for line in head[1:])
    return int(status[1]) if status else 0, {name: headers[name] for name in headers}


def asked(path: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join([method + b" " + path + b" HTTP/1.1", b"Host: 127.0.0.1", *headers, b"", b""])


GET = asked(b"/readyz")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (GET, 204),
        (asked(b"/nothing"), 404),
        (asked(b"/readyz", method=b"POST"), 405),
        (b"nonsense\r\n\r\n", 400),
        (asked(b"/a/\xff\xfe"), 400),
        (asked(b"/a/%ff%fe%00"), 404),
        (asked(b"/../../etc/passwd"), 404),
        (asked(b"/a/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), 404),
        (asked(b"http://elsewhere.example.org/readyz"), 404),
        (asked(b"/nothing", b"X: a\x00b"), 400),
        (asked(b"/nothing", b" folded: a\r\n\tb"), 400),
        (asked(b"/nothing", b"Host: elsewhere.example.org"), 400),
        (asked(b"/nothing", b"Transfer-Encoding: chunked", b"Content-Length: 5", method=b"POST") + b"0\r\n\r\n", 404),
        (asked(b"/nothing", b"Transfer-Encoding: gzip, chunked", method=b"POST"), 400),
        (asked(b"/nothing", b"Content-Length: -1", method=b"POST"), 400),
        (asked(b"/nothing", b"Content-Length: 65537", method=b"POST"), 413),
        (asked(b"/nothing", b"Content-Length: 3", method=b"POST") + b"\xff\xfe\xfd", 400),
        (asked(b"/nothing", b"Transfer-Encoding: chunked", method=b"POST") + b"fffff\r\n" + b"a" * 70_000, 413),
        (asked(b"/nothing", *[b"X-%d: a" % number for number in range(101)]), 431),
        (asked(b"/" + b"a" * 2100), 414),
        (b"GET /nothing HTTP/1.1\r\nHost: elsewhere.example.org\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n", 204),
        (b"GET /nothing HTTP/1.0\r\n\r\n", 400),
    ],
)
def test_a_request_is_served_or_refused_and_every_answer_has_the_headers(
    request_bytes: bytes, status: int, web_server: WebServer
) -> None:
    found, headers = raw(web_server, request_bytes)
    assert found == status
    assert headers.items() >= {name: value.lower() for name, value in HEADERS.items()}.items()
    assert "server" not in headers
    assert web_server.get("/readyz").status_code == 204


def test_ten_thousand_headers_and_a_header_without_end_are_refused(web_server: WebServer) -> None:
    many = b"".join(b"X-%d: a\r\n" % number for number in range(10_000))
    assert raw(web_server, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + many + b"\r\n")[0] in (400, 431)
    assert raw(web_server, b"GET / HTTP/1.1\r\nX: ", *[b"a" * 65536] * 10)[0] in (400, 0)
    assert web_server.get("/readyz").status_code == 204


def test_a_header_that_a_client_states_cannot_split_an_answer(serve: Serve) -> None:
    server = serve(routes=[("/echo", echo)])
    answer = server.get("/echo?to=a%0d%0aSet-Cookie:%20b=c")
    assert answer.status_code == 500
    assert "set-cookie" not in answer.headers
    assert server.get("/readyz").status_code == 204


def echo(request: Request) -> Response:
    return Response(headers={"X-To": request.query_params["to"]})


def test_headers_and_bodies_that_do_not_come_end_the_connection(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed_protocol, "HEADERS_WITHIN", 0.3)
    monkeypatch.setattr(request_limits, "BODY_WITHIN", 0.3)
    assert raw(web_server, b"")[0] == 408
    assert raw(web_server, b"GET / HTTP/1.1\r\n", b"Host: 127.0.0.1\r\n")[0] == 408
    assert raw(web_server, asked(b"/", b"Content-Length: 5", method=b"POST"), b"a=b")[0] == 408
    with connected(web_server) as connection:  # the time counts for each request of a connection
        connection.sendall(GET)
        assert read(connection)[0] == 204
        connection.sendall(GET[:10])
        assert read(connection)[0] == 408


def test_beyond_fifty_requests_at_once_it_says_when_to_come_back(serve: Serve) -> None:
    entered, release = threading.Semaphore(0), threading.Event()

    async def wait(_: Request) -> Response:
        entered.release()
        while not release.is_set():
            await sleep()
        return Response()

    server = serve(routes=[("/wait", wait)])
    with connected_many(server, request_limits.MAX_IN_FLIGHT) as connections:
        for connection in connections:
            connection.sendall(asked(b"/wait"))
        for _ in connections:
            assert entered.acquire(timeout=30)
        refused = server.get("/nothing")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert "Connection" not in refused.headers  # it may ask again without a new connection
        assert server.get("/healthz").status_code == 204
        release.set()
        assert [read(connection)[0] for connection in connections] == [200] * len(connections)
    assert server.get("/nothing").status_code == 404


def test_requests_beyond_the_pace_wait_for_their_turn() -> None:
    given = pace.Pace()
    waits = [given.wait(1000 + number / 200) for number in range(400)]  # two seconds at 200 a second
    assert waits[:20] == [0] * 20
    starts = [1000 + number / 200 + wait for number, wait in enumerate(waits)]
    after = starts[40:]  # what was saved up is used by then
    assert all(abs(later - earlier - 1 / 100) < 1e-9 for earlier, later in pairwise(after))
    assert [given.wait(2000.0) for _ in range(21)] == [0] * 20 + [pytest.approx(0.01)]


def test_at_a_steady_pace_nobody_waits() -> None:
    given = pace.Pace()
    assert {given.wait(1000 + number / 50) for number in range(1000)} == {0}


def test_each_request_takes_a_turn_and_probes_take_none(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(pace.Pace, "wait", lambda _, now: taken.append(now) or 0.0)
    for path in ("/nothing", "/healthz", "/readyz", "/a/x"):
        web_server.get(path)
    assert len(taken) == 2


def test_a_request_is_not_begun_before_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter([3600.0, 0.0])
    monkeypatch.setattr(pace.Pace, "wait", lambda *_: next(waits))
    begun = []

    async def app(scope: Scope, *_: object) -> None:
        begun.append(scope["path"])

    async def ask() -> None:
        limits = request_limits.RequestLimits(app, HOST, None)
        asked_for = [asyncio.create_task(limits(scope(path), body, nothing)) for path in ("/first", "/second")]
        await asked_for[1]
        asked_for[0].cancel()

    with ThreadPoolExecutor(1) as pool:  # Playwright, once started, keeps a loop running in the thread of the tests
        pool.submit(lambda: asyncio.run(ask())).result()
    assert begun == ["/second"]


def scope(path: str) -> Scope:
    headers = [(b"host", HOST.encode())]
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
    }


async def body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def nothing(_: Message) -> None: ...


def test_what_is_written_in_parts_is_sent_at_once() -> None:
    """Each answer is written in two parts: on a kept connection the second waited 40 ms for an acknowledgement."""
    with (
        listen(HOST, 0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def sleep() -> None:
    await asyncio.sleep(0.02)


@contextmanager
def connected_many(server: WebServer, count: int) -> Iterator[list[socket.socket]]:
    connections = [socket.create_connection((HOST, server.port), timeout=30) for _ in range(count)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def test_connections_beyond_the_limit_are_refused(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timed_protocol, "MAX_CONNECTIONS", 2)
    web_server.session.close()
    with connected_many(web_server, 2) as connections:
        connections[0].sendall(GET)
        assert read(connections[0])[0] == 204
        assert raw(web_server)[0] == 503
    assert web_server.get("/readyz").status_code == 204


@pytest.mark.parametrize(
    ("stated", "bind", "public", "is_own"),
    [
        ("alerts.example.org", "0.0.0.0", "alerts.example.org", True),
        ("Alerts.Example.org.:443", "0.0.0.0", "alerts.example.org", True),
        ("localhost:8080", "0.0.0.0", "alerts.example.org", True),
        ("[::1]:8080", "127.0.0.1", None, True),
        ("192.0.2.7:8080", "192.0.2.7", "alerts.example.org", True),
        ("192.0.2.8:8080", "192.0.2.7", "alerts.example.org", False),
        ("alerts.example.org.evil.example.org", "0.0.0.0", "alerts.example.org", False),
        ("evil.example.org", "127.0.0.1", None, False),
        ("any.example.org", "0.0.0.0", None, True),
        ("ann@localhost", "0.0.0.0", None, False),
        ("localhost:x", "127.0.0.1", None, False),
        ("", "0.0.0.0", None, False),
    ],
)
def test_a_host_is_the_public_one_the_address_or_loopback(
    stated: str, bind: str, public: str | None, is_own: bool
) -> None:
    assert is_own_host(stated, bind, public) is is_own


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("198.51.100.1", ["203.0.113.9"], "198.51.100.1"),
        ("192.0.2.10", [], "192.0.2.10"),
        ("192.0.2.10", ["203.0.113.9"], "203.0.113.9"),
        ("192.0.2.10", ["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
        ("192.0.2.10", ["10.9.9.9", "203.0.113.9"], "203.0.113.9"),
        ("192.0.2.10", ["203.0.113.9, 192.0.2.11"], "203.0.113.9"),
        ("192.0.2.10", ["203.0.113.9:4711"], "203.0.113.9"),
        ("192.0.2.10", ["[2001:db8::9]:4711"], "2001:db8::9"),
        ("192.0.2.10", ["nonsense"], "192.0.2.10"),
        ("192.0.2.10", ["203.0.113.9, nonsense"], "192.0.2.10"),
    ],
)
def test_only_a_trusted_proxy_says_who_the_client_is(peer: str, forwarded: list[str], client: str) -> None:
    headers = Headers(raw=[(b"x-forwarded-for", value.encode()) for value in forwarded])
    assert client_address(peer, headers, ("192.0.2.10", "192.0.2.11/32")) == client
