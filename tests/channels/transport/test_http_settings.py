"""Through a real proxy, to a server of a company's own authority, with a certificate that it demands."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from alerts import channels
from alerts.channels.heartbeat import Heartbeat
from alerts.core.deliveries import DeliveryError
from alerts.deadlines.errors import InputError

TIMEOUT = 3


class Proxy:
    """A proxy that makes tunnels to loopback, whatever name is asked for; `login` is what it wants, if anything."""

    def __init__(self, to: int) -> None:
        self.asked: list[str] = []
        self.login = ""
        self.silent = False
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += near.recv(4096)
            self.asked.append(head.split(b"\r\n")[0].decode())
            if self.silent:
                near.recv(1)
            wanted = b"Proxy-Authorization: Basic " + base64.b64encode(self.login.encode())
            if self.login and wanted not in head:
                near.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                if head.startswith(b"CONNECT"):
                    near.sendall(b"HTTP/1.1 200 Go ahead\r\n\r\n")
                else:
                    far.sendall(head)
                threading.Thread(target=_pump, args=(far, near), daemon=True).start()
                _pump(near, far)

    def close(self) -> None:
        self._listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        self.server.who.append(shown)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_GET(self) -> None:
        self.server.who.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Any]:
    """Start a server for chat.example.org; returns it. `strict` demands a certificate of the same authority."""
    running: list[ThreadingHTTPServer] = []

    def start(*, tls: bool = True, strict: bool = False) -> Any:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        server.who = []  # type: ignore[attr-defined]
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("chat.example.org", "localhost").configure_cert(context)
            if strict:
                authority.configure_trust(context)
                context.verify_mode = ssl.CERT_REQUIRED
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def proxy_to() -> Iterator[Any]:
    running: list[Proxy] = []

    def start(server: Any) -> Proxy:
        running.append(Proxy(server.server_port))
        return running[-1]

    yield start
    for proxy in running:
        proxy.close()


def post(outgoing: Any, url: str, **options: object) -> str:
    """Post once, and say what came of it."""
    channel = channels.build("chat", "mattermost", {"url": url, "timeout": TIMEOUT, **options})
    try:
        return channel.send(outgoing(body={"text": "It is due."}))
    except DeliveryError as error:
        return str(error)
    finally:
        channel.close()


def test_a_company_s_own_authority_is_trusted_where_it_is_named(serve: Any, ca: str, outgoing: Any) -> None:
    url = f"https://localhost:{serve().server_port}/hooks/abc"
    assert post(outgoing, url, ca=ca) == "HTTP 200"
    assert post(outgoing, url).startswith("localhost: certificate not trusted")


def test_a_proxy_makes_the_connection_and_the_server_behind_it_is_verified(
    serve: Any, proxy_to: Any, ca: str, outgoing: Any
) -> None:
    """The name of the server is nowhere looked up: only the proxy knows it."""
    proxy = proxy_to(serve())
    through = f"http://127.0.0.1:{proxy.port}"
    assert post(outgoing, "https://chat.example.org/hooks/abc", ca=ca, proxy=through) == "HTTP 200"
    assert proxy.asked[0].startswith("CONNECT chat.example.org:443 HTTP/1.")
    assert "not trusted" in post(outgoing, "https://chat.example.org/hooks/abc", proxy=through)
    assert "not trusted" in post(outgoing, "https://other.example.org/hooks/abc", ca=ca, proxy=through)


def test_plain_http_goes_through_the_proxy_too(serve: Any, proxy_to: Any, outgoing: Any) -> None:
    proxy = proxy_to(serve(tls=False))
    assert post(outgoing, "http://chat.example.org/hooks/abc", proxy=f"http://127.0.0.1:{proxy.port}") == "HTTP 200"
    assert proxy.asked[0].startswith("POST http://chat.example.org/hooks/abc ")


def test_a_proxy_that_wants_a_login_gets_it_and_says_so_else(serve: Any, proxy_to: Any, ca: str, outgoing: Any) -> None:
    proxy = proxy_to(serve())
    proxy.login = "us3r:pr0xy-s3cret"
    url = "https://chat.example.org/hooks/abc"
    assert post(outgoing, url, ca=ca, proxy=f"http://us3r:pr0xy-s3cret@127.0.0.1:{proxy.port}") == "HTTP 200"
    said = post(outgoing, url, ca=ca, proxy=f"http://us3r:wrong-s3cret@127.0.0.1:{proxy.port}")
    assert said == "chat.example.org: the proxy refuses (HTTP 407); it wants a login"


def test_a_proxy_that_says_nothing_uses_up_the_deadline_and_no_more(
    serve: Any, proxy_to: Any, ca: str, outgoing: Any
) -> None:
    proxy = proxy_to(serve())
    proxy.silent = True
    said = post(outgoing, "https://chat.example.org/x", ca=ca, timeout=0.5, proxy=f"http://127.0.0.1:{proxy.port}")
    assert said == "chat.example.org: timed out"


def test_the_environment_counts_where_it_is_asked_for_and_only_there(
    serve: Any, proxy_to: Any, ca: str, outgoing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    proxy = proxy_to(server)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", ca)
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert post(outgoing, "https://chat.example.org/x", proxy="environment") == "HTTP 200"
    assert len(proxy.asked) == 1
    assert post(outgoing, f"https://localhost:{server.server_port}/x", proxy="environment") == "HTTP 200"
    assert "not trusted" in post(outgoing, f"https://localhost:{server.server_port}/x")
    assert len(proxy.asked) == 1


def test_the_heartbeat_goes_through_a_proxy_to_a_server_of_the_company_s_own(
    serve: Any, proxy_to: Any, ca: str
) -> None:
    """The second clock, which asks the same server, goes the same way."""
    server = serve()
    proxy = proxy_to(server)
    beat = Heartbeat({"url": "https://chat.example.org/ping/1", "proxy": f"http://127.0.0.1:{proxy.port}", "ca": ca})
    beat.ping()
    assert beat.date() is not None
    assert server.who == ["/ping/1", "/"]
    assert all(line.startswith("CONNECT chat.example.org:443 HTTP/1.") for line in proxy.asked)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"proxy": "socks5://u:s3cret@h"}, "here: heartbeat.proxy: expected a proxy as http://HOST:PORT"),
        ({"ca": __file__}, "here: heartbeat.ca: expected a readable file of PEM certificates"),
        ({"key": __file__}, "here: heartbeat: a key goes with a certificate"),
        ({"prxy": "environment"}, "here: heartbeat.prxy: unknown key; did you mean 'proxy'?"),
        ({"url": "s3cret"}, "here: heartbeat.url: expected a URL that starts with https:// or http://"),
    ],
)
def test_what_a_heartbeat_cannot_use_is_refused_with_its_place(options: dict[str, str], line: str) -> None:
    with pytest.raises(InputError) as caught:
        Heartbeat({"url": "https://beat.example.org/s3cret", **options}, lambda _: "here: ")
    assert str(caught.value).startswith(line)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("apart", [False, True], ids=["one-file", "two-files"])
def test_a_server_that_demands_a_certificate_is_shown_it(
    serve: Any, ca: str, authority: trustme.CA, tmp_path: Path, outgoing: Any, *, apart: bool
) -> None:
    server = serve(strict=True)
    url = f"https://localhost:{server.server_port}/x"
    issued = authority.issue_cert("alerts.example.org")
    files = {"certificate": str(tmp_path / "own.pem")}
    if apart:
        issued.cert_chain_pems[0].write_to_path(files["certificate"])
        files["key"] = str(tmp_path / "own.key")
        issued.private_key_pem.write_to_path(files["key"])
    else:
        issued.private_key_and_cert_chain_pem.write_to_path(files["certificate"])
    assert post(outgoing, url, ca=ca, **files) == "HTTP 200"
    assert server.who[0]["subjectAltName"] == (("DNS", "alerts.example.org"),)
    assert post(outgoing, url, ca=ca) != "HTTP 200"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"proxy": "socks5://127.0.0.1:1080"}, "proxy: expected a proxy as http://HOST:PORT, or `environment`"),
        ({"proxy": "http://"}, "proxy: expected a proxy as http://HOST:PORT, or `environment`"),
        ({"proxy": "http://us3r:s3cret@h:port"}, "proxy: expected a proxy as http://HOST:PORT"),
        ({"ca": "no-such.pem"}, "ca: "),
        ({"ca": __file__}, "ca: expected a readable file of PEM certificates"),
        ({"key": __file__}, "a key goes with a certificate"),
        ({"certificate": __file__}, "certificate: expected PEM files"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent(options: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        channels.build("chat", "slack", {"url": "https://chat.example.org/x", **options})
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)
