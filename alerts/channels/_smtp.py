"""A connection to an SMTP server that keeps to a deadline (RFC 5321; STARTTLS by RFC 3207)."""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
from concurrent.futures import Future
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FilePath, SecretStr, model_validator

from alerts.channels._dial import cut_off, dial, in_background
from alerts.channels._network import Deadline, TimedReader, send_all
from alerts.channels._settings import Port, Strict
from alerts.clock import monotonic

REPLY_LIMIT = 64 * 1024  # octets; a greeting with all its extensions has about 500


def trust(ca: str | None) -> ssl.SSLContext:
    """Return a context that verifies the server's certificate and name, by the system's roots or by the file `ca`."""
    return ssl.create_default_context(cafile=ca)


def _certificates(ca: FilePath) -> FilePath:
    try:
        trust(str(ca))
    except OSError:
        raise ValueError("expected a readable file of PEM certificates") from None
    return ca


class Smtp(Strict):
    """The server that takes our mails, and how it is spoken to."""

    host: Annotated[str, Field(pattern=r"^[^\s/@]+$")]
    port: Port = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    ca: Annotated[FilePath, AfterValidator(_certificates)] | None = None

    @model_validator(mode="after")
    def _login_is_whole_and_safe(self) -> Smtp:
        if (self.username is None) != (self.password is None):
            raise ValueError("a username and a password go together")
        if self.username is not None and self.security == "none":
            raise ValueError("a password is never sent in the clear: set security to starttls or tls")
        if not ((self.username or "") + (self.password.get_secret_value() if self.password else "")).isascii():
            raise ValueError("a username or password beyond ASCII cannot be sent")
        return self


@cache
def _full_name() -> Future[str]:
    return in_background(socket.getfqdn)


def _own_name(deadline: Deadline) -> str:
    """The name we greet with; looked up once, and a broken resolver is not waited for (RFC 5321 §4.1.3)."""
    try:
        name = _full_name().result(deadline.left() / 4)
    except OSError:
        name = ""
    return name if "." in name and name.isascii() else "[127.0.0.1]"


class Connection(smtplib.SMTP):
    """An open, secured and logged-in connection. `deadline` may be replaced before each mail.

    Raises OSError (smtplib.SMTPException is one), also when the deadline passes in the middle of a reply.
    """

    def __init__(self, smtp: Smtp, context: ssl.SSLContext | None, deadline: Deadline) -> None:
        self.deadline = deadline
        self.mails = 0
        self.used_at = monotonic()
        self._outer_tls = context if smtp.security == "tls" else None
        self._reader: TimedReader | None = None
        try:
            super().__init__(smtp.host, smtp.port, local_hostname=_own_name(deadline), timeout=deadline.left())
            if smtp.security == "starttls" and self.sock is not None:
                with cut_off(self.sock, deadline):
                    self.starttls(context=context)
            self.ehlo_or_helo_if_needed()
            if smtp.username is not None and smtp.password is not None:
                self._log_in(smtp.username, smtp.password.get_secret_value())
        except BaseException:
            self.close()
            raise

    def _log_in(self, username: str, password: str) -> None:
        try:
            self.login(username, password)
        except ValueError:  # smtplib decodes what the server challenges us with (RFC 4954 §4)
            raise smtplib.SMTPException("login failed: the server's challenge cannot be read") from None

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 # smtplib's signature
        sock = dial(host, port, self.deadline)
        if self._outer_tls is None:
            return sock
        with cut_off(sock, self.deadline):
            return self._outer_tls.wrap_socket(sock, server_hostname=host)

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply; smtplib would wait for each of its bytes anew, and keep as many lines as there are."""
        if self.file is None and self.sock is not None:
            raw = self.sock.makefile("rb", buffering=0)
            self._reader = TimedReader(self.sock, raw, self._left, REPLY_LIMIT)
            self.file = io.BufferedReader(self._reader)
        if self._reader is not None:
            self._reader.allowance = REPLY_LIMIT
        return super().getreply()

    def _left(self) -> float:
        return self.deadline.left()  # of the mail under way: the reader outlives it

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # the stub's Buffer is wider than what is sent
        """Send all of it, or raise SMTPServerDisconnected."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            send_all(self.sock, s.encode(self.command_encoding) if isinstance(s, str) else s, self._left)
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected("connection lost") from error

    def leave(self, deadline: Deadline) -> None:
        """Say goodbye if the server still listens; what it accepted stays accepted either way (RFC 5321 §4.1.1.10)."""
        self.deadline = deadline
        try:
            self.quit()
        except OSError:
            self.close()
