"""A connection to an SMTP server that keeps to a deadline (RFC 5321; STARTTLS by RFC 3207)."""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FilePath, SecretStr, model_validator

from alerts.channels._network import Deadline, TimedReader, dial
from alerts.channels._settings import Port, Strict
from alerts.clock import monotonic

_CHUNK = 16 * 1024  # octets, one TLS record: each gets what is left of the deadline, not the whole of it


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
def _own_name() -> str:
    """The name we greet with; looked up once, for a broken resolver takes its time (RFC 5321 §4.1.3)."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


class Connection(smtplib.SMTP):
    """An open, secured and logged-in connection. `deadline` may be replaced before each mail.

    Raises OSError (smtplib.SMTPException is one), also when the deadline passes in the middle of a reply.
    """

    def __init__(self, smtp: Smtp, context: ssl.SSLContext | None, deadline: Deadline) -> None:
        self.deadline = deadline
        self.mails = 0
        self.used_at = monotonic()
        self._outer_tls = context if smtp.security == "tls" else None
        super().__init__(smtp.host, smtp.port, local_hostname=_own_name(), timeout=deadline.left())
        try:
            if smtp.security == "starttls":
                self.starttls(context=context)
            self.ehlo_or_helo_if_needed()
            if smtp.username is not None and smtp.password is not None:
                self.login(smtp.username, smtp.password.get_secret_value())
        except BaseException:
            self.close()
            raise

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 # smtplib's signature
        sock = dial(host, port, self.deadline)
        sock.settimeout(self.deadline.left())
        return self._outer_tls.wrap_socket(sock, server_hostname=host) if self._outer_tls else sock

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply; smtplib would wait for each of its bytes anew."""
        if self.file is None and self.sock is not None:
            raw = self.sock.makefile("rb", buffering=0)
            self.file = io.BufferedReader(TimedReader(self.sock, raw, self._left))
        return super().getreply()

    def _left(self) -> float:
        return self.deadline.left()  # of the mail under way: the reader outlives it

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # the stub's Buffer is wider than what is sent
        """Send all of it, or raise SMTPServerDisconnected."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        for start in range(0, len(data), _CHUNK):
            if self.sock is not None:
                self.sock.settimeout(self.deadline.left())
            super().send(data[start : start + _CHUNK])

    def leave(self, deadline: Deadline) -> None:
        """Say goodbye if the server still listens; what it accepted stays accepted either way (RFC 5321 §4.1.1.10)."""
        self.deadline = deadline
        try:
            self.quit()
        except OSError:
            self.close()
