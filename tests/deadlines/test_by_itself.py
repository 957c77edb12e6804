"""The package of deadlines by itself: it needs nothing else of the project, and its page shows how to use it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import alerts.deadlines

PAGE = Path(__file__).parents[2] / "docs" / "deadlines-in-python.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
OTHERS = """
import sys
import alerts.deadlines
assert "holidays" not in sys.modules, "holidays is slow to import"
for name in alerts.deadlines.__all__:
    getattr(alerts.deadlines, name)
print(*sorted(name for name in sys.modules if name.startswith("alerts.") and not name.startswith("alerts.deadlines")))
"""


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_prints_what_its_comments_say(example: str) -> None:
    said = re.findall(r"\)  # (.*)", example)
    assert said
    assert run(example).splitlines() == said


def test_it_imports_nothing_else_of_the_project() -> None:
    assert run(OTHERS).split() == []


def test_it_has_the_names_that_it_promises_and_no_others() -> None:
    assert [getattr(alerts.deadlines, name).__name__ for name in alerts.deadlines.__all__] == alerts.deadlines.__all__
    with pytest.raises(AttributeError, match="no_such_name"):
        alerts.deadlines.no_such_name  # noqa: B018  # reading it is what is tested
