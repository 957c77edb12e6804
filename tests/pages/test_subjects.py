"""The table of subjects: each is short enough for a telephone, and says when it is and which it is."""

from __future__ import annotations

import pytest

from pages.subjects import CASES, TITLE, subjects


@pytest.mark.parametrize("row", list(subjects()), ids=lambda row: " ".join(row[:4]))
def test_a_subject_is_whole_on_a_telephone_and_names_the_title(row: tuple[str, ...]) -> None:
    lead, _, title = row[-1].rpartition(": ")
    assert len(row[-1]) <= 78
    if row[1]:
        assert len(lead) <= 40
        assert title == TITLE


def test_every_kind_of_reminder_and_of_commitment_is_there() -> None:
    assert {case[0] for case in CASES} == {
        "before", "on_the_day", "opens", "overdue", "moved", "review", "closed", "reopened"
    }  # fmt: skip
    assert {case[1] for case in CASES} == {"obligation", "expiry", "request", "event", "expectation"}
