"""A real SMTP server and a real HTTP server on loopback that write down everything they accept.

They live in the test's own process, so they outlast whatever is killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.patience import eventually

MESSAGE_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@example\.org>\r?$", re.MULTILINE)


class Accepted(NamedTuple):
    """One message that a server said yes to: its Message-ID or webhook-id, and what its bytes were."""

    channel: str
    id: str
    digest: str


@dataclass
class Sinks:
    """What was accepted, in order, and how many connections are open.

    `pause`: seconds between accepting and saying so. `gate`: while it is closed no post is accepted.
    """

    smtp: int = 0
    http: int = 0
    pause: float = 0.0
    accepted: list[Accepted] = field(default_factory=list)
    notices: list[bytes] = field(default_factory=list)  # what the operators were told
    gate: threading.Event = field(default_factory=threading.Event)
    waiting: int = 0  # at the gate
    connections: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, channel: str, id_: str, body: bytes) -> None:
        with self.lock:
            self.accepted.append(Accepted(channel, id_, hashlib.sha256(body).hexdigest()))

    def connected(self, by: int) -> None:
        with self.lock:
            self.connections += by

    def pass_gate(self) -> None:
        with self.lock:
            self.waiting += 1
        self.gate.wait(60)
        with self.lock:
            self.waiting -= 1

    def ids(self, since: int = 0) -> Counter[str]:
        """How often each was accepted, from the so-manieth message on."""
        return Counter(one.id for one in self.accepted[since:])

    def settle(self) -> None:
        """Wait until everything that a process which is gone had sent is read: its connections are at their ends."""
        for port, hello in ((self.smtp, b"QUIT\r\n"), (self.http, b"GET / HTTP/1.0\r\n\r\n")):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as last:  # accepted after all before it
                last.sendall(hello)
                while last.recv(1024):
                    pass
        eventually(lambda: not self.connections, "the connections of what was killed are at their ends")

    def repeats_that_differ(self) -> set[str]:
        """Which ids came with different bytes."""
        digests: dict[str, set[str]] = {}
        for one in self.accepted:
            digests.setdefault(one.id, set()).add(one.digest)
        return {id_ for id_, found in digests.items() if len(found) > 1}


class _Mails(SMTP):
    sinks: Sinks

    def connection_made(self, transport: Any) -> None:
        self.sinks.connected(1)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.sinks.connected(-1)


class _Mailbox:
    def __init__(self, sinks: Sinks) -> None:
        self._sinks = sinks

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 # aiosmtpd's name
        if address.startswith("gone@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 # aiosmtpd's name
        found = MESSAGE_ID.search(envelope.content)
        self._sinks.accept("mail", found[1].decode() if found else "no Message-ID", envelope.content)
        await asyncio.sleep(self._sinks.pause)
        return "250 taken"


class _Mail(Controller):
    def factory(self) -> SMTP:
        server = _Mails(self.handler, hostname="sink.example.org", enable_SMTPUTF8=True)
        server.sinks = self.handler._sinks
        return server


class _Post(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Posts

    def do_POST(self) -> None:  # http.server's name
        length = int(self.headers["content-length"] or 0)
        body = self.rfile.read(length)
        if not length or len(body) < length:  # whoever sent this died amid its head or body
            self.close_connection = True
            return
        sinks = self.server.sinks
        sinks.pass_gate()
        if self.path == "/ops":
            sinks.notices.append(body)
        sinks.accept(self.path.strip("/").replace("hook", "chat"), self.headers["webhook-id"], body)
        threading.Event().wait(sinks.pause)
        self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    def log_message(self, *_: Any) -> None: ...

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()


class _Posts(ThreadingHTTPServer):
    sinks: Sinks
    request_queue_size = 128
    daemon_threads = True

    def process_request(self, request: Any, client_address: Any) -> None:
        self.sinks.connected(1)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.sinks.connected(-1)


@contextmanager
def open_sinks() -> Iterator[Sinks]:
    """Start both servers."""
    sinks = Sinks()
    sinks.gate.set()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        sinks.smtp = probe.getsockname()[1]
    mail = _Mail(_Mailbox(sinks), hostname="127.0.0.1", port=sinks.smtp)
    mail.start()
    posts = _Posts(("127.0.0.1", 0), _Post)
    posts.sinks = sinks
    sinks.http = posts.server_address[1]
    thread = threading.Thread(target=posts.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield sinks
    finally:
        sinks.gate.set()
        posts.shutdown()
        posts.server_close()
        thread.join(10)
        mail.stop()
