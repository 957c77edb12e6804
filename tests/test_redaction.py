"""Secrets are taken out of text, however a library takes them apart."""

from __future__ import annotations

import pytest

from alerts.settings.redaction import Redaction

HOOK = "https://user:pa55word@hooks.example.org/services/T0AB/B1CD/xYz-secret-token?key=AIzaKey&thread=1"


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ("hunter2", "AUTH failed: hunter2"),
        (HOOK, f"cannot post to {HOOK}"),
        (HOOK, 'DEBUG https://hooks.example.org:443 "POST /services/T0AB/B1CD/xYz-secret-token?key=AIzaKey&thread=1"'),
        (HOOK, "no such token: xYz-secret-token"),
        (HOOK, "Max retries exceeded with url: /services/T0AB/B1CD/xYz-secret-token"),
        (HOOK, "key=AIzaKey"),
        (HOOK, "login as user with pa55word"),
        ("p@ss word", "p%40ss%20word"),
        ("back\\slash", repr("back\\slash")),
        ("hunter2hunter2", "Authorization: Basic aHVudGVyMmh1bnRlcjI="),
    ],
)
def test_no_part_that_tells_is_left(secret: str, line: str) -> None:
    said = Redaction([secret])(line)
    assert "***" in said
    for part in ("hunter2", "xYz-secret-token", "AIzaKey", "pa55word", "T0AB", "p%40ss", "slash", "aHVudGVy"):
        assert part not in said


def test_words_that_are_no_secret_stay() -> None:
    line = "hooks.example.org: HTTP 404; there is nothing at this url; 3 services wait"
    assert Redaction([HOOK])(line) == line
    assert Redaction([])(line) == line


def test_a_token_in_an_address_is_taken_out() -> None:
    token = "a2b3" * 20
    line = (
        f"GET https://alerts.example.org/a/{token} and /a/{token[:30]} and /calendar/{token}.ics and /sign-in/{token}"
    )
    said = Redaction([])(line)
    assert said == "GET https://alerts.example.org/a/*** and /a/*** and /calendar/***.ics and /sign-in/***"
    assert Redaction([])(f"Authorization: Bearer dla_{'a2b3' * 16}") == "Authorization: Bearer ***"
    assert Redaction([])("a/b/c and /a/short") == "a/b/c and /a/short"
