"""Bounce reports that are only text for people, in the form of each mail server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.message import Message
from email.utils import parseaddr
from html import unescape
from itertools import dropwhile

from alerts.bounce_reports.report import BounceReport, header_of, one_line, status_in

_COPY = re.compile(  # from here on it is our own mail
    r"(?im)^(?:return-path|received):\s"
    r"|^[\s>*-]*(?:original|returned|unsent|old) message\b"
    r"|^[\s>*-]*(?:original )?message (?:headers?|text) follows"
    r"|^.*\bcopy of (?:the|your) (?:original )?(?:message|mail)"
    r"|^[\w ]*headers? of (?:the|your) (?:original )?message"
)
_DELAYED = re.compile(
    r"not yet been delivered|still being retried|will (?:be retried|retry for|continue to (?:try|be made)|keep trying)"
    r"|(?:attempts|try|trying) (?:to deliver )?(?:\w+ )?(?:message )?will continue|(?:this is|just) a warning"
    r"|no action is (?:required|needed)|do(?:es)? not need to (?:do anything|resend|be resent)"
    r"|(?:has|been) (?:been )?(?:temporarily )?(?:delayed|deferred|postponed)|delivery (?:is )?(?:delayed|incomplete)"
    r"|notification \(delay\)|\bdelayed \d+ (?:hours?|minutes?)|^delayed:",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"giv(?:en?|ing) (?:it )?up|gave up|will not be retried|no longer (?:try|be retried)"
    r"|permanent(?:ly)? (?:error|fail)|retry time(?:out)? exceeded|could not be delivered (?:for|within|after)"
    r"|too long in (?:the )?queue",
    re.IGNORECASE,
)
_ARRIVED = re.compile(
    r"^(?:successful mail delivery|delivered|relayed|expanded|return receipt)\b|notification \((?:success|relay)\)"
    r"|(?:was|were|has been|have been) (?:successfully (?:delivered|relayed)|delivered to the following)"
    r"|delivery to (?:these|the following) recipients? (?:or \w+ )?is complete",
    re.IGNORECASE,
)
_PROGRAMS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-vacation", "x-mail-autoreply")
_AWAY = re.compile(
    r"^(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|abwesen)", re.IGNORECASE
)
_SERVER = re.compile(
    r"mailer-?daemon|post-?master|mail[ ._-]?(?:delivery|system|administrator)|^mdaemon|microsoftexchange"
)
_UNDELIVERED = re.compile(
    r"undeliver|returned (?:mail|to sender)|(?:delivery|mail) (?:has )?fail|failure notice|non[- ]?deliver|rejected"
    r"|unzustellbar|could not be delivered|not delivered",
    re.IGNORECASE,
)
_REFUSAL = re.compile(r"(?<![\d.])5\d\d[ -]|(?<![\d.])#?5\.\d{1,3}\.\d{1,3}\b")
_TAGS = re.compile(r"(?is)<(style|script|title)\b.*?</\1>|<[^>]{0,2000}>")
_BREAKS = re.compile(r"(?i)<(?:br|/p|/div|/tr|/h\d|/li)\b[^>]*>")


def read_plain(message: Message, parts: Sequence[Message]) -> BounceReport:
    """Return what a report without a part for programs says.

    Notices of a delay, of success and of absence come first: the library's patterns look for addresses only. With the
    code of a refusal it is not such a notice: a false failure causes one more report, a missed failure causes none.
    """
    text, subject = _text(parts), header_of(message, "Subject")
    both = f"{subject}\n{text}"
    failed = BounceReport(kind="failed", status=_status(text), text=_reason(text, subject), address=_failed(message))
    if failed.address:
        return failed
    is_refused = bool(_REFUSAL.search(text))
    if _DELAYED.search(both) and not _GIVEN_UP.search(both) and not is_refused:
        return BounceReport(kind="delayed", status=status_in(text), text=one_line(subject))
    if not is_refused and (_ARRIVED.search(subject) or _ARRIVED.search(text)):
        return BounceReport(kind="arrived", text=one_line(subject))
    if any(name in message for name in _PROGRAMS) or _AWAY.search(subject):
        return BounceReport(kind="reply", text=one_line(subject))
    temporary, permanent = _detected(message)
    if permanent or (_is_of_server(message) and (is_refused or not temporary) and not _is_receipt(parts)):
        return BounceReport(kind="failed", status=failed.status, text=failed.text, address=min(permanent, default=None))
    if temporary:
        return BounceReport(kind="delayed", status=status_in(text), text=one_line(subject))
    answered = header_of(message, "Auto-Submitted").lower().startswith("auto") or "In-Reply-To" in message
    return BounceReport(kind="reply" if answered or _is_receipt(parts) else "unknown", text=one_line(subject))


def _failed(message: Message) -> str | None:
    """Return the recipient that Exim names in a header, in failures only."""
    return one_line(header_of(message, "X-Failed-Recipients").partition(",")[0]) or None


def _detected(message: Message) -> tuple[Iterable[str], Iterable[str]]:
    """Return the addresses that flufl.bounce finds: with temporary failures, and with permanent ones."""
    from flufl.bounce import all_failures  # here: only this command needs it

    temporary, permanent = all_failures(message)
    return [one.decode("ascii") for one in temporary], [one.decode("ascii") for one in permanent]


def _is_of_server(message: Message) -> bool:
    """Whether a mail server has written a mail: by its sender, or without a return path and with such a subject."""
    name, address = parseaddr(header_of(message, "From"))
    if _SERVER.search(address.partition("@")[0].lower()) or _SERVER.search(name.lower()):
        return True
    return header_of(message, "Return-Path") == "<>" and bool(_UNDELIVERED.search(header_of(message, "Subject")))


def _is_receipt(parts: Iterable[Message]) -> bool:
    """Whether it says that a mail was read, or deleted (RFC 8098), or reported as spam (RFC 5965)."""
    kinds = ("message/disposition-notification", "message/feedback-report")
    return any(part.get_content_type() in kinds for part in parts)


def _text(parts: Sequence[Message]) -> str:
    """Return the text that people read, up to the copy of our own mail."""
    plain = [_decoded(part) for part in parts if part.get_content_type() == "text/plain"]
    pages = [_decoded(part) for part in parts if part.get_content_type() == "text/html"] if not plain else []
    shown = plain or [unescape(_TAGS.sub("", _BREAKS.sub("\n", page))) for page in pages]
    text = "\n".join(shown).replace("\r\n", "\n")
    found = _COPY.search(text)
    return text[: found.start()] if found else text


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # no such charset
        return content.decode("latin-1")


def _status(text: str) -> str | None:
    """Return the code of a refusal, which may stand behind that of a try before."""
    found = _REFUSAL.search(text)
    return (status_in(text[found.start() :]) if found else None) or status_in(text)


def _reason(text: str, subject: str) -> str:
    """Return what the server wrote: from the refusal's code on, else the last paragraph that names an address."""
    paragraphs = [part.splitlines() for part in re.split(r"\n\s*\n", text)]
    for lines in paragraphs:
        for number, line in enumerate(lines):
            if found := _REFUSAL.search(line):
                return one_line(" ".join([line[_begin(line, found.start()) :], *lines[number + 1 :]]))
    naming = [list(dropwhile(lambda line: "@" not in line, lines)) for lines in paragraphs]
    return one_line(" ".join(next(filter(None, reversed(naming)), [subject])))


def _begin(line: str, code: int) -> int:
    """Return where the text of a server begins in a line: at the code, or at the line where that is at its end."""
    return code if len(line) - code > 30 else 0
