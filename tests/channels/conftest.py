"""Real servers on loopback: one that takes mails, and one that speaks by a script."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerts.core.messages import Message, Outgoing
from tests.forked_apprise import STARTED_BY

ID = UUID("5f1c2a54-1111-5222-8333-123456789abc")


@pytest.fixture
def outgoing():
    """Make something to send; keywords change the message."""

    def make(recipient: str = "", uuid: UUID = ID, bounce_token: str = "", **changes) -> Outgoing:
        message = {
            "subject": "Due Fri 7 Nov 2025: truce text",
            "text": "It is due.\n",
            "rendered_at": datetime(2025, 11, 3, 14, 0, tzinfo=UTC),
        }
        return Outgoing(id=uuid, recipient=recipient, message=Message(**(message | changes)), bounce_token=bounce_token)

    return make


@pytest.fixture
def apprise_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program start the process that has Apprise send as it does for a user."""
    monkeypatch.setattr(STARTED_BY, subprocess)


@pytest.fixture
def scripted() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Serve each connection with a function of its socket; returns the port. What was served is counted."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(script: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def speak(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(5)
                script(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=speak, args=(connection,), daemon=True))
                    threads[-1].start()

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[-1].start()
        return listener.getsockname()[1]

    yield serve
    for listener in listeners:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join(timeout=6)


class Postbox:
    """What an SMTP server was told, and what it answers: `refuse` maps a command to a reply; `withhold` extensions."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.senders: list[str] = []  # of the envelopes
        self.options: list[str] = []
        self.sessions: set[int] = set()
        self.logins: list[tuple[bytes, bytes]] = []
        self.refuse: dict[str, str] = {}
        self.withhold: set[str] = set()
        self.fail_after_data = 0  # so many mails are taken to the end and then not accepted

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802 # aiosmtpd's name
        session.host_name = hostname
        *offered, last = (line for line in responses if line[4:].split()[0] not in self.withhold)
        return [*(line.replace(" ", "-", 1) if line[3] == " " else line for line in offered), f"250 {last[4:]}"]

    async def handle_MAIL(self, _server, session, envelope, address, options):  # noqa: N802 # aiosmtpd's name
        self.sessions.add(session.peer[1])
        self.options = options
        self.senders.append(address)
        if "MAIL" not in self.refuse:
            envelope.mail_from = address
        return self.refuse.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 # aiosmtpd's name
        if address not in self.refuse:
            envelope.rcpt_tos.append(address)
        return self.refuse.get(address, "250 OK")

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 # aiosmtpd's name
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        self.mails.append(envelope.original_content)
        if self.fail_after_data:
            self.fail_after_data -= 1
            return "451 4.3.0 try again"
        self.recipients += envelope.rcpt_tos
        return "250 2.0.0 Ok: queued as 4ZX"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"s3cret", handled=False)


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def smtp_server(postbox, request) -> Iterator[Callable[..., int]]:
    """Start a real SMTP server that fills the postbox; `security` as in the settings. Returns its port."""
    running: list[Controller] = []

    def start(security: str = "none", port: int = 0, **options) -> int:
        if security != "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(request.getfixturevalue("certificate"))
            key = {"tls": "ssl_context", "starttls": "tls_context"}[security]
            options[key] = context
        controller = Controller(postbox, hostname="127.0.0.1", port=port or free_port(), **options)
        controller.start()
        running.append(controller)
        return controller.port

    start.running = running
    yield start
    for controller in running:
        if controller.loop.is_running():
            controller.stop()


def secured(context: ssl.SSLContext, connection: socket.socket) -> ssl.SSLSocket:
    """Begin TLS as the server.

    Where the client has reset the connection, `wrap_socket` raises and leaves its socket open: the warning about that
    would fail whatever test runs by then. This raises before.
    """
    connection.getpeername()
    return context.wrap_socket(connection, server_side=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
