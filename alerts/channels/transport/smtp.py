"""A connection to an SMTP server with a time limit (RFC 5321; STARTTLS by RFC 3207)."""

from __future__ import annotations

import io
import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache, lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FilePath, SecretStr, model_validator

from alerts.channels.transport.channel_settings import Port, StrictSettings
from alerts.channels.transport.dial import cut_off, dial, in_background
from alerts.channels.transport.oauth import Tokens, initial_response
from alerts.channels.transport.time_budget import TimeBudget, TimedReader, send_all
from alerts.clock import monotonic

REPLY_LIMIT = 64 * 1024  # octets; a greeting with all its extensions has about 500
REPLY_KEPT = 1000  # octets kept of a reply that breaks off
_NAME = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_NAME}(\.{_NAME})*")
_LITERAL = re.compile(r"\[(IPv6:[0-9A-Fa-f:.]+|\d{1,3}(\.\d{1,3}){3})\]")  # RFC 5321 §4.1.3
_SHARED_NAMES = ("localhost", "localdomain")  # names that every host has and that identify none
_REFUSAL = re.compile(rb"([45]\d\d)(?:[ -](.*))?")


_path = lru_cache(maxsize=1024)(smtplib.quoteaddr)


def trust(ca: str | None) -> ssl.SSLContext:
    """Return a context that verifies the server's certificate and name, by the system's roots or by the file `ca`."""
    return ssl.create_default_context(cafile=ca)


def _certificates(ca: FilePath) -> FilePath:
    try:
        trust(str(ca))
    except OSError:
        raise ValueError("expected a readable file of PEM certificates") from None
    return ca


def _greeting(name: str) -> str:
    if len(name) > 255 or not (_DOMAIN.fullmatch(name) or _LITERAL.fullmatch(name)):
        raise ValueError("expected the name of this host, such as mail.example.org, or its address as [192.0.2.1]")
    return name


class Smtp(StrictSettings):
    """The server for our mails, and how to connect to it. `helo` is the name in the greeting."""

    host: Annotated[str, Field(pattern=r"^[^\s/@]+$")]
    port: Port = 587
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    auth: Literal["password", "xoauth2"] = "password"
    token_file: FilePath | None = None
    token_command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    helo: Annotated[str, AfterValidator(_greeting)] | None = None
    ca: Annotated[FilePath, AfterValidator(_certificates)] | None = None

    @model_validator(mode="after")
    def _login_is_whole_and_safe(self) -> Smtp:
        sources = (self.token_file is not None) + (self.token_command is not None)
        if self.auth == "xoauth2" and (self.username is None or self.password is not None or sources != 1):
            raise ValueError("auth: xoauth2 needs a username, and either token_file or token_command; no password")
        if self.auth == "password" and sources:
            raise ValueError("token_file and token_command go with auth: xoauth2")
        if self.auth == "password" and (self.username is None) != (self.password is None):
            raise ValueError("a username and a password go together")
        if self.username is not None and self.security == "none":
            raise ValueError("a password is never sent in the clear: set security to starttls or tls")
        if not ((self.username or "") + (self.password.get_secret_value() if self.password else "")).isascii():
            raise ValueError("a username or password beyond ASCII cannot be sent")
        return self


@cache
def _full_name() -> Future[str]:
    return in_background(socket.getfqdn)


def _own_name(budget: TimeBudget, domain: str) -> str:
    """Return the name in the greeting: the host's, looked up once and only briefly, because a resolver may hang.

    A host without a full name, such as a container, uses the sender's `domain`: relays refuse an address that nobody
    owns (RFC 5321 §4.1.3 leaves it to hosts without a name).
    """
    try:
        found = _full_name().result(budget.left() / 4)
    except OSError:
        found = ""
    for name in (found, domain.encode("idna").decode() if _encodes(domain) else ""):
        if "." in name and _DOMAIN.fullmatch(name) and name.rpartition(".")[2].lower() not in _SHARED_NAMES:
            return name
    return "[127.0.0.1]"


def _encodes(domain: str) -> bool:
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


class _Reader(TimedReader):
    """Keeps the start of the current reply in case it breaks off."""

    received = b""

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]  # as its base
        count = super().readinto(buffer)
        if count and len(self.received) < REPLY_KEPT:
            self.received += bytes(buffer[:count])
        return count


class Connection(smtplib.SMTP):
    """An open, secured and logged-in connection. `budget` may be replaced before each mail.

    Raises OSError (smtplib.SMTPException is one), also when the deadline passes in the middle of a reply.
    """

    def __init__(
        self,
        smtp: Smtp,
        context: ssl.SSLContext | None,
        budget: TimeBudget,
        *,
        domain: str = "",
        tokens: Tokens | None = None,
    ) -> None:
        self.budget = budget
        self._refusal: tuple[int, bytes] | None = None  # the last reply if it was a refusal
        self.mails = 0
        self.used_at = monotonic()
        self._outer_tls = context if smtp.security == "tls" else None
        self._reader: _Reader | None = None
        try:
            name = smtp.helo or _own_name(budget, domain)
            super().__init__(smtp.host, smtp.port, local_hostname=name, timeout=budget.left())
            if smtp.security == "starttls" and self.sock is not None:
                with cut_off(self.sock, budget):
                    self._start_tls(context)
            self.ehlo_or_helo_if_needed()
            if smtp.username is not None and tokens is not None:
                self._show_token(smtp.username, tokens)
            elif smtp.username is not None and smtp.password is not None:
                self._log_in(smtp.username, smtp.password.get_secret_value())
        except BaseException:
            self.close()
            raise

    def _start_tls(self, context: ssl.SSLContext | None) -> None:
        try:
            self.starttls(context=context)
        except smtplib.SMTPNotSupportedError:
            raise smtplib.SMTPNotSupportedError(
                "the server does not offer STARTTLS: set smtp.security to `tls` (usually port 465), or to `none` for a "
                "relay on your own network"
            ) from None

    def _log_in(self, username: str, password: str) -> None:
        try:
            self.login(username, password)
        except ValueError:  # smtplib cannot decode the server's challenge (RFC 4954 §4)
            raise smtplib.SMTPException("login failed: the server's challenge cannot be read") from None

    def _show_token(self, username: str, tokens: Tokens) -> None:
        """Log in by a token. If the server refuses one that worked before, it has expired: try once with a new one."""
        token, fresh = tokens.get(self.budget)
        try:
            self._authenticate(username, token)
        except smtplib.SMTPAuthenticationError:
            tokens.refused(token)
            if fresh:
                raise
            token, _ = tokens.get(self.budget)
            self._authenticate(username, token)

    def _authenticate(self, username: str, token: str) -> None:
        """Log in by XOAUTH2 (Gmail, "SASL XOAUTH2"): an error comes as a challenge and needs an empty answer."""
        if not self.has_extn("auth") or "XOAUTH2" not in self.esmtp_features["auth"].upper().split():
            raise smtplib.SMTPNotSupportedError("the server does not offer AUTH XOAUTH2")
        first = initial_response(username, token)
        code, reply = self.docmd("AUTH", f"XOAUTH2 {first}")
        if code == 334:
            code, reply = self.docmd("")
        if code not in (235, 503):
            raise smtplib.SMTPAuthenticationError(code, reply)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 # smtplib's signature
        sock = dial(host, port, self.budget)
        if self._outer_tls is None:
            return sock
        try:
            with cut_off(sock, self.budget):
                return self._outer_tls.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()  # the time may be up before a TLS socket has taken it over
            raise

    def getreply(self) -> tuple[int, bytes]:
        """Read one reply; smtplib would restart the time-out for each byte and keep any number of lines."""
        if self.file is None and self.sock is not None:
            raw = self.sock.makefile("rb", buffering=0)
            self._reader = _Reader(self.sock, raw, self._left, REPLY_LIMIT)
            self.file = io.BufferedReader(self._reader)
        if self._reader is not None:
            self._reader.allowance, self._reader.received = REPLY_LIMIT, b""
        try:
            code, reply = super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            raise self._closing_reply() or error from None
        self._refusal = (code, reply) if code >= 400 else None
        return code, reply

    def _closing_reply(self) -> smtplib.SMTPResponseException | None:
        """Return the server's last reply before it hung up, if that was a refusal (mostly 421, RFC 5321 §3.8)."""
        received = self._reader.received if self._reader else b""
        if lines := [found for line in received.splitlines() if (found := _REFUSAL.match(line))]:
            texts = b" ".join(line[2] or b"" for line in lines)
            return smtplib.SMTPResponseException(int(lines[0][1]), texts)
        return smtplib.SMTPResponseException(*self._refusal) if self._refusal else None

    def _left(self) -> float:
        return self.budget.left()  # of the current mail: the reader lives longer

    def send(self, s: bytes | str) -> None:  # type: ignore[override]  # the stub's Buffer is wider than what is sent
        """Send all data, or raise SMTPServerDisconnected."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            send_all(self.sock, s.encode(self.command_encoding) if isinstance(s, str) else s, self._left)
        except OSError as error:
            self.close()
            raise self._closing_reply() or smtplib.SMTPServerDisconnected("connection lost") from error

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Send MAIL and return the reply. smtplib reads the address anew for each mail."""
        if "SMTPUTF8" in options:
            return super().mail(sender, options)
        self.putcmd("mail", " ".join([f"FROM:{_path(sender)}", *options]))
        return self.getreply()

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        """Send RCPT and return the reply."""
        self.putcmd("rcpt", " ".join([f"TO:{_path(recip)}", *options]))
        return self.getreply()

    def data(self, msg: bytes | str) -> tuple[int, bytes]:  # type: ignore[override]  # the stub's Buffer, as in `send`
        """Send DATA and a mail whose lines end in CRLF; a dot at the start of a line is doubled (RFC 5321 §4.5.2).

        smtplib looks for it with a pattern, which takes as long as all else that is sent.
        """
        assert isinstance(msg, bytes)
        code, reply = self.docmd("data")
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)
        dot = b"." if msg.startswith(b".") else b""
        self.send(dot + msg.replace(b"\n.", b"\n..") + b".\r\n")
        return self.getreply()

    def quit_within(self, budget: TimeBudget) -> None:
        """Send QUIT if the server still listens; accepted mail stays accepted either way (RFC 5321 §4.1.1.10)."""
        self.budget = budget
        try:
            self.quit()
        except OSError:
            self.close()
