"""What `alerts send-test` sends: it reads as a test, offers no command and gives no order."""

from __future__ import annotations

import json
import re

import pytest

from alerts.rendering.renderer import Renderer
from alerts.views.samples import test_message as message_of_a_test
from tests.channels.kinds import OPTIONS, body_of
from tests.factories import at
from tests.rendering.reminder_factories import TEMPLATES, notification

NOW = at("2025-12-01T20:00")
RENDERER = Renderer([TEMPLATES])
COMMAND = re.compile(r"alerts ?(</?span[^>]*>)? ?(ack|snooze|move|close|show)|Move it|Close it|Prepare")
CHATS = [kind for kind in OPTIONS if kind != "webhook"]


def message_in(medium: str) -> str:
    asked = notification(message_of_a_test("desk-chat", NOW, "Asia/Seoul"), now=NOW, zone="Asia/Seoul")
    if medium == "plain":
        return RENDERER.plain(asked, "text").text
    if medium in OPTIONS:
        body = body_of(medium, RENDERER, asked)
        return json.dumps(body, ensure_ascii=False)
    mail = RENDERER.render(asked, "mail")[0]
    return mail.text if medium == "text" else mail.html or ""


@pytest.mark.parametrize("medium", ["text", "html", "plain", *CHATS])
def test_a_test_message_offers_no_command_and_gives_no_order(medium: str) -> None:
    shown = message_in(medium)
    assert "Test of the channel desk-chat" in shown
    assert not COMMAND.search(re.sub(r"https?://\S+", "", shown)), shown
    assert "Tue 2 Dec" in shown  # its day is that of the reader


@pytest.mark.parametrize("medium", ["text", "html", *CHATS])
def test_a_test_message_says_that_it_is_one(medium: str) -> None:
    shown = message_in(medium)
    assert "Nothing: this is a test." in shown
    assert "alerts send-test" in shown
    assert "sample" not in shown.replace("example", "")
    assert "time zone" not in shown.lower()
