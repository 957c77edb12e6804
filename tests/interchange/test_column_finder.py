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
    # several columns name the rows together: a date is not one of them, as it moves
    ("Venue,Round,Due", "A,1,2027-01-01", "A,2,2027-02-01", ["  title: Venue", "  deadline: Due",
     "key_from: {columns: [Round], prefix: ref-}"]),
    ("Venue,Round,Due", "A,1,2027-01-01", "B,1,2027-01-01", ["  key: Venue", "  title: Venue", "  deadline: Due"]),
    # an address is no title, and what begins is no deadline
    ("Link,Place,Published,Closing date", "https://example.org/a-long-address,Rome,2026-12-01,2027-01-01",
     "https://example.org/another-address,Oslo,2026-12-01,2027-01-02",
     ["  key: Place", "  title: Place", "  deadline: Closing date"]),
    # headings in a language that is not known, and values that could be such words
    ("processo,valor,prorrogavel,vigencia_inicio,vigencia_fim", "P-1,1.000,Não,2027-01-01,2028-01-01",
     "P-2,1.000,Não,2027-02-01,2028-02-01",
     ["  key: processo", "  title: processo", "  deadline: vigencia_fim"]),
    # who owns it by the end of the heading, and deadlines in words
    ("No.,Lease of,Contract owner,Review", "1,House,Ana,every year on 31 March from 2027-03-31",
     "2,Shop,Ben,quarterly from 2026-12-31",
     ["  title: Lease of", "  deadline: Review", "  owner: Contract owner",
      'key_from: {columns: ["No."], prefix: ref-}']),
    # the time of day in its own column
    ("Ref,Tender,Closing date,Closing time", "a,Bridge,2027-01-01,10:30 AM", "b,Road,2027-01-02,02:00 PM",
     ["  key: Ref", "  title: Tender", "  deadline: Closing date", "  deadline_time: Closing time"]),
    # no headings at all
    ("AL,Primary,2027-03-03", "AL,Runoff,2027-04-14", "AK,Primary,2027-08-18",
     ["  title: B", "  deadline: C", "key_from: {hash: [A, B], prefix: row-}"]),
    ("2027-03-03,AL,Primary", "2027-04-14,AL,Runoff", "2027-03-03,AK,Primary",
     ["  title: C", "  deadline: A", "key_from: {hash: [B, C], prefix: row-}"]),
]  # fmt: skip


@pytest.mark.parametrize(("headings", "first", "second", "lines"), REGISTERS, ids=[one[0] for one in REGISTERS])
def test_columns_are_recognised(headings: str, first: str, second: str, lines: list[str]) -> None:
    rows = [[cell.replace("{long}", "x" * 600) for cell in row.split(",")] for row in (headings, first, second)]
    found = find_columns("", list(enumerate(rows, 1)))
    assert found is not None
    written = write_columns("x.csv", [found]).splitlines()
    assert [line for line in written if line.startswith(("  ", "key_from", "blank"))] == lines


def test_without_headings_the_file_says_so() -> None:
    rows = [["AL", "Primary", "March 3, 2027"], ["AL", "Runoff", "April 14, 2027"]]
    found = find_columns("", list(enumerate(rows, 1)))
    assert found is not None
    assert "header_row: none" in write_columns("x.csv", [found]).splitlines()
    assert (found.rows, found.fields["deadline"]) == (2, "C")


def test_rows_of_one_cell_are_skipped_and_a_locator_needs_a_source() -> None:
    rows = [
        ["Ref", "Task", "Due", "Clause"],
        ["a", "A", "2027-01-01", "Art. 1"],
        ["Part II"],
        ["b", "B", "2027-01-02", ""],
    ]
    found = find_columns("", list(enumerate(rows, 1)))
    assert found is not None
    written = write_columns("x.csv", [found])
    assert "skip_rows: [3]" in written
    assert "  key: Ref\n" in written
    assert "  source_locator" not in written
    assert "# ? Clause can be the `source_locator`, if `defaults` name the `source`: its key" in written


def test_a_state_of_a_country_is_no_status() -> None:
    for second, status in (("WA", ""), ("open", "State")):
        rows = [["Ref", "Task", "Due", "State"], ["a", "A", "2027-01-01", "OR"], ["b", "B", "2027-01-02", second]]
        found = find_columns("", list(enumerate(rows, 1)))
        assert found is not None
        assert found.status == status


def test_a_table_without_headings_has_none() -> None:
    assert find_columns("", []) is None
    assert find_columns("", [(1, ["only one cell"])]) is None
