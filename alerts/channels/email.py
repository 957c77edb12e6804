"""E-mail: one recipient a delivery, over a few connections that are kept open."""

from __future__ import annotations

import smtplib
from collections import deque
from datetime import timedelta
from threading import Lock
from typing import ClassVar, Literal

from pydantic import Field

from alerts.channels._mime import mail, needs_utf8
from alerts.channels._network import Deadline, one_line, reason
from alerts.channels._settings import Common, Mailbox, Recipients
from alerts.channels._smtp import Connection, Smtp, trust
from alerts.clock import monotonic
from alerts.core.deliveries import DeliveryError
from alerts.core.notifications import Outgoing

MAILS_PER_CONNECTION = 100  # servers cap it; 100 is the usual cap
IDLE_AT_MOST = 60.0  # seconds; servers hang up after some minutes (RFC 5321 §4.5.3.2.7)
_GOODBYE = timedelta(seconds=2)
_ABOUT_US = (503, 530, 535, 538)  # said at RCPT, but it is our login that is wanting (RFC 4954 §6)


class EmailSettings(Common):
    """A mail server, who writes, and to whom: each gets a mail of their own."""

    sender: Mailbox = Field(alias="from")
    to: Recipients
    smtp: Smtp


class Email:
    """Hands mails to an SMTP server."""

    kind: ClassVar[str] = "email"
    form: ClassVar[Literal["mail"]] = "mail"
    local: ClassVar[bool] = False
    connections: ClassVar[int] = 2

    def __init__(self, name: str, settings: EmailSettings) -> None:
        self.name = name
        self.recipients = tuple(address.addr_spec for address in settings.to)
        self.timezone = settings.timezone
        self.timeout = settings.deadline
        self._sender = settings.sender
        self._smtp = settings.smtp
        ca = settings.smtp.ca
        self._context = None if settings.smtp.security == "none" else trust(str(ca) if ca else None)
        self._idle: deque[Connection] = deque()
        self._lock = Lock()
        self._closed = False

    def send(self, outgoing: Outgoing) -> str:
        """Return the server's last word, e.g. "250 2.0.0 Ok: queued as 4ZX". Raises DeliveryError.

        Permanent is what the server refuses for good: this recipient, or this content. A refused sender or login
        says nothing about the recipient and is tried again.
        """
        content = mail(outgoing, self._sender)
        deadline = Deadline(self.timeout)
        connection = self._begin(deadline, outgoing.recipient, len(content))
        try:
            reply = _hand_over(connection, outgoing.recipient, content)
        except DeliveryError:
            self._reset(connection)
            raise
        except OSError as error:
            connection.close()
            raise DeliveryError(
                f"{self._smtp.host}: {reason(error)} in the middle of the mail; should it have arrived all the same, "
                "the repeat has the same Message-ID"
            ) from None
        connection.mails += 1
        self._keep(connection)
        return reply

    def close(self) -> None:
        """Close the idle connections; one in use is closed when its mail is done."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for connection in idle:
            connection.leave(Deadline(_GOODBYE))

    def _begin(self, deadline: Deadline, recipient: str, size: int) -> Connection:
        """Return a connection on which the server has accepted MAIL; a kept one that went dead is replaced, once."""
        kept = self._take()
        if kept is not None:
            kept.deadline = deadline
            try:
                self._mail_from(kept, recipient, size)
            except OSError:
                kept.close()
            else:
                return kept
        try:
            connection = Connection(self._smtp, self._context, deadline)
            self._mail_from(connection, recipient, size)
        except OSError as error:  # which smtplib's own are, too
            raise DeliveryError(f"{self._smtp.host}:{self._smtp.port}: {_why(error)}") from None
        return connection

    def _mail_from(self, connection: Connection, recipient: str, size: int) -> None:
        sender = self._sender.addr_spec
        options = [f"SIZE={size}"] if connection.has_extn("size") else []
        if needs_utf8(sender, recipient):
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            code, reply = connection.mail(sender, options)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, reply, sender)
        except OSError:
            connection.close()
            raise

    def _take(self) -> Connection | None:
        """Return the connection that was used last; the others are let go once they have idled too long."""
        with self._lock:
            stale = [kept for kept in self._idle if monotonic() - kept.used_at > IDLE_AT_MOST]
            for connection in stale:
                self._idle.remove(connection)
            taken = self._idle.pop() if self._idle else None
        for connection in stale:
            connection.close()
        return taken

    def _keep(self, connection: Connection) -> None:
        connection.used_at = monotonic()
        with self._lock:
            kept = not self._closed and connection.mails < MAILS_PER_CONNECTION
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.leave(Deadline(_GOODBYE))

    def _reset(self, connection: Connection) -> None:
        """Make the connection fit for the next mail after a refusal (RSET, RFC 5321 §4.1.1.5)."""
        try:
            code, _ = connection.rset()
        except OSError:
            code = 0
        if code == 250:
            self._keep(connection)
        else:
            connection.close()


def _hand_over(connection: Connection, recipient: str, content: bytes) -> str:
    code, reply = connection.rcpt(recipient)
    if code not in (250, 251):
        raise DeliveryError(
            f"recipient refused: {_said(code, reply)}", permanent=code // 100 == 5 and code not in _ABOUT_US
        )
    try:
        code, reply = connection.data(content)
        if code != 250:
            raise smtplib.SMTPDataError(code, reply)
    except smtplib.SMTPDataError as error:
        said = _said(error.smtp_code, error.smtp_error)
        raise DeliveryError(f"mail refused: {said}", permanent=error.smtp_code // 100 == 5) from None
    return _said(code, reply)


def _said(code: int, reply: bytes | str) -> str:
    return one_line(f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}")


def _why(error: OSError) -> str:
    """Say why no mail could be begun. The words of a failed login are left out: they may repeat who tried."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"login refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"sender refused: {_said(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return one_line(str(error))
    return reason(error)
