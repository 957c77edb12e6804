"""A pseudonym takes the place of all that names a person, and of nothing else."""

from __future__ import annotations

import pytest

from alerts.core.pseudonyms import Pseudonym

ANA = Pseudonym(
    text="erased-1", key="ana", names=("Ana O'Ortiz & Co", "Ana@example.org", "old+ana@example.org", "Nana")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("by ana: done", "by erased-1: done"),
        ("@ana, ana. (ana)", "@erased-1, erased-1. (erased-1)"),
        ("banana, ana-maria, ana.lopez, x.ana, ana2, ANA", None),
        ("to ANA@Example.org.", "to erased-1@erased.invalid."),
        ("<mailto:ana%40example.org>", "<mailto:erased-1@erased.invalid>"),
        ("xana@example.org, x.ana@example.org, ana@example.org.uk", None),
        ("old+ana@example.org", "erased-1-2@erased.invalid"),
        ("old%2Bana%40example.org", "erased-1@erased.invalid"),
        ("ANA\n     O'Ortiz & Co is away", "erased-1 is away"),
        ("<b>Ana O&#39;Ortiz&nbsp;&amp; Co</b>", "<b>erased-1</b>"),
        ("_Ana O’Ortiz & Co_", "_erased-1_"),
        ("Ana O'Ortiz & Company", None),
        ("Nana and nana", "erased-1 and nana"),
    ],
)
def test_in_a_text(text: str, expected: str | None) -> None:
    assert ANA.in_text(text) == (text if expected is None else expected)


def test_what_names_no_person_keeps_words_that_are_like_their_key() -> None:
    value = {"owner": "ana", "tags": ["ana", "Ana@example.org"], "by": ["ana"], "key": "ana", "on": {"ana": "by ana"}}
    assert ANA.in_value(value) == {
        "owner": "erased-1", "tags": ["ana", "erased-1@erased.invalid"], "by": ["ana"], "key": "ana",
        "on": {"ana": "by erased-1"},
    }  # fmt: skip
    assert ANA.in_value({"by": "ana", "n": 1, "none": None}) == {"by": "erased-1", "n": 1, "none": None}


def test_in_a_calendar_whose_lines_are_folded() -> None:
    assert ANA.in_value("BEGIN:VCALENDAR\r\nATTENDEE:ana@exam\r\n ple.org\r\n") == (
        "BEGIN:VCALENDAR\r\nATTENDEE:erased-1@erased.invalid\r\n"
    )
    folded = "BEGIN:VCALENDAR\r\nATTENDEE:bo@exam\r\n ple.org\r\n"
    assert ANA.in_value(folded) == folded


def test_in_json_that_is_a_text() -> None:
    assert ANA.in_stated_json('{"by": "Ana O\\u0027Ortiz & Co"}') == '{"by": "erased-1"}'
    assert ANA.in_stated_json("no JSON of ana") == "no JSON of erased-1"
    assert ANA.in_stated_json('{"as":  "it was"}') == '{"as":  "it was"}'
