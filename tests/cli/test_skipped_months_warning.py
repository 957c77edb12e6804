"""What passes over months, or has passed already, is said where it is stated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import NOW, Alerts

TRAP, SAID = "every FREQ=MONTHLY from 2026-01-31", "skips each month that has no day 31, such as February 2026"
FILE = f"commitments:\n  - {{key: fees, title: Fees, deadline: {TRAP}, timezone: UTC, tags: [truce]}}\n"


def test_add_resolve_and_check_name_it(alerts: Alerts) -> None:
    for words in (["resolve", TRAP], ["add", "fees", "Fees", TRAP, "--timezone", "UTC"], ["check"]):
        said = alerts(*words)
        assert (said.code, SAID in said.err, "`BYMONTHDAY=-1`" in said.err) == (0, True, True), words


def test_load_names_it_when_it_is_new(alerts: Alerts, home: Path) -> None:
    (home / "fees.yaml").write_text(FILE)
    assert SAID in alerts("load", "fees.yaml", "--dry-run", "--at", NOW).err
    assert f"fees: `{TRAP}` {SAID}" in alerts("load", "fees.yaml", "--at", NOW).err
    assert SAID not in alerts("load", "fees.yaml", "--at", NOW).err


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        ("2025-10-27", "x: that date has passed: Mon 27 Oct 2025"),
        ("every FREQ=DAILY;COUNT=2 from 2025-10-01", "x: all its occurrences have passed"),
        ("2025-10-28", None),
        ("every FREQ=DAILY from 2025-10-01", None),
        ("every FREQ=DAILY;UNTIL=20251028 from 2025-10-01", None),
        ("after 2025-10-01", None),
        ("undated", None),
    ],
)
def test_add_says_what_has_passed(alerts: Alerts, deadline: str, expected: str | None) -> None:
    said = alerts("add", "x", "X", deadline, "--timezone", "UTC", "--at", NOW)
    assert (said.code, "passed" in said.err) == (0, expected is not None)
    assert expected is None or expected in said.err
