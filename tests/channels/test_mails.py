"""Mails as a server was given them: those about one commitment lie together, and bring its deadline along."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest
from icalendar import Calendar

from alerts import channels
from alerts.channels import Channel
from alerts.core.delivery_failures import Notice
from alerts.core.messages import Outgoing
from alerts.core.notifications import CalendarEntry, Notification
from alerts.core.summaries import Scope, Summary
from alerts.core.tracked import Revision
from alerts.delivery import ChannelWorker
from alerts.planning import plan
from alerts.rendering.composing import compose
from alerts.rendering.renderer import Renderer
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from tests.factories import at, entry, load, plan_at, remind, rule
from tests.rendering.reminder_factories import NOW, TEMPLATES, bounds_of, notification, told

MOVED = Revision(
    number=2,
    what="moved",
    recorded_at=NOW,
    recorded_by="desk",
    reason="extended",
    before=bounds_of("2025-11-10"),
    after=bounds_of("2026-11-10"),
)
CLOSED = Revision(number=3, what="closed", recorded_at=NOW, recorded_by="desk", detail="fulfilled")


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer([TEMPLATES])


@pytest.fixture
def channel(smtp_server: Any) -> Any:
    smtp = {"host": "127.0.0.1", "port": smtp_server(), "security": "none"}
    options = {"from": "Alerts <alerts@example.org>", "to": ["desk@example.org"], "smtp": smtp, "timeout": 5}
    built = channels.build("desk-mail", "email", options)
    yield built
    built.close()


@pytest.fixture
def received(channel: Channel, renderer: Renderer, postbox: Any) -> Any:
    """Send a notification each, and read what the server was given."""

    def send(*asked: Notification) -> list[EmailMessage]:
        postbox.mails.clear()
        for one in asked:
            message, error = compose(renderer, channel, one)
            assert error is None
            channel.send(Outgoing(id=uuid4(), recipient="desk@example.org", message=message))
        return [message_from_bytes(mail, policy=default) for mail in postbox.mails]  # type: ignore[misc]

    return send


def test_what_is_said_before_at_a_move_and_at_the_end_is_one_conversation(received: Any) -> None:
    said = [
        told("2025-11-10"),
        told("2026-11-10", "moved", change=MOVED),
        told("2026-11-10", "closed", change=CLOSED, commitment={"status": "fulfilled"}),
    ]
    mails = received(*map(notification, said))
    assert len({mail["Message-ID"] for mail in mails}) == 3
    (root,) = {mail["References"] for mail in mails}
    assert [mail["In-Reply-To"] for mail in mails] == [root] * 3
    assert root.startswith("<")
    assert root.endswith("@example.org>")
    assert root not in [mail["Message-ID"] for mail in mails]


def test_the_root_stays_the_same_in_every_process_and_release(received: Any, postbox: Any) -> None:
    received(notification(told()))
    root = b"<4c00498f-e0eb-5453-9a2c-b7c1653cdef9@example.org>"
    assert b"\r\nIn-Reply-To: " + root + b"\r\nReferences: " + root + b"\r\n" in postbox.mails[0]


def test_other_commitments_are_other_conversations(received: Any) -> None:
    one, other = received(notification(told()), notification(told(commitment={"key": "soybeans"})))
    assert one["References"] != other["References"]


def test_a_digest_is_no_part_of_a_conversation(received: Any) -> None:
    (mail,) = received(notification(told(), told(commitment={"key": "soybeans"})))
    assert mail["References"] is None
    assert mail["In-Reply-To"] is None


def test_the_plain_mail_of_a_broken_template_lies_where_it_belongs(renderer: Renderer) -> None:
    asked = notification(told())
    assert renderer.plain(asked, "mail").thread == renderer.render(asked, "mail")[0].thread == "truce-review"


def test_what_was_stored_before_threads_were_there_has_none(channel: Channel, renderer: Renderer, postbox: Any) -> None:
    message, _ = compose(renderer, channel, notification(told()))
    channel.send(Outgoing(id=uuid4(), recipient="desk@example.org", message=replace(message, thread=None)))
    assert b"References" not in postbox.mails[0]


def calendar_of(mail: EmailMessage) -> Any:
    """The entry that a mail brings along, if it brings one."""
    attached = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    if not attached:
        return None
    (part,) = attached
    (event,) = Calendar.from_ical(part.get_content()).subcomponents
    return event


def test_the_deadline_lies_beside_the_words(received: Any, postbox: Any) -> None:
    (mail,) = received(notification(told()))
    assert mail.get_content_type() == "multipart/mixed"
    words, calendar = mail.iter_parts()
    assert words.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in words.iter_parts()] == ["text/plain", "text/html"]
    assert calendar.get_content_type() == "text/calendar"
    assert dict(calendar["Content-Type"].params) == {"charset": "utf-8", "method": "PUBLISH"}
    assert (calendar.get_content_disposition(), calendar.get_filename()) == ("attachment", "deadline.ics")
    assert [defect for part in mail.walk() for defect in part.defects] == []
    assert calendar.get_payload(decode=True).endswith(b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    assert postbox.mails[0].isascii()
    for part in words.iter_parts():
        assert "deadline.ics" not in part.get_content()


def known_as(sequence: int) -> CalendarEntry:
    return CalendarEntry(uid="truce-review@here", sequence=sequence)


def test_a_mail_that_says_when_it_is_now_changes_the_entry_that_is_there(received: Any) -> None:
    ahead = {"bounds_version": 2}
    said = [
        told("2025-11-10"),
        told("2026-11-10", "moved", change=MOVED, tracked=ahead, entry=known_as(1)),
        told(
            "2026-11-10", "closed", change=CLOSED, commitment={"status": "fulfilled"}, tracked=ahead, entry=known_as(2)
        ),
    ]
    events = [calendar_of(mail) for mail in received(*map(notification, said))]
    assert {event["UID"] for event in events} == {"truce-review@here"}
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [str(event.decoded("DTSTART")) for event in events] == ["2025-11-10", "2026-11-10", "2026-11-10"]


def test_a_digest_a_notice_a_summary_and_what_has_no_date_bring_none(received: Any) -> None:
    quiet = [
        notification(told(), told(commitment={"key": "soybeans"})),
        notification(notice=Notice(failures=(), more=1)),
        notification(told(), summary=Summary(scope=Scope(rule=rule(summary="P30D"), firing=NOW), due=1)),
        notification(told("undated", "review")),
    ]
    mails = received(*quiet)
    assert [calendar_of(mail) for mail in mails] == [None] * 4
    assert [mail["References"] is None for mail in mails] == [True, True, True, False]
    assert {mail.get_content_type() for mail in mails} <= {"multipart/alternative", "text/plain"}


def test_a_calendar_that_fails_costs_no_word_and_is_reported(channel: Channel, renderer: Renderer) -> None:
    asked = notification(told(commitment={"priority": "odd"}))
    message, error = compose(renderer, channel, asked)
    assert (message.calendar, error) == (None, "calendar: KeyError; the mail goes out without it")
    assert "Trade truce" in (message.html or "")


def test_the_plain_mail_of_a_broken_template_brings_the_deadline_along(channel: Channel, tmp_path: Any) -> None:
    message, error = compose(Renderer([tmp_path]), channel, notification(told()))
    assert error == "template email/subject.txt: there is no such file; the built-in plain message goes out instead"
    assert "UID:truce-review@here" in (message.calendar or "")


def test_a_retry_sends_the_same_bytes_whatever_has_changed_since(
    store: Store, channel: Channel, renderer: Renderer, postbox: Any
) -> None:
    desk = rule(remind=remind(before=("P7D",)), notify=("desk-mail",))
    load(store, entry("truce", "2025-11-10"))
    plan_at(store, at("2025-11-03T08:00"), desk)
    now = at("2025-11-03T09:00")
    plan(store, ScheduledRule.all([desk]), {"desk-mail": channel}, now)
    worker = ChannelWorker(store, channel, renderer, "UTC", lambda: now)
    postbox.fail_after_data = 1
    assert worker.drain() == {"retry": 1}
    load(store, entry("truce", "2025-11-10", title="Otherwise", note="and with a note", priority="critical"))
    now = at("2025-11-03T09:10")
    assert worker.drain() == {"sent": 1}
    assert b"\r\nUID:truce@" in postbox.mails[0]
    assert postbox.mails[0] == postbox.mails[1]
