"""To which of our envelope senders a report was returned."""

from __future__ import annotations

from email.parser import BytesHeaderParser

from alerts.core.bounce_tokens import SentMail, read_token, tokens_in

HEADERS = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc", "Resent-To")


def tokens_of(data: bytes, recipient: str | None) -> list[str]:
    """Return the tokens in the addresses that a report was sent to: in `recipient`, then in its own headers.

    The mail that it returns is not looked at: anybody could put anything there.
    """
    message = BytesHeaderParser().parsebytes(data)
    stated = [recipient or "", *(str(value) for name in HEADERS for value in message.get_all(name, []))]
    return list(dict.fromkeys(token for text in stated for token in tokens_in(text)))


def mail_of(tokens: list[str], key: bytes | None) -> SentMail | None:
    """Return the mail that the first of our tokens names; None where none is ours."""
    return next((mail for token in tokens if key and (mail := read_token(token, key))), None)
