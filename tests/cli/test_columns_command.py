"""A register of somebody else's, from `alerts columns` to the load, with no other tool than a text editor."""

from __future__ import annotations

import io
import subprocess
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from tests import forked_alerts

PEOPLE = """people:
- {key: anna, name: Anna Schmidt, email: anna@example.org}
- {key: bo, name: Bo Li, email: bo@example.org}
"""


@pytest.fixture
def register(home: Path) -> Path:
    """Write a workbook with title rows, numbered rows, mixed dates, done rows, a total, and a second sheet."""
    Path("seed.yaml").unlink()
    book = openpyxl.Workbook()
    sheet, leases = book.worksheets[0], book.create_sheet("Leases")
    sheet.title = "Contracts"
    rows = (
        ["Register of obligations"],
        [],
        ["No.", "Obligation", "Due", "Owner", "Status", "Days left"],
        [1, "Report", datetime.fromisoformat("2027-03-04"), "Anna Schmidt", "Open", "=C4-TODAY()"],
        [2, "Audit", "25/12/2027", "bo  li", "open", "=C5-TODAY()"],
        [3, "Old audit", "whenever", "somebody who left", "Done", None],
        [None, "Total", None, None, None, None],
    )
    for row in rows:
        sheet.append(row)
    sheet["C4"].number_format = "DD/MM/YYYY"
    leases.append(["Ref", "Property", "Notice by", "End of term", "Responsible"])
    leases.append(["L1", "Office in Hamburg", date(2027, 1, 1), date(2027, 6, 30), "bo@example.org"])
    book.create_sheet("Lists").append(["Status"])
    book.save("register.xlsx")
    Path("people.yaml").write_text(PEOPLE)
    return Path("register.xlsx")


FIRST = """\
# How `alerts load register.xlsx --columns THIS-FILE` reads register.xlsx. Lines that begin with `# ?` are questions.
sheets:
- sheet: Contracts
  # 3 rows below the headings in row 3
  header_row: 3
  skip_rows: [7]  # they have one cell only
  columns:
    title: Obligation
    deadline: Due
    owner: Owner
  # No. has values such as '1', which are not keys by themselves
  key_from: {columns: ["No."], prefix: ref-}
  date_formats: [DD/MM/YYYY]
  owner_by: name
  # Status has Open (1), open (1), Done (1)
  status: {column: Status, done: [Done]}
  # not read: Days left
- sheet: Leases
  # 1 row below the headings in row 1
  columns:
    key: Ref
    title: Property
    deadline: Notice by
    owner: Responsible
  # ? dates are also in End of term. If these are deadlines, too, remove `deadline` above:
  # dates:
  #   - {column: Notice by, key: notice-by}
  #   - {column: End of term, key: end-of-term}
  owner_by: email
"""


def test_a_register_of_several_sheets_is_loaded_in_one_round(register, alerts) -> None:
    assert alerts("columns", "register.xlsx").out == FIRST
    wrote = alerts("columns", "register.xlsx", "-o", "columns.yaml")
    assert "it asks a question" in wrote.err
    mapping = Path("columns.yaml").read_text().replace("  skip_rows: [7]  # they have one cell only\n", "")
    Path("all-rows.yaml").write_text(mapping)
    found = alerts("load", "people.yaml", "register.xlsx", "--columns", "all-rows.yaml")
    assert (found.code, found.err) == (
        1,
        "alerts: register.xlsx:Contracts!A7: No.: is empty, and the key of the row is made from it (key_from)\n",
    )
    loaded = alerts("load", "people.yaml", "register.xlsx", "--columns", "columns.yaml", "--at", "2026-12-01T00:00Z")
    assert loaded.code == 0, loaded.err
    assert "loaded: 3 new" in loaded.out
    assert "1 already closed in the file and not tracked; skipped: ref-3" in loaded.out
    listed = alerts("export", "--format", "csv").out
    assert sorted(line.split(",")[:3] for line in listed.splitlines()[1:]) == [
        ["L1", "Office in Hamburg", "2027-01-01"],
        ["ref-1", "Report", "2027-03-04"],
        ["ref-2", "Audit", "2027-12-25"],
    ]


def test_a_file_that_is_there_is_not_written_over(register, alerts) -> None:
    Path("columns.yaml").write_text("mine")
    assert alerts("columns", "register.xlsx", "-o", "columns.yaml").err == (
        "alerts: columns.yaml: already exists: name another file, or remove it\n"
    )
    assert Path("columns.yaml").read_text() == "mine"


def test_dates_that_fit_two_formats_are_a_question(home, alerts) -> None:
    Path("a.csv").write_text("Id;Task;Due date;Assigned to;State\na1;A;03/04/2027;;x\na2;B;05/04/2027 00:00;;y\n")
    assert alerts("columns", "a.csv").out.splitlines()[2:] == [
        "columns:",
        "  key: Id",
        "  title: Task",
        "  deadline: Due date",
        "  owner: Assigned to",
        "# ? '03/04/2027' fits several of these: keep the right ones, and remove the `#` before them",
        "# date_formats: [DD/MM/YYYY, MM/DD/YYYY]",
        "# ? is `05/04/2027 00:00` the day, or the instant at which it begins? `day` or `instant`:",
        "# midnight: day",
        "# ? 2 rows name nobody: who gets alerts about these?",
        "# defaults: {owner: KEY-OF-A-PERSON}",
        "# State has x (1), y (1)",
        "status: {column: State, done: [x]}",
    ]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("columns", "a.yaml"), "a.yaml: expected a table (.csv, .xlsx)"),
        (("columns", "a.csv"), "a.csv: cannot be read: No such file or directory"),
        (("columns", "register.xlsx", "--sheet", "Leasing"),
         "register.xlsx: has no sheet \"Leasing\"; did you mean 'Leases'?"),
        (("load", "register.xlsx", "--report", "x.csv"), "--report x.csv: expected a file that ends in .xlsx"),
        (("load", "-"), "-: state with --format what the standard input is: csv, ics, json, xlsx, yaml, yml"),
        (("load", "-", "--format", "csv", "--close-missing"),
         "--close-missing: not with standard input (-), where nothing counts as missing"),
        (("load", "empty"), "empty: is a folder without files to load (.csv, .ics, .json, .xlsx, .yaml, .yml)"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(register, alerts, words, error) -> None:
    Path("empty").mkdir()
    found = alerts(*words)
    assert (found.code, found.err) == (1, f"alerts: {error}\n")


def test_the_report_marks_each_cell_and_keeps_the_rest(register, alerts) -> None:
    mapping = alerts("columns", "register.xlsx").out.replace("  skip_rows: [7]  # they have one cell only\n", "")
    Path("columns.yaml").write_text(mapping)
    found = alerts("load", "register.xlsx", "--columns", "columns.yaml", "--report", "errors.xlsx")
    assert "wrote errors.xlsx: 4 cells are marked, each with a comment" in found.err
    book = openpyxl.load_workbook("errors.xlsx")
    marked = {
        f"{sheet.title}!{cell.coordinate}": cell.comment.text
        for sheet in book for row in sheet for cell in row if cell.comment
    }  # fmt: skip
    assert sorted(marked) == ["Contracts!A7", "Contracts!D4", "Contracts!D5", "Leases!E2"]
    assert "is empty, and the key of the row" in marked["Contracts!A7"]
    assert book["Contracts"]["A7"].fill.fgColor.rgb == "FFFFC7CE"
    assert book["Contracts"]["C4"].value == datetime.fromisoformat("2027-03-04")
    assert book["Contracts"]["F4"].value == "=C4-TODAY()"
    again = alerts("load", "register.xlsx", "--columns", "columns.yaml", "--report", "errors.xlsx")
    assert again.err == "alerts: errors.xlsx: already exists: name another file, or remove it\n"


def test_the_report_of_a_csv_file_is_a_workbook_whose_cells_are_no_formulas(home, alerts) -> None:
    Path("a.csv").write_text("key,title,deadline\na,=1+1,soon\n")
    assert alerts("load", "a.csv", "--report", "errors.xlsx").code == 1
    sheet = openpyxl.load_workbook("errors.xlsx").worksheets[0]
    assert (sheet["B2"].value, sheet["C2"].value) == ("'=1+1", "soon")
    assert sheet["C2"].comment.text.startswith("deadline: `soon`: column 1: expected a deadline")


def test_a_folder_is_loaded_with_what_it_declares_first(home, alerts) -> None:
    Path("in").mkdir()
    Path("in/a.csv").write_text("key,title,deadline,owner\na,A,2027-01-01,anna\n")
    Path("in/z.yaml").write_text(PEOPLE)
    Path("in/notes.txt").write_text("not read")
    Path("in/~$a.xlsx").write_text("the lock of a spreadsheet program")
    loaded = alerts("load", "in")
    assert (loaded.code, loaded.out.splitlines()[0]) == (0, "loaded: 1 new, 0 changed, 0 moved, 0 unchanged")


def test_standard_input_is_loaded_and_its_problems_are_of_it(sqlite_url) -> None:
    def load(text: str) -> subprocess.CompletedProcess[str]:
        return forked_alerts.run("--database", sqlite_url, "load", "-", "--format", "csv", given=text)

    assert load("key,title,deadline\na,A,2027-01-01\n").stdout.startswith("loaded: 1 new")
    assert load("key,title,deadline\nb,B,soon\n").stderr.startswith("alerts: -:C2: deadline: `soon`")
    assert "no longer in" not in load("key,title,deadline\nc,C,2027-01-01\n").stdout


def test_the_examples_of_the_documentation_are_read(alerts) -> None:
    folder = Path(__file__).parents[2] / "docs/examples"
    found = alerts("columns", str(folder / "register.xlsx"))
    assert "  key: Ref no\n  title: What\n  deadline: Due date\n" in found.out
    assert io.StringIO(found.out).readline().startswith("# How `alerts load register.xlsx")
