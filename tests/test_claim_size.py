"""How many deliveries are claimed at once: more while they are sent quickly."""

from __future__ import annotations

import pytest

from alerts.claim_size import ClaimSize


@pytest.mark.parametrize(
    ("seconds", "sizes"),
    [
        ([0.2, 0.2, 0.9, 1.0, 1.0], [16, 32, 64, 64, 64, 64]),
        ([0.2, 0.2, 1.1, 0.2], [16, 32, 64, 16, 32]),
        ([30, 30], [16, 16, 16]),
    ],
)
def test_more_are_claimed_while_those_before_are_sent_within_a_second(seconds: list[float], sizes: list[int]) -> None:
    size, at = ClaimSize(), 100.0
    found = [size.next(at, 16)]
    for passed in seconds:
        size.note(at, filled=True)
        at += passed
        found.append(size.next(at, 16))
    assert found == sizes


def test_where_no_more_were_due_the_next_claim_is_a_first_one() -> None:
    size = ClaimSize()
    size.next(0.0, 16)
    size.note(0.0, filled=True)
    assert size.next(0.1, 16) == 32
    size.note(0.1, filled=False)
    assert size.next(0.2, 16) == 16
