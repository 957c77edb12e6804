"""Mails about one commitment lie together in a mail reader, whatever they tell of it."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import uuid4

import pytest

from alerts import channels
from alerts.channels import Channel
from alerts.composing import compose
from alerts.core.commitments import Revision
from alerts.core.notifications import Notification, Outgoing
from alerts.rendering import Renderer
from tests.rendering.factories import NOW, TEMPLATES, bounds_of, notification, told

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
