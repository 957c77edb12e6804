"""What the documentation shows can be read, and means what it says there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.deadlines.expressions import Deadline
from alerts.deadlines.grammar import parse
from alerts.deadlines.tokens import DeadlineError

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (`.+?`) \|(?: (`[^`]+`) \|$)?", re.MULTILINE)
PAGE = (ROOT / "docs/deadlines.md").read_text(encoding="utf-8")
READ, _, REST = PAGE.partition("### What is refused")
REFUSED, _, REST = REST.partition("\n## ")
TEXTS = [(ROOT / "README.md").read_text(encoding="utf-8"), READ, REST]


def expressions(cell: str) -> list[str]:
    return re.findall(r"`(.+?)`", cell)


SHOWN = [(one, same.strip("`")) for text in TEXTS for cell, same in ROW.findall(text) for one in expressions(cell)]


def test_every_kind_of_deadline_is_shown() -> None:
    kinds = {type(parse(text)) for text, _ in SHOWN}
    assert kinds >= set(Deadline.__args__) - {type(parse("../2025"))}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "same"), SHOWN)
def test_every_deadline_that_is_shown_can_be_read_and_is_the_same_as_the_page_says(text: str, same: str) -> None:
    assert parse(str(parse(text))) == parse(text)
    assert not same or str(parse(text)) == same


@pytest.mark.parametrize("text", [one for cell, _ in ROW.findall(REFUSED) for one in expressions(cell)])
def test_every_text_that_the_page_says_is_refused_is_refused(text: str) -> None:
    with pytest.raises(DeadlineError):
        parse(text)


def test_canonical_forms_print_as_they_are() -> None:
    table, _, _ = READ.partition("### Dates in words")
    shown = [one for cell, _ in ROW.findall(table) for one in expressions(cell)]
    assert len(shown) > 30
    assert [one for one in shown if str(parse(one)) != one] == []
