"""What a mail server's replies mean for a delivery: again, never again, or that it takes nothing from anybody."""

from __future__ import annotations

import smtplib

from alerts.channels.transport.time_budget import one_line, reason
from alerts.core.deliveries import DeliveryError

# Our login or the order of our commands is wanting, whichever command is answered so (RFC 4954 §6, RFC 5321 §4.2.2).
_ABOUT_THE_SENDER = (503, 530, 535, 538)
_CLOSING = 421  # the service is not available and closes, whichever command is answered so (RFC 5321 §3.8)
_REFUSED_LOGIN = 535  # RFC 4954 §6
_TOO_LARGE = 552  # to the SIZE that MAIL announced (RFC 1870 §6.1)


def accepted(code: int) -> bool:
    """Tell whether a reply says yes: its first digit is all that counts (RFC 5321 §4.2.1)."""
    return code // 100 == 2


def refused(what: str, code: int, reply: bytes | str) -> DeliveryError:
    """Say what a no to RCPT, DATA or the end of the mail means: 5xx is for good, 4xx is for now (RFC 5321 §4.2.1).

    Neither says anything of others; what is no refusal at all comes from no mail server in its right mind.
    """
    out = code == _CLOSING or code in _ABOUT_THE_SENDER or code // 100 not in (4, 5)
    permanent = code // 100 == 5 and not out
    return DeliveryError(f"{what} refused: {reply_line(code, reply)}", permanent=permanent, channel_out=out)


def cannot_start(server: str, error: OSError) -> DeliveryError:
    """Say why no mail could be begun; only one that is too large for the server is alone in that."""
    if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code == _TOO_LARGE:
        return refused("mail", error.smtp_code, error.smtp_error)
    return DeliveryError(f"{server}: {connection_error(error)}", channel_out=True)


def reply_line(code: int, reply: bytes | str) -> str:
    """Return a reply as one line."""
    return one_line(f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}")


def connection_error(error: OSError) -> str:
    """Say why a connection failed. The words of a failed login are left out: they may repeat who tried."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"login refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code == _REFUSED_LOGIN:  # and then it hung up
        return f"login refused ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"sender refused: {reply_line(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return reply_line(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return one_line(str(error))
    return reason(error)
