"""What a mail server's replies mean for a delivery: retry, never retry, or the channel is out."""

from __future__ import annotations

import smtplib

from alerts.channels.transport.time_budget import one_line, reason
from alerts.core.deliveries import DeliveryError

# The login or the order of our commands is wrong, for any command with this reply (RFC 4954 §6, RFC 5321 §4.2.2).
_ABOUT_THE_SENDER = (503, 530, 535, 538)
_CLOSING = 421  # the server closes the connection, after any command (RFC 5321 §3.8)
_REFUSED_LOGIN = 535  # RFC 4954 §6
_TOO_LARGE = 552  # the reply to a SIZE in MAIL that is too large (RFC 1870 §6.1)


def accepted(code: int) -> bool:
    """Return whether a reply is positive: only its first digit counts (RFC 5321 §4.2.1)."""
    return code // 100 == 2


def refused(what: str, code: int, reply: bytes | str) -> DeliveryError:
    """Return the error for a refusal of RCPT, DATA or the mail: 5xx is permanent, 4xx is temporary (RFC 5321 §4.2.1).

    It does not concern other mails. Any other code does: no working mail server sends it here.
    """
    out = code == _CLOSING or code in _ABOUT_THE_SENDER or code // 100 not in (4, 5)
    permanent = code // 100 == 5 and not out
    return DeliveryError(f"{what} refused: {reply_line(code, reply)}", permanent=permanent, channel_out=out)


def cannot_start(server: str, error: OSError) -> DeliveryError:
    """Return the error for a mail that could not start. It concerns the channel, unless this mail is too large."""
    if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code == _TOO_LARGE:
        return refused("mail", error.smtp_code, error.smtp_error)
    return DeliveryError(f"{server}: {connection_error(error)}", channel_out=True)


def reply_line(code: int, reply: bytes | str) -> str:
    """Return a reply as one line."""
    return one_line(f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}")


def connection_error(error: OSError) -> str:
    """Return why a connection failed. The reply to a failed login is left out: it may repeat the user name."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"login refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code == _REFUSED_LOGIN:  # then hung up
        return f"login refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"sender refused: {reply_line(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return reply_line(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return one_line(str(error))
    return reason(error)
