"""Through which channels a rule reaches anybody, owners among them."""

from __future__ import annotations

import pytest

from alerts.core.commitments import Person
from alerts.core.owners import Owners
from tests.factories import commitment

ANA = Person(key="ana", name="Ana", email="ana@example.org")


@pytest.mark.parametrize(
    ("owner", "channel", "expected"),
    [
        ("ana", "mail", [("owner", "mail"), ("chat", "chat")]),
        ("bo", "mail", [("chat", "chat")]),
        (None, "mail", [("chat", "chat")]),
        ("ana", None, [("chat", "chat")]),
    ],
)
def test_an_owner_is_reached_who_is_known_where_a_channel_mails_owners(
    owner: str | None, channel: str | None, expected: list[tuple[str, str]]
) -> None:
    owners = Owners(channel=channel, people={"ana": ANA})
    assert owners.channels(("owner", "chat"), commitment(owner=owner)) == expected
