"""What `make test` plays is there."""

from __future__ import annotations

from pathlib import Path

from tests.selection import PLAYED, WHOLE_FILES

ROOT = Path(__file__).parents[1]


def test_each_test_that_is_listed_for_postgresql_is_there() -> None:
    gone = []
    for listed in sorted(PLAYED):
        file, _, name = listed.partition("::")
        if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8"):
            gone.append(listed)
    assert not gone
    assert not [file for file in WHOLE_FILES if not (ROOT / file).exists()]
