"""What the documentation shows can be read, and means what it says there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.deadlines.expressions import Deadline
from alerts.deadlines.grammar import parse

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (`.+?`) \|", re.MULTILINE)
SHOWN = [
    expression
    for file in ("README.md", "docs/deadlines.md")
    for cell in ROW.findall((ROOT / file).read_text(encoding="utf-8"))
    for expression in re.findall(r"`(.+?)`", cell)
]


def test_every_kind_of_deadline_is_shown() -> None:
    kinds = {type(parse(text)) for text in SHOWN}
    assert kinds >= set(Deadline.__args__) - {type(parse("../2025"))}  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", SHOWN)
def test_every_deadline_that_is_shown_can_be_read(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)
