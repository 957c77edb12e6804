"""The files under docs/examples load as they are."""

from __future__ import annotations

from pathlib import Path

from alerts.interchange import gather
from alerts.interchange.tables.columns_file import read_columns

EXAMPLES = Path(__file__).parents[1] / "docs/examples"


def test_the_workbook_loads_by_its_columns() -> None:
    file = gather(EXAMPLES / "register.xlsx", layout=read_columns(EXAMPLES / "columns.yaml"))
    assert not file.problems
    assert [(one.commitment.key, one.commitment.deadline, one.commitment.timezone) for one in file.entries] == [
        ("ctr-014", "2027-09-30", "Europe/Berlin"),
        ("lic-003", "2027-03-15", "Europe/Brussels"),
        ("rep-021", "2027-05-31", "Europe/Brussels"),
    ]


def test_the_calendar_loads() -> None:
    file = gather(EXAMPLES / "team.ics")
    assert not file.problems
    assert [(one.commitment.kind, one.commitment.deadline) for one in file.entries] == [
        ("obligation", "2027-02-12T17:00[Europe/Brussels]"),
        ("event", "between 2027-04-20 and 2027-04-21"),
    ]
