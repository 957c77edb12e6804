"""Tables as spreadsheet programs write them: CSV and Excel, and every line of what is wrong with one."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from alerts.core.commitments import Citation, Commitment
from alerts.deadlines.errors import InputError
from alerts.interchange import gather
from tests.interchange.conftest import Write, stated, wrong

HEAD = "key,title,deadline"
ONE = [Commitment(key="a", title="A", deadline="2025-11-10")]
FULL = Commitment(
    key="soy", title="Report; monthly", deadline="after 2025-11-10", kind="expectation", by=("cn",), to=("us", "cn"),
    owner="desk", priority="high", tags=("trade; truce", "soy"), timezone="Asia/Shanghai", review_every="P14D",
    source=Citation(key="brief", locator="p. 2", quote="resume"), assumptions=("ours",), note="Ask.\nAgain, soon.",
)  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_are_found_out(csv: Write, encoding: str, separator: str) -> None:
    rows = [separator.join(row) for row in (["Key", "TITLE", "deadline"], ["a", "É 1", "2025-11-10"])]
    assert stated(csv(*rows, encoding=encoding)) == [Commitment(key="a", title="É 1", deadline="2025-11-10")]


def test_a_separator_is_found_by_the_headings_though_another_is_more_frequent(csv: Write) -> None:
    assert stated(csv("key;title;deadline;note", "a;A;2025-11-10;one, two, three, four, five")) == [
        Commitment(key="a", title="A", deadline="2025-11-10", note="one, two, three, four, five")
    ]
    assert stated(csv("sep=;", "key;title;deadline", "a;A;2025-11-10")) == ONE


def test_every_field_has_a_column_whatever_its_case_spaces_and_underscores(csv: Write) -> None:
    heading = "KEY,Title,dead line,Kind,by,To,owner,Priority,tags,Time Zone,Review every,Source,source locator"
    row = (
        'soy,Report; monthly,After 2025-11-10,Expectation,cn,us;cn,desk,HIGH,"trade\\; truce ; soy;",Asia/Shanghai,'
        '2 weeks,brief,p. 2,resume,ours,"Ask.\r\nAgain, soon."'
    )
    assert stated(csv(f"{heading},source_quote,Assumptions,NOTE", row)) == [FULL]


def test_empty_rows_empty_columns_and_short_rows_are_nothing(csv: Write) -> None:
    path = csv("", ",,,,", "key,title,deadline,note,,", "", 'a,"A\n line","2025-11-10",,,', ",,,,,", "b,B,undated")
    found = gather(path).entries
    assert [(entry.commitment.title, entry.line) for entry in found] == [("A line", 5), ("B", 7)]


ROWS = [
    ("a,,2025-11-10", "x.csv:B2: title: is empty, expected text"),
    (",A,2025-11-10", "x.csv:A2: key: is empty, expected text"),
    ("a b,A,2025-11-10", ("x.csv:A2: key: expected a key of up to 100 letters, digits, `.`, `_`, `-` and `@`, with a "
     "letter in it, found `a b`")),
    ("7,A,undated", ("x.csv:A2: key: expected a key of up to 100 letters, digits, `.`, `_`, `-` and `@`, with a letter "
     "in it, found `7`")),
    ("a,A,2025-02-30", "x.csv:C2: deadline: `2025-02-30`: column 1: there is no such date or time as 2025-02-30"),
    ("a,A,03/04/2026", ("x.csv:C2: deadline: `03/04/2026`: 3 April 2026 or 4 March 2026: say which with date_formats: "
     "[DD/MM/YYYY] or [MM/DD/YYYY] (in the file of --columns)")),
    ("a,A,25/12/2026", ("x.csv:C2: deadline: `25/12/2026`: 25 December 2026: say so with date_formats: [DD/MM/YYYY] "
     "(in the file of --columns), or write it as 2026-12-25")),
    ("a,A,3.4.26", ("x.csv:C2: deadline: `3.4.26`: 3 April 2026 or 4 March 2026: say which with "
     "date_formats: [DD.MM.YY] or [MM.DD.YY] (in the file of --columns)")),
    ("a,A,10-Nov-25", ("x.csv:C2: deadline: `10-Nov-25`: 10 November 2025: say so with date_formats: [DD-MMM-YY] (in "
     "the file of --columns), or write it as 2025-11-10")),
    ("a,A,31/31/2026", "x.csv:C2: deadline: `31/31/2026` is not a real date: write it as 2025-11-10"),
    ("a,A,undated,x", "x.csv:D2: column D has a value and no heading: `x`"),
    ('a,"A"b,undated', ('x.csv:2: is not CSV: a quote within a cell must be doubled (""), and nothing may follow the '
     "closing one")),
    ('a,"A,undated', "x.csv:2: is not CSV: the quote that is opened in this row is never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "line"), ROWS, ids=[row for row, _ in ROWS])
def test_a_wrong_row_is_said_by_its_number_and_heading(csv: Write, row: str, line: str) -> None:
    assert wrong(csv(HEAD, row)) == [line]


def test_rows_are_numbered_as_a_spreadsheet_shows_them_and_all_that_is_wrong_is_said(csv: Write) -> None:
    path = csv(
        "key,title,deadline,by,source,kind",
        'a,"A\nB",undated,us;su,brif,',
        "",
        "a,A,undated",
        "b,B,soon",
        "c,C,undated,,,obligatin",
    )
    assert wrong(path) == [
        'x.csv:D2: by: no party has the key "su": declare it under `parties:`; known: cn, us',
        "x.csv:E2: source: no source has the key \"brif\": declare it under `sources:`; did you mean 'brief'?",
        'x.csv:A4: key: the key "a" is used twice, first in row 2',
        (
            "x.csv:C5: deadline: `soon`: column 1: expected a deadline such as 2025-11-10, `31 March 2027`, `after "
            "2025-11-10`, `P1Y after KEY` or `undated`, found `soon`"
        ),
        (
            "x.csv:F6: kind: expected one of obligation, expiry, event, request, expectation, notice, found "
            "`obligatin`; did you mean 'obligation'?"
        ),
    ]


HEADINGS = [
    ("key,title,dedline", [("unknown heading \"dedline\"; did you mean 'deadline'?; --columns FILE says what other "
                           "headings mean, and `alerts columns` writes one"),
                           "no column `deadline`, and --columns does not say which holds it"]),
    ("title,deadline", [("no column `key`: keys come from a column, never from the number of a row; --columns FILE "
                        "says which holds them (columns: {key: Ref no, …})")]),
    ("key,title,deadline,Key", ['the heading "Key" is used twice']),
    ("key,title,deadline,Sourcequot", [("unknown heading \"Sourcequot\"; did you mean 'source_quote'?; --columns FILE "
                                       "says what other headings mean, and `alerts columns` writes one")]),
]  # fmt: skip


@pytest.mark.parametrize(("heading", "lines"), HEADINGS, ids=[heading for heading, _ in HEADINGS])
def test_wrong_headings_are_all_said(csv: Write, heading: str, lines: list[str]) -> None:
    assert wrong(csv("", heading, "a,b,c")) == [f"x.csv:2: {line}" for line in lines]


def test_what_is_no_table_is_said(csv: Write, here: Path) -> None:
    assert wrong(csv()) == ["x.csv: is empty, expected a row of headings"]
    assert wrong(csv(HEAD, ",,")) == ["x.csv: has headings and no rows"]
    Path("x.csv").write_bytes(b"key,title,deadline\na,\x81,undated\n")
    assert wrong(Path("x.csv")) == ["x.csv:2: is not UTF-8 text: save it as `CSV UTF-8`"]
    assert wrong(csv(HEAD, "a,b\0,undated")) == ["x.csv:2: holds the control character U+0000: save it as `CSV UTF-8`"]
    Path("x.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 an old workbook, or one with a password")
    assert wrong(Path("x.xlsx")) == ["x.xlsx: is not an .xlsx workbook, or one with a password: save it again as .xlsx"]
    with zipfile.ZipFile("x.xlsx", "w") as packed:
        packed.writestr("x", "y")
    assert wrong(Path("x.xlsx")) == ["x.xlsx: is damaged (KeyError): open it and save it again as .xlsx"]


MAP = 'columns: {key: "Ref no", title: What, deadline: "Due date"}\n'


def test_a_mapping_names_the_headings_and_leaves_the_others_out(csv: Write, columns) -> None:
    path = csv(
        "Nr,ref_no,Due Date,What,Boss", "1,a,10/11/2025,A,Ann", "2,b,10/11/2025 9:30,B,", "3,c,after 2025-11-10,C"
    )
    assert [one.deadline for one in stated(path, columns(MAP + "date_format: DD/MM/YYYY"))] == [
        "2025-11-10", "2025-11-10T09:30", "after 2025-11-10",
    ]  # fmt: skip


FORMATS = [
    ("DD/MM/YYYY", "3/4/2026", "2026-04-03"),
    ("MM/DD/YYYY", "03/04/2026", "2026-03-04"),
    ("DD.MM.YY", "03.04.26", "2026-04-03"),
    ("DD-MMM-YYYY", "3-apr-2026", "2026-04-03"),
    ("MMM DD, YYYY", "Apr 3, 2026", "2026-04-03"),
    ("YYYY/MM/DD", "2026/04/03 14:05:06", "2026-04-03T14:05:06"),
    ("DD/MM/YYYY", "2026-04-03", "2026-04-03"),
]


@pytest.mark.parametrize(("form", "cell", "deadline"), FORMATS)
def test_a_date_is_read_by_the_declared_format(csv: Write, columns, form: str, cell: str, deadline: str) -> None:
    path = csv("key;title;deadline", f"a;A;{cell}")
    assert stated(path, columns(f"date_format: {form}"))[0].deadline == deadline


def test_a_date_in_another_format_than_the_declared_one_is_refused(csv: Write, columns) -> None:
    assert wrong(csv("Ref no,What,Due date", "a,A,12/25/2026"), columns(MAP + "date_format: DD/MM/YYYY")) == [
        "x.csv:C2: Due date: `12/25/2026` is not a date written as DD/MM/YYYY, the declared `date_formats`"
    ]


def test_a_heading_that_the_mapping_names_and_the_table_has_not_is_said(csv: Write, columns) -> None:
    assert wrong(csv("Ref,What,Due date", "a,A,undated"), columns(MAP)) == [
        "x.csv:1: no column has the heading \"Ref no\", which --columns names for key; did you mean 'ref'?"
    ]


MAPS = [
    ("colums: {}", "map.yaml:1: unknown key \"colums\"; did you mean 'columns'?"),
    ("columns: {key: a, title: b}", ('map.yaml:1: columns: "deadline" is missing: say which heading it has, or name '
     "several under `dates`")),
    ("columns:\n  {key: a, title: b, deadline: c, ownr: d}",
     ("map.yaml:1: columns: unknown field \"ownr\"; did you mean "
     "'owner'?")),
    ("date_format: '%d/%m/%Y'", ("map.yaml:1: date_format: `%d/%m/%Y` is not a date format: expected DD, MM or MMM, "
     "and YYYY or YY, as in DD/MM/YYYY, or MM/YYYY for a month")),
    ("date_format: DD/MM", ("map.yaml:1: date_format: `DD/MM` is not a date format: expected DD, MM or MMM, and YYYY "
     "or YY, as in DD/MM/YYYY, or MM/YYYY for a month")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), MAPS, ids=[text for text, _ in MAPS])
def test_a_wrong_mapping_is_said_with_its_line(columns, text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        columns(text)
    assert str(caught.value) == line


def test_a_workbook_gives_dates_times_and_numbers_as_they_are_shown(xlsx: Write) -> None:
    path = xlsx(
        ["Key", "Title", "Deadline", "Note", None],
        ["a", 2025, date(2025, 11, 10), 3.0],
        [],
        ["b", "B", datetime.fromisoformat("2025-11-10T12:01"), 2.5],
        ["c", "C", datetime.fromisoformat("2025-11-10T09:00"), True],
        ["d", "D", "after 2025-11-10", "two\nlines"],
        C5="yyyy-mm-dd hh:mm",
    )
    assert [(one.title, one.deadline, one.note) for one in stated(path)] == [
        ("2025", "2025-11-10", "3"),
        ("B", "2025-11-10T12:01", "2.5"),
        ("C", "2025-11-10T09:00", "TRUE"),
        ("D", "after 2025-11-10", "two\nlines"),
    ]
    assert [entry.line for entry in gather(path).entries] == [2, 4, 5, 6]


@pytest.mark.parametrize("shown_as", ["dd/mm/yyyy", "DD/MM/YYYY", "[$-409]D-MMM-YY", "YYYY-MM-DD"])
def test_a_cell_that_shows_a_day_is_a_day_however_its_format_is_written(shown_as: str, xlsx: Write) -> None:
    path = xlsx(["key", "title", "deadline"], ["a", "A", datetime.fromisoformat("2027-09-30")], C2=shown_as)
    assert [one.deadline for one in stated(path)] == ["2027-09-30"]


def test_what_is_wrong_in_a_workbook_is_said_by_row_and_heading(xlsx: Write) -> None:
    assert wrong(xlsx(["key", "title", "deadline"], [], ["a", "A", 45971], ["b", None, "undated"])) == [
        "x.xlsx:C3: deadline: 45971 is a number, perhaps a date that has lost its format: format the cell as a date",
        "x.xlsx:B4: title: is empty, expected text",
    ]
    assert wrong(xlsx(["key", "title", "deadline"], ["a", "=B3", "undated"])) == [
        "x.xlsx:B2: title: has a formula that was never calculated: open the file in a spreadsheet program and save it"
    ]


def test_a_formula_gives_what_it_came_to(xlsx: Write) -> None:
    path = xlsx(["key", "title", "deadline"], ["a", "=CONCAT(1)", "undated"])
    worked_out = path.with_name("y.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(worked_out, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            new.writestr(part, text.replace(b'<c r="B2"><f>CONCAT(1)</f><v /></c>',
                                            b'<c r="B2" t="str"><f>CONCAT(1)</f><v>Joined</v></c>'))  # fmt: skip
    assert stated(worked_out)[0].title == "Joined"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(worked_out, "w") as new:
        for part in old.infolist():
            text = old.read(part)
            new.writestr(part, text.replace(b'<c r="B2"><f>CONCAT(1)</f><v /></c>',
                                            b'<c r="B2" t="e"><f>CONCAT(1)</f><v>#REF!</v></c>'))  # fmt: skip
    assert wrong(worked_out) == ["y.xlsx:B2: title: has the error #REF!: correct it"]


def test_the_first_sheet_is_read_or_the_one_that_is_named(here: Path, columns) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Read me"])
    sheet = book.create_sheet("Dates")
    sheet.append(["key", "title", "deadline"])
    sheet.append(["a", "A", "2025-11-10"])
    book.save("x.xlsx")
    assert stated(Path("x.xlsx"), columns("sheet: Dates")) == ONE
    assert wrong(Path("x.xlsx"))[0].startswith('x.xlsx:1: unknown heading "Read me"')
    assert wrong(Path("x.xlsx"), columns("sheet: Date")) == ["x.xlsx: has no sheet \"Date\"; did you mean 'Dates'?"]
