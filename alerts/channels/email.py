"""E-mail: one recipient a delivery, over a few connections that are kept open."""

from __future__ import annotations

import smtplib
from collections import deque
from contextlib import suppress
from datetime import timedelta
from email.headerregistry import Address
from threading import Lock
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from alerts.channels.transport.channel_settings import AsciiMailbox, Mailbox, MailSettings
from alerts.channels.transport.mail_headers import needs_utf8, one_click
from alerts.channels.transport.mime import mail
from alerts.channels.transport.oauth import Tokens
from alerts.channels.transport.smtp import Connection, Smtp, trust
from alerts.channels.transport.smtp_replies import (
    accepted,
    broken_off,
    cannot_start,
    connection_error,
    refused,
    reply_line,
)
from alerts.channels.transport.time_budget import TimeBudget
from alerts.clock import monotonic
from alerts.core.bounce_tokens import LONGEST_NAME
from alerts.core.deliveries import DeliveryError
from alerts.core.messages import Outgoing
from alerts.core.posts import Post
from alerts.core.sending_rates import Rate

MAILS_PER_CONNECTION = 100  # servers limit it; 100 is the usual limit
IDLE_AT_MOST = 60.0  # seconds; servers hang up after some minutes (RFC 5321 §4.5.3.2.7)
_GOODBYE = timedelta(seconds=2)


def _leaves_room_for_a_token(address: Address) -> Address:
    if len(address.username) > LONGEST_NAME:
        raise ValueError(f"expected at most {LONGEST_NAME} characters before the @: each mail adds its own id there")
    return address


class EmailSettings(MailSettings):
    """The mail server, the sender, and the recipients, who each get their own mail; optionally where to unsubscribe.

    `bounces`: the mailbox to which mail servers return what they cannot deliver, instead of `from`.
    """

    sender: Mailbox = Field(alias="from")
    smtp: Smtp
    bounces: Annotated[AsciiMailbox, AfterValidator(_leaves_room_for_a_token)] | None = None
    unsubscribe: str | None = None

    @field_validator("unsubscribe")
    @classmethod
    def _fits_one_header_line(cls, url: str | None, info: ValidationInfo) -> str | None:
        return None if url is None else one_click(url, (address.addr_spec for address in info.data.get("to", ())))


class Email:
    """Hands mails to an SMTP server."""

    kind: ClassVar[str] = "email"
    options: ClassVar[type[EmailSettings]] = EmailSettings
    medium: ClassVar[Literal["mail"]] = "mail"
    local: ClassVar[bool] = False
    connections: int = 2
    rate: Rate | None = None
    burst: int = 1
    one_at_a_time: ClassVar[bool] = False
    holds_open: ClassVar[bool] = False
    default: bool = False
    answers: bool = True

    def __init__(self, name: str, settings: EmailSettings) -> None:
        self.name = name
        self.recipients = tuple(address.addr_spec for address in settings.to)
        self.default = settings.default
        self.answers = settings.answers is not False
        self.reply_to = settings.reply_to and settings.reply_to.addr_spec
        self._reply_to = settings.reply_to
        self.timezone = settings.timezone
        self.timeout = settings.total_timeout
        self.connections = settings.connections or self.connections
        self._sender = settings.sender
        self._bounces = settings.bounces
        self._unsubscribe = settings.unsubscribe
        self._smtp = settings.smtp
        ca = settings.smtp.ca
        self._context = None if settings.smtp.security == "none" else trust(str(ca) if ca else None)
        self._tokens = (
            Tokens(settings.smtp.token_file, settings.smtp.token_command) if settings.smtp.auth == "xoauth2" else None
        )
        self._idle: deque[Connection] = deque()
        self._lock = Lock()
        self._closed = False

    @property
    def server(self) -> str:
        """Return the host that accepts the mails."""
        return self._smtp.host

    @property
    def signs_senders(self) -> bool:
        """Whether each mail has an envelope sender of its own, by which a returned mail is known."""
        return self._bounces is not None

    def body(self, post: Post) -> None:
        """Return None: the message itself is sent."""

    def send(self, outgoing: Outgoing) -> str:
        """Return the server's last reply, e.g. "250 2.0.0 Ok: queued as 4ZX". Raises DeliveryError.

        A final refusal of this recipient or this content is permanent. A refused sender or login does not concern the
        recipient: the channel is out, as after every failure of the connection. A limit of the server only slows it.
        """
        content = mail(outgoing, self._sender, self._unsubscribe, self._reply_to)
        budget = TimeBudget(self.timeout)
        connection = self._begin(budget, self._envelope_sender(outgoing), outgoing.recipient, len(content))
        try:
            reply = _hand_over(connection, outgoing.recipient, content)
        except DeliveryError as refusal:
            if refusal.channel_out:
                connection.close()
            else:
                self._reset(connection)
            raise
        except OSError as error:
            connection.close()
            raise broken_off(
                f"{self._smtp.host}: {connection_error(error)} in the middle of the mail; "
                "should it have arrived all the same, the repeat has the same Message-ID",
                error,
            ) from None
        connection.mails += 1
        self._keep(connection)
        return reply

    def close(self) -> None:
        """Close the idle connections; one in use is closed after its mail."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        goodbye = TimeBudget(_GOODBYE)
        for connection in idle:
            connection.quit_within(goodbye)

    def _envelope_sender(self, outgoing: Outgoing) -> str:
        """Return where this mail is returned to if it cannot be delivered (RFC 5321 §3.3, §6.1)."""
        if self._bounces is None:
            return self._sender.addr_spec
        token = f"+{outgoing.bounce_token}" if outgoing.bounce_token else ""  # a test message has none
        return f"{self._bounces.username}{token}@{self._bounces.domain}"

    def _begin(self, budget: TimeBudget, sender: str, recipient: str, size: int) -> Connection:
        """Return a connection on which the server has accepted MAIL. A dead kept connection is replaced once."""
        kept = self._take()
        if kept is not None:
            try:
                kept.budget = TimeBudget(timedelta(seconds=budget.left() / 2))  # it may be dead without notice
                self._mail_from(kept, sender, recipient, size)
            except OSError:
                kept.close()
            else:
                kept.budget = budget
                return kept
        try:
            connection = Connection(self._smtp, self._context, budget, domain=self._sender.domain, tokens=self._tokens)
            self._mail_from(connection, sender, recipient, size)
        except OSError as error:  # smtplib's own errors are OSErrors, too
            raise cannot_start(f"{self._smtp.host}:{self._smtp.port}", error) from None
        return connection

    def _mail_from(self, connection: Connection, sender: str, recipient: str, size: int) -> None:
        options = [f"SIZE={size}"] if connection.has_extn("size") else []
        try:
            if needs_utf8(self._sender.addr_spec, recipient):
                self._require_utf8(connection)
                options.append("SMTPUTF8")
                if connection.has_extn("8bitmime"):  # SMTPUTF8 requires it (RFC 6531 §3.1); all other mails are 7-bit
                    options.append("BODY=8BITMIME")
            code, reply = connection.mail(sender, options)
            if not accepted(code):
                raise smtplib.SMTPSenderRefused(code, reply, sender)
        except (OSError, DeliveryError):
            connection.close()
            raise

    def _require_utf8(self, connection: Connection) -> None:
        """Refuse addresses that the server cannot take: this mail only, unless the sender address is the cause."""
        if not connection.has_extn("smtputf8"):
            ours = needs_utf8(self._sender.addr_spec)
            raise DeliveryError("an address beyond ASCII: SMTPUTF8 not supported by server", channel_out=ours)

    def _take(self) -> Connection | None:
        """Return the connection that was used last, and close others that were idle too long."""
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
            with suppress(TimeoutError):  # QUIT has to fit into the time limit of this send, too
                connection.quit_within(TimeBudget(min(_GOODBYE, timedelta(seconds=connection.budget.left()))))
            connection.close()

    def _reset(self, connection: Connection) -> None:
        """Reset the connection for the next mail after a refusal (RSET, RFC 5321 §4.1.1.5)."""
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
    if not accepted(code):
        raise refused("recipient", code, reply)
    try:
        code, reply = connection.data(content)
    except smtplib.SMTPDataError as error:  # a refusal of the DATA command itself
        raise refused("mail", error.smtp_code, error.smtp_error) from None
    if not accepted(code):
        raise refused("mail", code, reply)
    return reply_line(code, reply)
