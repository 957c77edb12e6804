"""How a mail server is greeted, what it says before it hangs up, and logins by a token: real servers on loopback."""

from __future__ import annotations

import base64
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from alerts import channels
from alerts.channels.transport import smtp as _smtp
from alerts.core.deliveries import DeliveryError
from alerts.deadlines.errors import InputError


@pytest.fixture(params=["container", "localhost.localdomain"])
def nameless(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host whose name says nothing to others."""
    monkeypatch.setattr(socket, "getfqdn", lambda: request.param)
    _smtp._full_name.cache_clear()
    yield
    _smtp._full_name.cache_clear()


def send(outgoing: Any, port: int, sender: str = "alerts@example.org", security: str = "none", **smtp: Any) -> str:
    """Send a mail, and say what came of it."""
    options = {"host": "127.0.0.1" if security == "none" else "localhost", "port": port, "security": security, **smtp}
    to = {"from": sender, "to": ["desk@example.org"], "smtp": options, "timeout": 5}
    channel = channels.build("desk", "email", to)
    try:
        return channel.send(outgoing("desk@example.org"))
    except DeliveryError as error:
        return str(error)
    finally:
        channel.close()


@pytest.mark.parametrize(
    ("sender", "smtp", "expected"),
    [
        ("alerts@example.org", {}, b"example.org"),
        ("alerts@b\u00fccher.example.org", {}, b"xn--bcher-kva.example.org"),
        ("alerts@localhost", {}, b"[127.0.0.1]"),
        ("alerts@example.org", {"helo": "mail.example.org"}, b"mail.example.org"),
        ("alerts@example.org", {"helo": "[192.0.2.7]"}, b"[192.0.2.7]"),
    ],
)
@pytest.mark.usefixtures("nameless")
def test_a_host_without_a_name_greets_as_who_writes_unless_it_is_told(
    sender: str, smtp: dict[str, Any], expected: bytes, outgoing: Any, scripted: Any
) -> None:
    greetings: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        connection.sendall(b"220 here\r\n")
        greetings.append(connection.recv(100))

    send(outgoing, scripted(listen), sender, **smtp)
    assert greetings == [b"ehlo " + expected + b"\r\n"]


@pytest.mark.parametrize("helo", ["", "two words", "a@b", "-x.example.org", "x" * 64, "[not.an.address]", "a..b"])
def test_a_name_that_nobody_can_have_is_refused(helo: str) -> None:
    smtp = {"host": "127.0.0.1", "security": "none", "helo": helo}
    with pytest.raises(InputError, match=r"smtp\.helo: expected the name of this host"):
        channels.build("desk", "email", {"from": "a@example.org", "to": ["b@example.org"], "smtp": smtp})


BUSY = b"421 4.7.0 Try again later, closing connection. (EHLO) - gsmtp\r\n"
WORDS = "421 4.7.0 Try again later, closing connection. (EHLO) - gsmtp"


@pytest.mark.parametrize(
    ("replies", "words"),
    [
        ([b"220 here\r\n", BUSY], WORDS),
        ([b"220 here\r\n", b"421-4.7.0 Not now,\r\n421-4.7.0 nor"], "421 4.7.0 Not now, 4.7.0 nor"),
        ([b"554 5.7.1 We do not know you\r\n"], "554 5.7.1 We do not know you"),
        ([b"220 here\r\n", b"250 hi\r\n", BUSY], f"sender refused: {WORDS}"),
        ([b"220 here\r\n", b"250 hi\r\n"], "connection lost ("),
    ],
)
def test_what_the_server_says_before_it_hangs_up_is_in_the_error(
    replies: list[bytes], words: str, outgoing: Any, scripted: Any
) -> None:
    def talk(connection: socket.socket) -> None:
        for number, reply in enumerate(replies):
            if number:
                connection.recv(1000)
            connection.sendall(reply)

    port = scripted(talk)
    assert send(outgoing, port).startswith(f"127.0.0.1:{port}: {words}")


class Door:
    """An authenticator of aiosmtpd: lets a token in, and says to others why not, as Google does."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.shown: list[bytes] = []

    async def auth_XOAUTH2(self, server: Any, arguments: list[str]) -> AuthResult:  # noqa: N802 # aiosmtpd finds it so
        shown = base64.b64decode(arguments[1], validate=True)
        self.shown.append(shown)
        if shown == b"user=alerts@example.org\x01auth=Bearer " + self.token.encode() + b"\x01\x01":
            return AuthResult(success=True)
        answer = await server.challenge_auth('{"status":"400"}')
        assert answer == b""
        return AuthResult(success=False, handled=False)


@pytest.fixture
def door(postbox: Any) -> Door:
    found = Door("ya29.a0-t0ken")
    postbox.auth_XOAUTH2 = found.auth_XOAUTH2
    return found


@pytest.fixture
def login(smtp_server: Any, certificate: str, outgoing: Any, door: Door) -> Any:
    port = smtp_server("starttls", auth_required=True)

    def send_by(**more: Any) -> str:
        known = {"username": "alerts@example.org", "auth": "xoauth2", "ca": certificate, **more}
        return send(outgoing, port, security="starttls", **known)

    return send_by


def test_a_token_from_a_file_is_read_anew_for_each_login(login: Any, door: Door, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("ya29.a0-t0ken\n")
    assert login(token_file=str(file)).startswith("250")
    door.token = "ya29.the-next"
    assert "login refused (535)" in login(token_file=str(file))
    file.write_text("ya29.the-next")
    assert login(token_file=str(file)).startswith("250")


def test_a_token_that_has_run_out_is_asked_for_again(
    smtp_server: Any, certificate: str, outgoing: Any, door: Door, tmp_path: Path
) -> None:
    kept, count = tmp_path / "kept", tmp_path / "count"
    kept.write_text("ya29.a0-t0ken")
    code = f"open({str(count)!r}, 'a').write('x'); print(open({str(kept)!r}).read())"
    smtp = {
        "host": "localhost", "port": smtp_server("starttls", auth_required=True), "ca": certificate, "auth": "xoauth2",
        "username": "alerts@example.org", "token_command": [sys.executable, "-c", code],
    }  # fmt: skip
    channel = channels.build("desk", "email", {"from": "a@example.org", "to": ["b@example.org"], "smtp": smtp})

    def again() -> str:
        for kept_open in list(channel._idle):  # type: ignore[attr-defined]
            kept_open.close()
        return channel.send(outgoing("b@example.org"))

    assert again().startswith("250")
    assert again().startswith("250")
    assert count.read_text() == "x"  # as long as it is good, it is not asked for
    door.token = "ya29.the-next"
    kept.write_text("ya29.the-next")
    assert again().startswith("250")
    assert count.read_text() == "xx"
    channel.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('s3cret'); sys.exit('s3cret')", "the token command failed (exit code 1)"),
        ("print('s3cret and more')", "what the token command prints is no token: expected ASCII without spaces"),
        ("pass", "what the token command prints is no token: expected ASCII without spaces"),
    ],
)
def test_what_a_command_prints_is_never_said(login: Any, code: str, said: str) -> None:
    found = login(token_command=[sys.executable, "-c", code])
    assert said in found
    assert "s3cret" not in found


def test_a_command_that_does_not_end_is_ended(login: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.channels.transport.oauth.COMMAND_AT_MOST", 0.3)
    assert "the token command timed out" in login(token_command=["sleep", "60"])
    assert "the token command cannot be run: No such file or directory" in login(token_command=["/no/such/command"])


def test_a_server_that_does_not_know_it_says_so(
    smtp_server: Any, certificate: str, outgoing: Any, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("t0ken")
    more = {"username": "a", "auth": "xoauth2", "ca": certificate, "token_file": str(tmp_path / "token")}
    said = send(
        outgoing, smtp_server("starttls", auth_exclude_mechanism=["LOGIN", "PLAIN"]), security="starttls", **more
    )
    assert "the server does not offer AUTH XOAUTH2" in said


@pytest.mark.parametrize(
    "smtp",
    [
        {"auth": "xoauth2", "username": "a"},
        {"auth": "xoauth2", "token_command": ["true"]},
        {"auth": "xoauth2", "username": "a", "password": "b", "token_command": ["true"]},
        {"auth": "xoauth2", "username": "a", "token_command": ["true"], "token_file": __file__},
        {"username": "a", "password": "b", "token_command": ["true"]},
        {"auth": "xoauth2", "username": "a", "token_command": ["true"], "security": "none"},
    ],
)
def test_half_a_login_is_refused(smtp: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        channels.build("desk", "email", {"from": "a@example.org", "to": ["b@x.org"], "smtp": {"host": "h", **smtp}})
