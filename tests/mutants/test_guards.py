"""The list of guards stays true: each still stands where the list says."""

from __future__ import annotations

import pytest

from tests.mutants.checkout import ROOT, without
from tests.mutants.guards import GUARDS, Guard


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_can_be_taken_out(guard: Guard) -> None:
    text = (ROOT / "alerts" / guard.file).read_text()
    assert without(guard, text) != text


@pytest.mark.parametrize("test", sorted({test for guard in GUARDS for test in guard.tests.split()}))
def test_each_test_that_should_notice_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    text = (ROOT / "tests" / file).read_text()
    assert f"def {name.partition('[')[0]}" in text


@pytest.mark.parametrize("old", ["no such text", "return"])
def test_a_guard_whose_text_occurs_never_or_often_is_an_error(old: str) -> None:
    guard = Guard("odd", "lane.py", old, "", "")
    with pytest.raises(ValueError, match=r"odd: its text occurs \d+ times in alerts/lane.py, not once"):
        without(guard, (ROOT / "alerts/lane.py").read_text())
