"""Two thousand odd notifications and every injection as mails: each mail is one mail, each calendar one entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message as Mail
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar

from alerts import channels
from alerts.channels.transport.mime import mail
from alerts.core.commitments import Citation, Party
from alerts.core.messages import Message, Outgoing
from alerts.core.notifications import Notification
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.rendering.template_filters import clean, flat
from alerts.strict_yaml.mailboxes import one_address
from tests.channels.generated import COUNT, notifications
from tests.injections import INJECTIONS
from tests.rendering.reminder_factories import BRIEF, TEMPLATES, single

SENDER = one_address("Alerts <alerts@example.org>")
OFF = "https://lists.example.org/off?who={recipient}"
HEADERS = [
    "Message-ID", "Date", "From", "To", "Subject", "In-Reply-To", "References", "List-Unsubscribe",
    "List-Unsubscribe-Post", "Auto-Submitted", "MIME-Version", "Content-Type",
]  # fmt: skip
PROPERTIES = {
    "UID", "DTSTAMP", "SEQUENCE", "SUMMARY", "DESCRIPTION", "DTSTART", "DTEND", "PRIORITY", "STATUS", "TRANSP"
}  # fmt: skip
MAILBOX = channels.build("mailbox", "maildir", {"path": "nowhere", "to": ["desk@example.org"]})


@pytest.fixture(scope="module")
def written() -> Any:
    """Write a notification as a mail; nothing of it fails on the way."""
    renderer = Renderer([TEMPLATES])

    def write(asked: Notification) -> tuple[Message, Mail]:
        message, error = compose(renderer, MAILBOX, asked)
        assert error is None
        content = mail(Outgoing(id=UUID(int=7), recipient="desk@example.org", message=message), SENDER, OFF)
        assert content.isascii()
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n")
        return message, message_from_bytes(content)

    return write


def check(message: Message, parsed: Mail) -> None:
    """All that was rendered is there, and nothing else."""
    expected = [name for name in HEADERS if message.thread or name not in ("In-Reply-To", "References")]
    assert list(parsed.keys()) == expected
    assert str(make_header(decode_header(parsed["Subject"]))) == message.subject
    assert parsed["To"] == "desk@example.org"
    leaves = list(leaves_of(parsed))
    assert [part.get_content_subtype() for part in leaves] == ["plain", "html", "calendar"][
        : 3 if message.calendar else 2
    ]
    for part, text in zip(leaves, (message.text, message.html, message.calendar), strict=False):
        assert not part.defects
        shown = part.get_payload(decode=True).decode().replace("\r\n", "\n")
        assert shown.rstrip() == (text or "").replace("\r\n", "\n").rstrip()


def leaves_of(part: Any) -> Iterator[Any]:
    assert not part.defects
    for one in part.get_payload():
        yield from leaves_of(one) if one.is_multipart() else [one]


def entry_of(message: Message) -> Any:
    text = message.calendar or ""
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert not re.search(r"[^\r]\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", text)
    calendar = Calendar.from_ical(text)
    assert {*calendar} == {"PRODID", "VERSION", "METHOD"}
    (event,) = calendar.subcomponents
    assert (event.name, event.subcomponents, event.errors) == ("VEVENT", [], [])
    assert {*event} <= PROPERTIES
    assert not any(event[name].params for name in ("UID", "SUMMARY", "DESCRIPTION"))
    return event


def test_odd_notifications_are_each_one_mail_with_one_entry(written: Any) -> None:
    entries = 0
    for asked in notifications():
        message, parsed = written(asked)
        check(message, parsed)
        if message.calendar:
            entries += 1
            assert entry_of(message)["UID"] == f"{asked.contexts[0].tracked.commitment.key}@here"
    assert entries > COUNT / 2


def test_no_injection_adds_a_header_a_part_or_a_property(written: Any) -> None:
    for text in INJECTIONS:
        stated: dict[str, Any] = {"title": text, "note": text, "owner": text, "tags": (text,), "assumptions": (text,)}
        stated["source"] = Citation(key="brief", locator=text, quote=text)
        party = (Party(key="us", name=text),)
        source = replace(BRIEF, title=text, publisher=text, url=text)
        asked = single(commitment=stated, reminder={"rule": text}, by=party, source=source)
        message, parsed = written(asked)
        check(message, parsed)
        event = entry_of(message)
        assert event["SUMMARY"] == flat(clean(text)) or (event["SUMMARY"] == "(untitled)" and not flat(clean(text)))
        assert event["DESCRIPTION"].endswith(clean(text).strip())
