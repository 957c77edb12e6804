"""The token in an envelope sender: one attempt of one delivery, which nobody can make without the key."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.core.bounce_tokens import LENGTH, LONGEST_NAME, SentMail, bounce_token, read_token, tokens_in

KEY = b"k" * 32
MAIL = SentMail(UUID("5f1c2a54-1111-5222-8333-123456789abc"), 1)
TOKEN = bounce_token(MAIL, KEY)


@given(st.uuids(), st.integers(1, 65535))
def test_a_token_names_its_mail_and_fits_into_an_address(delivery, attempt):
    mail = SentMail(delivery, attempt)
    token = bounce_token(mail, KEY)
    assert read_token(token, KEY) == mail
    assert len("b" * LONGEST_NAME + "+" + token) == 64
    assert tokens_in(f"Bounces <bounces+{token}@example.org>") == [token]


def test_an_attempt_beyond_the_last_that_fits_still_has_a_token():
    assert read_token(bounce_token(SentMail(MAIL.delivery, 70_000), KEY), KEY) == SentMail(MAIL.delivery, 65_535)


def test_a_mail_server_may_change_the_case_of_an_address():
    assert tokens_in(f"<BOUNCES+{TOKEN.upper()}@EXAMPLE.ORG>") == [TOKEN]


@pytest.mark.parametrize("place", range(LENGTH - 1))  # the last letter has bits that stand for nothing
def test_a_token_with_one_other_letter_is_none(place):
    other = "a" if TOKEN[place] != "a" else "b"
    assert read_token(TOKEN[:place] + other + TOKEN[place + 1 :], KEY) is None


def test_the_token_of_one_delivery_or_attempt_says_nothing_of_another():
    other = bounce_token(SentMail(MAIL.delivery, 2), KEY)
    assert read_token(other[:29] + TOKEN[29:], KEY) is None
    assert read_token(TOKEN, b"x" * 32) is None


@pytest.mark.parametrize(
    "text",
    ["bounces@example.org", f"bounces+{TOKEN[:-1]}@example.org", f"bounces+{TOKEN}", f"x{TOKEN}@example.org", ""],
)
def test_an_address_without_a_whole_token_has_none(text):
    assert tokens_in(text) == []


@pytest.mark.parametrize("text", ["", "0" * LENGTH, "é" * LENGTH, "a" * (LENGTH - 1)])
def test_what_is_no_base32_is_no_token(text):
    assert read_token(text, KEY) is None
