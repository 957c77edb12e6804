"""The list of guards stays true: each guard still stands where the list says, and so do the tests."""

from __future__ import annotations

import pytest

from tests.mutants.checkout import ROOT, without
from tests.mutants.guards import GUARDS, Guard


def test_each_guard_can_be_taken_out() -> None:
    wrong = []
    for guard in GUARDS:
        try:
            without(guard)
        except ValueError as error:
            wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


def test_each_test_that_should_miss_one_is_there() -> None:
    gone = []
    for test in {test for guard in GUARDS for test in guard.tests.split()}:
        file, _, name = test.partition("::")
        if f"def {name.partition('[')[0]}(" not in (ROOT / "tests" / file).read_text():
            gone.append(test)
    assert not gone


@pytest.mark.parametrize("old", ["no such text", "return"])
def test_a_guard_whose_text_occurs_never_or_often_is_an_error(old: str) -> None:
    guard = Guard("odd", "delivery.py", old, "", "")
    with pytest.raises(ValueError, match=r"odd: its text occurs \d+ times in alerts/delivery.py, not once"):
        without(guard)
