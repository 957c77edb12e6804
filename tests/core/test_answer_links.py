"""The tokens of answer links: ours to the last letter, or nothing."""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.core.answer_links import AnswerLink, AnswerLinks, fill, key_id_of, placeholder, placeholders, read

KEY, OTHER = bytes(range(32)), bytes(32)
DELIVERY = UUID("0b5f6e0e-7a5c-4e0e-9a0e-0f6d3c2b1a09")
LINK = AnswerLink(key_id=key_id_of(KEY), delivery=DELIVERY, commitment_id=7, occurrence="2026-07-01")
LINKS = AnswerLinks("https://alerts.example.org", key_id_of(KEY))
EVERY_LETTER = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_=+/ é"


def token_of(link: AnswerLink, key: bytes = KEY) -> str:
    return fill(f"/a/{placeholder(link)}", link.delivery, [key]).removeprefix("/a/")


links = st.builds(
    AnswerLink,
    key_id=st.just(key_id_of(KEY)),
    delivery=st.uuids(),
    commitment_id=st.integers(0, 2**63 - 1),
    occurrence=st.text(max_size=40),
) | st.builds(AnswerLink, key_id=st.just(key_id_of(KEY)), delivery=st.uuids())


@given(links)
def test_a_token_says_what_its_link_says_and_has_letters_and_digits_only(link: AnswerLink) -> None:
    token = token_of(link)
    assert read(token, [OTHER, KEY]) == link
    assert re.fullmatch("[a-z2-7]+", token)
    assert len(token) == len(placeholder(link))
    assert placeholders(f"see https://alerts.example.org/a/{placeholder(link)}.") == [link]


@pytest.mark.parametrize("link", [LINK, AnswerLink(key_id=key_id_of(KEY), delivery=DELIVERY)])
def test_a_token_with_any_letter_changed_added_or_left_out_is_not_ours(link: AnswerLink) -> None:
    token = token_of(link)
    for place in range(len(token)):
        for letter in EVERY_LETTER:
            if letter != token[place]:
                assert read(token[:place] + letter + token[place + 1 :], [KEY]) is None
        assert read(token[:place] + token[place + 1 :], [KEY]) is None
    for letter in EVERY_LETTER:
        assert read(token + letter, [KEY]) is None
        assert read(letter + token, [KEY]) is None


@given(
    st.text(EVERY_LETTER, max_size=60)
    | st.binary(max_size=60).map(lambda data: b32encode(data).decode().lower().strip("="))
)
def test_what_is_read_of_a_placeholder_is_what_base32_says(head: str) -> None:
    try:
        data = b32decode(head.upper() + "=" * (-len(head) % 8))
    except ValueError:
        data = b""
    known = len(data) in (20, *range(28, 61)) and b32encode(data).decode().lower().strip("=") == head
    (found,) = placeholders(f"/a/{head}{'0' * 26}") or [None]
    with_text = data[28:].decode(errors="replace").encode() == data[28:]
    assert (found is not None) == (known and with_text)
    if found:
        assert (found.key_id, found.delivery.bytes) == (data[:4], data[4:20])


def test_a_placeholder_with_a_bit_that_stands_for_nothing_is_none() -> None:
    text = f"/a/{placeholder(LINK)}"
    head, absent = text[:-26], text[-26:]
    assert head.endswith("c")  # the last bit of a letter is spare: `d` would stand for the same bytes
    assert (placeholders(text), placeholders(f"{head[:-1]}d{absent}")) == ([LINK], [])


def test_a_placeholder_is_no_token_and_neither_is_one_of_a_key_that_is_gone() -> None:
    assert read(placeholder(LINK), [KEY]) is None
    assert read(token_of(LINK), [OTHER]) is None
    assert read(token_of(LINK), []) is None


@given(st.text(max_size=200))
def test_no_other_text_is_a_token(text: str) -> None:
    assert read(text, [KEY]) is None


def test_only_placeholders_of_the_delivery_itself_are_filled() -> None:
    other = AnswerLink(key_id=key_id_of(KEY), delivery=UUID(int=1), commitment_id=7)
    mine = LINKS.url(DELIVERY, 7, "2026-07-01")
    text = f"{mine}\nwritten into a title: https://alerts.example.org/a/{placeholder(other)}"
    filled = fill(text, DELIVERY, [KEY])
    first, second = filled.splitlines()
    assert read(first.rsplit("/", 1)[1], [KEY]) == LINK
    assert second.endswith(placeholder(other))
    assert len(filled) == len(text)


def test_a_placeholder_of_a_key_that_is_gone_is_an_error() -> None:
    with pytest.raises(LookupError):
        fill(LINKS.url(DELIVERY, 7), DELIVERY, [OTHER])
