"""Data are data: whatever stands in them comes out inert."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from alerts.rendering.renderer import Renderer
from tests.rendering.reminder_factories import BRIEF, laced, notification, single, slack_body, told

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }} {% raw %} {{ ''.__class__ }}",
    "<!channel> <@U123> <https://evil.example|safe>",
    "one\r\nBcc: all@example.org\n---\n***",
    "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe \x00",
    "lone \ud800 surrogate",
    "`rm -rf ~` $(reboot)",
    "x" * 5000,
]


@pytest.mark.parametrize("text", NASTY)
def test_hostile_data_come_out_inert_in_a_mail(renderer: Renderer, text: str) -> None:
    message, error = renderer.render(laced(text), "mail")
    assert error is None
    assert "\n" not in message.subject
    assert len(message.subject) <= 120
    html = message.html or ""
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    for said in (message.subject, message.text, html):
        said.encode()
        assert not set(said) & set("\x00\x07\x1b\u202e\r")
    if "7*7" in text:
        assert "{{ 7*7 }}" in message.text
        assert "{{ 7*7 }}" in html


@pytest.mark.parametrize("text", NASTY)
def test_hostile_data_come_out_inert_in_slack(renderer: Renderer, text: str) -> None:
    body = slack_body(renderer, laced(text))
    assert len(body["blocks"]) <= 50
    said = json.dumps(body, ensure_ascii=False)
    assert not any(mark in said for mark in ("<!", "<@", "<script", "<https://evil"))
    assert len(body["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in body["blocks"])
    assert "alerts ack truce-review" in body["blocks"][-1]["text"]["text"]


@pytest.mark.parametrize("text", NASTY)
def test_hostile_data_are_themselves_in_json(renderer: Renderer, text: str) -> None:
    message, error = renderer.render(laced(text), "json")
    assert error is None
    body: Any = message.body
    if text.isprintable():
        assert body["data"]["reminders"][0]["commitment"]["title"] == text
    json.dumps(body, ensure_ascii=False).encode()


def test_a_key_cannot_break_out_of_its_command(renderer: Renderer) -> None:
    text = renderer.render(single(commitment={"key": "a; reboot"}), "text")[0].text
    assert "alerts ack 'a; reboot'" in text


def test_an_unknown_readers_zone_is_read_as_utc(renderer: Renderer) -> None:
    message, error = renderer.render(single(reader="Mars/Olympus"), "mail")
    assert error is None
    assert "in 7 days" in message.text


def test_a_link_in_slack_holds_one_address_and_words(renderer: Renderer) -> None:
    source = replace(BRIEF, title="a|b>c", url="https://example.org/?a=1&b=2")
    body = slack_body(renderer, notification(told(source=source)))
    assert "<https://example.org/?a=1&amp;b=2|a|b&gt;c" in str(body)
