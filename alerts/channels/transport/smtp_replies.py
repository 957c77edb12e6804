"""What a mail server's replies mean for a delivery: retry, never retry, more slowly, or the channel is out."""

from __future__ import annotations

import re
import smtplib

from alerts.channels.transport.time_budget import one_line, reason
from alerts.core.deliveries import DeliveryError

# The login or the order of our commands is wrong, for any command with this reply (RFC 4954 §6, RFC 5321 §4.2.2).
_ABOUT_THE_SENDER = (503, 530, 535, 538)
_CLOSING = 421  # the server closes the connection, after any command (RFC 5321 §3.8)
_REFUSED_LOGIN = 535  # RFC 4954 §6
_TOO_LARGE = 552  # the reply to a SIZE in MAIL that is too large (RFC 1870 §6.1)

# Servers have no code of their own for "fewer at a time". They say 421 4.7.0 (Gmail), 421 4.4.2 and 432 4.3.2
# (Exchange), 450 4.7.1 (Postfix), 451 4.7.500 (Outlook), 452 (Exim) or 454 (Amazon SES), and only the text is sure.
_LIMIT_CODES = (421, 432, 450, 451, 452, 454)
_LIMIT_WORDS = re.compile(
    r"too (many|much|fast|quick|often|frequent)|\brate\b|rate.?limit|throttl|concurren"
    r"|(connection|message|sending|submission|hourly|daily)s? (limit|quota)",
    re.IGNORECASE,
)
_STATUS = re.compile(r"4\.(\d{1,3})\.\d{1,3}\b")
_MAILBOX, _POLICY = "2", "7"  # what a status is about (RFC 3463 §3.3, §3.8)
_GREYLISTS = re.compile(r"gr[ae]y.?list", re.IGNORECASE)  # which is about this sender and this recipient


def accepted(code: int) -> bool:
    """Return whether a reply is positive: only its first digit counts (RFC 5321 §4.2.1)."""
    return code // 100 == 2


def asks_for_less(code: int, reply: bytes | str) -> bool:
    """Return whether a refusal is for a limit of the server: it takes mail, but fewer at a time.

    What is about one mailbox, such as a recipient who gets mail too quickly, is no limit of ours.
    """
    text = _text(reply)
    status = _STATUS.match(text)
    about = status[1] if status else ""
    if code not in _LIMIT_CODES or about == _MAILBOX or _GREYLISTS.search(text):
        return False
    return (code in (421, 451) and about == _POLICY) or _LIMIT_WORDS.search(text) is not None


def refused(what: str, code: int, reply: bytes | str) -> DeliveryError:
    """Return the error for a refusal of RCPT, DATA or the mail: 5xx is permanent, 4xx is temporary (RFC 5321 §4.2.1).

    It does not concern other mails, unless the server asks for fewer at a time. Any other code does: no working mail
    server sends it here.
    """
    if asks_for_less(code, reply):
        return DeliveryError(f"{what} refused: {reply_line(code, reply)}", slow_down=True)
    out = code == _CLOSING or code in _ABOUT_THE_SENDER or code // 100 not in (4, 5)
    permanent = code // 100 == 5 and not out
    return DeliveryError(f"{what} refused: {reply_line(code, reply)}", permanent=permanent, channel_out=out)


def cannot_start(server: str, error: OSError) -> DeliveryError:
    """Return the error for a mail that could not start. It concerns the channel, unless this mail is too large."""
    if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code == _TOO_LARGE:
        return refused("mail", error.smtp_code, error.smtp_error)
    return broken_off(f"{server}: {connection_error(error)}", error)


def broken_off(text: str, error: OSError) -> DeliveryError:
    """Return the error for a connection that failed or ended. It concerns the channel, which a limit only slows.

    A failed login never is a limit: its reply may be about the password.
    """
    reply = error if isinstance(error, smtplib.SMTPResponseException) else None
    limited = (
        reply is not None
        and not isinstance(reply, smtplib.SMTPAuthenticationError)
        and asks_for_less(reply.smtp_code, reply.smtp_error)
    )
    return DeliveryError(text, channel_out=not limited, slow_down=limited)


def reply_line(code: int, reply: bytes | str) -> str:
    """Return a reply as one line."""
    return one_line(f"{code} {_text(reply)}")


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply


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
