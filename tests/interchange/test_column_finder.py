"""What `alerts columns` recognises, as registers write it."""

from __future__ import annotations

import pytest

from alerts.interchange.tables.column_finder import find_columns
from alerts.interchange.tables.columns_writer import write_columns

REGISTERS = [
    # camel case, a key that no heading names, a long text that is no title
    ("caseID,product,shortDescription,faultName,dateAdded,dueDate", "C-1,x,{long},Fault one,2027-01-01,2027-02-01",
     "C-2,x,{long},Fault two,2027-01-01,2027-02-01",
     ["  key: caseID", "  title: faultName", "  deadline: dueDate"]),
    # titles that name the rows, and a dash for nothing
    ("Standard Name,Category,Approval Expiration Date", "Tool 1.x,Other,2027-07-20", "Tool 2.x,Other,-",
     ["  title: Standard Name", "  deadline: Approval Expiration Date", "  tags: Category",
      "key_from: {columns: [Standard Name], prefix: ref-}", 'blank: ["-"]']),
    # numbers that repeat, priorities of somebody else
    ("No.,Task,Priority,Due", "1,Report,urgent,2027-01-01", "1,Audit,P2,2027-01-02",
     ["  key: Task", "  title: Task", "  deadline: Due"]),
    # our own priorities
    ("Ref,Task,Priority,Due", "a,Report,HIGH,2027-01-01", "b,Audit,low,2027-01-02",
     ["  key: Ref", "  title: Task", "  deadline: Due", "  priority: Priority"]),
    # nothing names the rows
    ("Task,Due", "Report,2027-01-01", "Report,2027-02-01", ["  title: Task", "  deadline: Due",
     "key_from: {hash: [Task, Due], prefix: row-}"]),
]  # fmt: skip


@pytest.mark.parametrize(("headings", "first", "second", "lines"), REGISTERS, ids=[one[0] for one in REGISTERS])
def test_columns_are_recognised(headings: str, first: str, second: str, lines: list[str]) -> None:
    rows = [[cell.replace("{long}", "x" * 600) for cell in row.split(",")] for row in (headings, first, second)]
    found = find_columns("", list(enumerate(rows, 1)))
    assert found is not None
    written = write_columns("x.csv", [found]).splitlines()
    assert [line for line in written if line.startswith(("  ", "key_from", "blank"))] == lines


def test_a_table_without_headings_has_none() -> None:
    assert find_columns("", []) is None
    assert find_columns("", [(1, ["only one cell"])]) is None
