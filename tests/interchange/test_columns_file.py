"""Registers as people keep them: title rows, numbered rows, done rows, names for keys, several sheets and dates."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from alerts.core.commitments import Party, Person
from alerts.deadlines.errors import InputError
from alerts.deadlines.grammar import parse
from alerts.interchange import gather
from alerts.interchange.file_contents import File, refuse
from tests.interchange.conftest import Write, stated, wrong

MAP = "columns: {key: Ref, title: What, deadline: Due}\n"
HEAD = "Ref,What,Due"
ANNA = Person(key="anna", name="Anna Schmidt", email="anna.schmidt@example.org")
OTHER = Person(key="anna-2", name="anna schmidt", email="as@example.org")
ACME = Party(key="acme", name="Acme Ltd")


def read(path: Path, layout: Any, **known: Any) -> File:
    people = known.get("people_by_name", ())
    return gather(path, layout=layout, people={one.key for one in people}, parties={"acme"}, **known)


def lines(file: File) -> list[str]:
    with pytest.raises(InputError) as caught:
        refuse(file.problems, unread=file.unread)
    return str(caught.value).splitlines()


def keys_and_deadlines(path: Path, layout: Any) -> list[tuple[str, str]]:
    return [(one.key, one.deadline) for one in stated(path, layout)]


def test_rows_above_the_headings_and_rows_that_are_named_are_left_out(csv: Write, columns) -> None:
    path = csv(
        "Register of promises,,", "as of,1 Nov,", HEAD, "a,A,2027-01-01", "Total,1,", "b,B,2027-01-02", "x,,", "y"
    )
    layout = columns(MAP + "header_row: 3\nskip_rows: [5, 7-8]\n")
    assert keys_and_deadlines(path, layout) == [("a", "2027-01-01"), ("b", "2027-01-02")]


def test_a_row_of_headings_that_is_empty_is_refused(csv: Write, columns) -> None:
    assert wrong(csv(HEAD, "", "a,A,undated"), columns(MAP + "header_row: 2\n")) == [
        "x.csv: row 2, the `header_row`, is empty"
    ]


def test_a_column_that_is_not_mapped_is_never_read(xlsx: Write, columns) -> None:
    path = xlsx(["Ref", "What", "Due", "Days left", None], ["a", "A", "undated", "=C2-TODAY()", "no heading"])
    assert keys_and_deadlines(path, columns(MAP)) == [("a", "undated")]


def test_one_column_may_give_two_fields(csv: Write, columns) -> None:
    found = stated(csv("What,Due", "lease,2027-01-01"), columns("columns: {key: What, title: What, deadline: Due}\n"))
    assert [(one.key, one.title) for one in found] == [("lease", "lease")]


@pytest.mark.parametrize(
    ("key_from", "row", "key"),
    [
        ("{columns: [Ref], prefix: reg-}", "7,A", "reg-7"),
        ("{columns: [Ref], prefix: fr-}", "2026-16715,A", "fr-2026-16715"),
        ("{columns: [Ref, What]}", "7,Annual report", "7-Annual-report"),
        ("{columns: [Ref]}", "https://example.org/a?b=1,A", "https---example.org-a-b-1"),
        ("{columns: [Ref]}", "7,A", "uid-7"),
        ("{hash: [Ref, What], prefix: reg-}", "7,A", "reg-e6d25812c81a"),
    ],
)
def test_a_key_is_made_from_columns(csv: Write, columns, key_from: str, row: str, key: str) -> None:
    layout = columns(f"columns: {{title: What, deadline: Due}}\nkey_from: {key_from}\n")
    assert keys_and_deadlines(csv(HEAD, f"{row},undated"), layout) == [(key, "undated")]


def test_rows_that_make_the_same_key_or_none_are_refused(csv: Write, columns) -> None:
    layout = columns("columns: {title: What, deadline: Due}\nkey_from: {columns: [Ref], prefix: r-}\n")
    assert wrong(csv(HEAD, "7,A,undated", "7,B,undated", ",C,undated"), layout) == [
        'x.csv:A3: Ref: the key "r-7" is used twice, first in row 2',
        "x.csv:A4: Ref: is empty, and the key of the row is made from it (key_from)",
    ]


def test_rows_that_are_done_are_over_whatever_else_they_hold(csv: Write, columns) -> None:
    path = csv(f"{HEAD},Status", "a,A,2027-01-01,Open", "b,,rubbish, DONE ", "c,C,2027-01-02,")
    file = read(path, columns(MAP + "status: {column: Status, done: [Done, Closed]}\n"))
    assert not file.problems
    assert [one.commitment.key for one in file.entries] == ["a", "c"]
    assert [(one.key, one.place) for one in file.ended] == [("b", "x.csv:3")]


def test_empty_cells_have_the_defaults(csv: Write, columns) -> None:
    layout = columns("columns: {key: Ref, title: What, deadline: Due, owner: Who}\n"
                     "defaults: {owner: desk, tags: [lease, berlin], deadline: undated (tbd), priority: high}\n"
                     )  # fmt: skip
    found = stated(csv(f"{HEAD},Who", "a,A,,", "b,B,2027-01-01,desk"), layout)
    assert [(one.deadline, one.owner, one.tags, one.priority) for one in found] == [
        ("undated (tbd)", "desk", ("lease", "berlin"), "high"),
        ("2027-01-01", "desk", ("lease", "berlin"), "high"),
    ]


def test_people_are_named_by_name_or_address_and_parties_by_name(csv: Write, columns) -> None:
    base = "columns: {key: Ref, title: What, deadline: Due, owner: Who, by: Party}\n"
    path = csv(f"{HEAD},Who,Party", "a,A,undated,anna  SCHMIDT,Acme ltd", "b,B,undated,,acme")
    for by in ("name", "email"):
        if by == "email":
            path = csv(f"{HEAD},Who,Party", "a,A,undated,Anna.Schmidt@example.org,acme", "b,B,undated,,Acme Ltd")
        file = read(path, columns(f"{base}owner_by: {by}\n"), people_by_name=[ANNA], parties_by_name=[ACME])
        refuse(file.problems)
        assert [(one.commitment.owner, one.commitment.by) for one in file.entries] == [
            ("anna", ("acme",)), (None, ("acme",)),
        ]  # fmt: skip


def test_a_name_that_two_people_have_is_refused(csv: Write, columns) -> None:
    layout = columns("columns: {key: Ref, title: What, deadline: Due, owner: Who}\nowner_by: name\n")
    assert lines(
        read(csv(f"{HEAD},Who", "a,A,undated,Anna Schmidt"), layout, people_by_name=[ANNA, OTHER])
    ) == ["x.csv:D2: Who: `Anna Schmidt` names two people, anna and anna-2: write the key"]  # fmt: skip


def test_all_who_are_not_declared_are_one_problem_with_what_to_write(csv: Write, columns) -> None:
    layout = columns("columns: {key: Ref, title: What, deadline: Due, owner: Who}\nowner_by: name\n")
    rows = [f"k{number},A,undated,{who}" for number, who in enumerate(("Bo Li", "Zoë Ångström", "Bo Li", "Anna"))]
    assert lines(read(csv(f"{HEAD},Who", *rows), layout, people_by_name=[ANNA])) == [
        ("x.csv:D2: 4 cells name 3 people not declared: Bo Li (2 cells, first D2); Anna (D5); Zoë Ångström (D3). "
        "Correct the cells, say who is meant in the file of --columns (`owners: {TEXT: KEY}`), "
        "or declare them in a YAML file that is loaded before or with this one:"),
        "    people:",
        "    - {key: bo-li, name: Bo Li, email: …}",
        "    - {key: anna, name: Anna, email: …}",
        "    - {key: zoe-angstrom, name: Zoë Ångström, email: …}",
    ]  # fmt: skip


def test_a_name_that_yaml_reads_as_something_else_is_proposed_in_quotes(csv: Write, columns) -> None:
    layout = columns("columns: {key: Ref, title: What, deadline: Due, owner: Who}\nowner_by: name\n")
    rows = [f"k{number},A,undated,{who}" for number, who in enumerate(("No", "No", "No", "Bo: Li"))]
    assert lines(read(csv(f"{HEAD},Who", *rows), layout))[-2:] == [
        '    - {key: "no", name: "No", email: …}',
        '    - {key: bo-li, name: "Bo: Li", email: …}',
    ]


def test_each_cell_must_fit_one_of_the_formats(csv: Write, columns) -> None:
    path = csv(HEAD, "a,A,25/12/2026", "b,B,3 Nov 2026", "c,C,2026-11-03", "d,D,11/11/2026")
    assert keys_and_deadlines(path, columns(MAP + "date_formats: [DD/MM/YYYY, DD MMM YYYY, MM/DD/YYYY]\n")) == [
        ("a", "2026-12-25"), ("b", "2026-11-03"), ("c", "2026-11-03"), ("d", "2026-11-11"),
    ]  # fmt: skip
    assert wrong(csv(HEAD, "a,A,03/04/2026"), columns(MAP + "date_formats: [DD/MM/YYYY, MM/DD/YYYY]\n")) == [
        ("x.csv:C2: Due: `03/04/2026` fits two of the declared `date_formats`: 3 April 2026 (DD/MM/YYYY) or 4 "
        "March 2026 "
        "(MM/DD/YYYY): write it as 2025-11-10")
    ]  # fmt: skip


def test_many_dates_of_one_format_are_one_question(csv: Write, columns) -> None:
    rows = [f"k{day},A,{day:02}/11/2026" for day in (3, 4, 25)]
    assert wrong(csv(HEAD, *rows), columns(MAP)) == [
        ("x.csv:C2: Due: 3 cells hold dates such as `03/11/2026` (C2–C4): say so with date_formats: [DD/MM/YYYY] "
        "(in the "
        "file of --columns)")
    ]  # fmt: skip
    mixed = [*rows, "x,A,11/25/2026", "y,A,99/99/2026"]
    assert wrong(csv(HEAD, *mixed), columns(MAP)) == [
        ("x.csv:C2: Due: 5 cells hold dates such as `03/11/2026` (C2–C6): say in which formats with date_formats "
        "(in the "
        "file of --columns); they fit DD/MM/YYYY (3 cells), MM/DD/YYYY (3 cells); no date: C6")
    ]  # fmt: skip


def test_the_same_problem_in_many_cells_is_one_line(csv: Write, columns) -> None:
    rows = [f"k{number},,undated" for number in range(5)] + ["x,X,undated", "y,,undated"]
    assert wrong(csv(HEAD, *rows), columns(MAP)) == ["x.csv:B2: What: is empty, expected text (and 5 more: B3–B6, B8)"]


@pytest.mark.parametrize(("answer", "deadline"), [("day", "2027-03-04"), ("instant", "2027-03-04T00:00")])
def test_a_day_that_is_shown_with_midnight_is_asked_about_once(
    csv: Write, xlsx: Write, columns, answer, deadline
) -> None:
    table = csv(HEAD, "a,A,2027-03-04 00:00:00", "b,B,2027-03-04 00:00", "c,C,2027-03-04 17:30:00")
    sheet = xlsx(["Ref", "What", "Due"], *([one, one, datetime.fromisoformat("2027-03-04")] for one in "abc"),
                 C2="yyyy-mm-dd hh:mm", C3="yyyy-mm-dd hh:mm", C4="yyyy-mm-dd hh:mm")  # fmt: skip
    assert wrong(table, columns(MAP)) == [
        f"x.csv:C{row}: Due: `2027-03-04 {clock}` is the day, or the instant at which it begins: say which with "
        "`midnight: "
        "day` or `midnight: instant` (in the file of --columns)"
        for row, clock in ((2, "00:00:00"), (3, "00:00"))
    ]  # fmt: skip
    assert wrong(sheet, columns(MAP)) == [
        ("x.xlsx:C2: Due: 3 cells show a day at 00:00, such as `2027-03-04 00:00` (C2–C4): say whether that is "
        "the day or the "
        "instant at which it begins: `midnight: day` or `midnight: instant` (in the file of --columns)")
    ]  # fmt: skip
    assert [one.deadline for one in stated(sheet, columns(f"{MAP}midnight: {answer}\n"))] == [deadline] * 3


SHOWN = [
    ("YYYY-MM-DD", "2027-03-01", "2027-03-01"),
    ("[$-es-ES]dd/mm/yyyy;@", "2027-03-01", "2027-03-01"),
    ('[$-en-US]mmmm d", the year "yyyy', "2027-03-01", "2027-03-01"),
    (r"d\.\ mmm\ yyyy", "2027-03-01", "2027-03-01"),
    ("[$-F800]dddd, mmmm dd, yyyy", "2027-03-01", "2027-03-01"),
    ("D-MMM", "2027-03-01", "2027-03-01"),
    ("mmm yyyy", "2027-03-01", "2027-03"),
    ("MMMM YY", "2027-03-01", "2027-03"),
    ("yyyy", "2027-01-01", "2027"),
    ('yyyy-mm-dd "um" hh:mm', "2027-03-01T17:30", "2027-03-01T17:30"),
]


@pytest.mark.parametrize(("shown", "value", "deadline"), SHOWN)
def test_a_cell_is_what_it_shows(xlsx: Write, shown: str, value: str, deadline: str) -> None:
    path = xlsx(["key", "title", "deadline"], ["a", "A", datetime.fromisoformat(value)], C2=shown)
    assert [one.deadline for one in stated(path)] == [deadline]


HIDDEN = [
    ("mmm yyyy", "shows only the month 2027-03 and holds 2027-03-31: write 2027-03, or format it as a date"),
    ("yyyy", "shows only the year 2027 and holds 2027-03-31: write 2027, or format it as a date"),
    ("mmmm", "holds 2027-03-31 and does not show its year: format the cell as a date"),
]


@pytest.mark.parametrize(("shown", "reason"), HIDDEN)
def test_a_date_of_which_a_part_is_hidden_is_refused(xlsx: Write, shown: str, reason: str) -> None:
    path = xlsx(["key", "title", "deadline"], ["a", "A", datetime.fromisoformat("2027-03-31")], C2=shown)
    assert wrong(path) == [f"x.xlsx:C2: deadline: {reason}"]


def test_several_date_columns_become_several_commitments(csv: Write, columns) -> None:
    layout = columns(
        "columns: {key: Ref, title: What}\n"
        "dates:\n- {column: Notice by, key: notice}\n"
        "- {column: Ends, key: end, kind: expiry, title: 'End of {title}'}\n"
    )
    path = csv("Ref,What,Notice by,Ends", "a,Lease,2027-01-01,2027-03-31", "b,Loan,,2028-01-01")
    assert [(one.key, one.title, one.deadline, one.kind) for one in stated(path, layout)] == [
        ("a-notice", "Lease: Notice by", "2027-01-01", "obligation"),
        ("a-end", "End of Lease", "2027-03-31", "expiry"),
        ("b-end", "End of Loan", "2028-01-01", "expiry"),
    ]
    assert wrong(csv("Ref,What,Notice by,Ends", "a,Lease,soon,2027-03-31", "b,Loan,,"), layout) == [
        (
            "x.csv:C2: Notice by: `soon`: column 1: expected a deadline such as 2025-11-10, `31 March 2027`, `after "
            "2025-11-10`, `P1Y after KEY` or `undated`, found `soon`"
        ),
        (
            "x.csv:C3: Notice by and Ends are empty, expected a date; `defaults: {deadline: undated}` (in the file of "
            "--columns) is for rows without one"
        ),
    ]


def test_a_month_in_figures_is_a_month_in_its_format(csv: Write, columns) -> None:
    assert wrong(csv(HEAD, "a,A,03/2027"), columns(MAP)) == [
        (
            "x.csv:C2: Due: `03/2027`: March 2027: say so with date_formats: [MM/YYYY] (in the file of --columns), or "
            "write it as 2027-03"
        )
    ]
    rows = ["a,A,03/2027", "b,B,31/03/2027", "c,C,3/2027"]
    layout = columns(f"{MAP}date_formats: [DD/MM/YYYY, MM/YYYY]\n")
    assert [one.deadline for one in stated(csv(HEAD, *rows), layout)] == ["2027-03", "2027-03-31", "2027-03"]


def test_a_time_of_day_may_have_its_own_column(csv: Write, columns) -> None:
    layout = columns("columns: {key: Ref, title: What, deadline: Due, deadline_time: At}\ndate_formats: [DD/MM/YYYY]\n")
    times = [
        ("2027-03-31,11:30 AM", "2027-03-31T11:30"),
        ("31/03/2027,17:00", "2027-03-31T17:00"),
        ("2027-03-31,12:00 PM", "2027-03-31T12:00"),
        ("2027-03-31,12:30 a.m.", "2027-03-31T00:30"),
        ("2027-03-31,", "2027-03-31"),
        ("TBD,17:00", "undated (tbd)"),
        ("by 31 March 2027,9 am", "by 2027-03-31T09:00"),
    ]
    rows = [f"k{number},A,{cells}" for number, (cells, _) in enumerate(times)]
    assert [one.deadline for one in stated(csv(f"{HEAD},At", *rows), layout)] == [found for _, found in times]
    assert wrong(csv(f"{HEAD},At", "a,A,2027-03-31,soon"), layout) == [
        "x.csv:D2: At: `soon` is no time of day: expected one such as 17:00 or 5 p.m."
    ]
    (line,) = wrong(csv(f"{HEAD},At", "a,A,March 2027,17:00"), layout)
    assert "a time of day needs a day" in line


@pytest.mark.parametrize(("midnight", "deadline"), [("day", "2027-03-31"), ("instant", "2027-03-31T00:00")])
def test_midnight_in_a_column_of_times_is_what_the_file_says(csv: Write, columns, midnight: str, deadline: str) -> None:
    mapping = "columns: {key: Ref, title: What, deadline: Due, deadline_time: At}\n"
    path = csv(f"{HEAD},At", "a,A,2027-03-31,12:00 AM")
    (line,) = wrong(path, columns(mapping))
    assert "`midnight: day` or `midnight: instant`" in line
    assert [one.deadline for one in stated(path, columns(f"{mapping}midnight: {midnight}\n"))] == [deadline]


def test_owners_as_a_register_writes_them_are_keys_by_the_file(csv: Write, columns) -> None:
    layout = columns(
        "columns: {key: Ref, title: What, deadline: Due, owner: Who}\nowner_by: name\n"
        "owners: {A. Ruiz: desk, tbc: desk}\ndefaults: {owner: desk}\n"
    )
    rows = ["a,A,undated,A.  RUIZ", "b,B,undated,TBC", "c,C,undated,"]
    assert [one.owner for one in stated(csv(f"{HEAD},Who", *rows), layout)] == ["desk"] * 3


def test_a_row_without_any_of_several_dates_has_the_default_deadline(csv: Write, columns) -> None:
    layout = columns(
        "columns: {key: Ref, title: What}\ndefaults: {deadline: undated (tbd)}\n"
        "dates: [{column: Notice by, key: notice}, {column: Ends, key: end}]\n"
    )
    path = csv("Ref,What,Notice by,Ends", "a,Lease,,2027-03-31", "b,Loan,,")
    assert [(one.key, one.deadline) for one in stated(path, layout)] == [
        ("a-end", "2027-03-31"), ("b-notice", "undated (tbd)")
    ]  # fmt: skip


def test_without_headings_columns_are_named_by_their_letters(csv: Write, columns) -> None:
    layout = columns("header_row: none\ncolumns: {key: A, title: B, deadline: AB}\n")
    path = csv(f"a,Lease{',' * 26}2027-03-31", f"b,Loan{',' * 26}2027-04-30")
    assert [(one.key, one.title, one.deadline) for one in stated(path, layout)] == [
        ("a", "Lease", "2027-03-31"), ("b", "Loan", "2027-04-30")
    ]  # fmt: skip


def test_rows_that_repeat_another_are_read_once_and_that_is_noted(csv: Write, columns) -> None:
    rows = ["a,Lease,2027-03-31", "a,Lease,2027-03-31", "b,Loan,2027-03-31", "a,Lease,2027-03-31"]
    found = gather(csv(HEAD, *rows), parties=set(), sources=set(), people=set(), layout=columns(MAP))
    assert [one.commitment.key for one in found.entries] == ["a", "b"]
    assert found.notes == ("2 rows repeat another in all that is read: each is read once",)


def test_a_title_that_is_too_long_is_shortened_and_the_commitment_says_so(csv: Write, columns) -> None:
    (found,) = stated(csv(HEAD, f"a,{'x' * 501},2027-03-31"), columns(MAP))
    assert found.title == "x" * 499 + "…"
    assert found.assumptions == ("the title is shortened: in the table it has 501 characters",)


@pytest.mark.parametrize("text", ["May 19 2020", "19 May 2020", "March 3 2020", "3 March 2020.", "31-Mar-2027"])
def test_a_day_whose_month_has_a_name_needs_no_date_format(csv: Write, columns, text: str) -> None:
    for formats in ("", "date_formats: [DD/MM/YYYY]\n"):
        (found,) = stated(csv(HEAD, f"a,A,{text}"), columns(f"{MAP}\n{formats}"))
        assert found.deadline == str(parse(text))


def test_a_date_format_with_a_comma_is_shown_as_yaml_has_it(csv: Write, columns) -> None:
    (line,) = wrong(csv(HEAD, 'a,A,"May 19, 20"'), columns(MAP))
    assert 'date_formats: ["MMM DD, YY"]' in line


@pytest.mark.parametrize(("text", "zone"), [("GMT-11", "-11:00"), ("UTC+8", "+08:00"), ("gmt", "UTC"), ("aoe", "AoE")])
def test_a_zone_in_a_cell_may_be_written_as_people_write_it(csv: Write, columns, text: str, zone: str) -> None:
    layout = columns("columns: {key: Ref, title: What, deadline: Due, timezone: Zone}\n")
    (found,) = stated(csv("Ref,What,Due,Zone", f"a,A,2027-03-31,{text}"), layout)
    assert found.timezone == zone


def test_several_sheets_are_read_each_in_its_way(here: Path, columns) -> None:
    book = openpyxl.Workbook()
    first, second = book.worksheets[0], book.create_sheet("Loans")
    first.title = "Leases"
    for row in (["Ref", "What", "Due"], ["a", "A", date(2027, 1, 1)], ["b", "", "undated"]):
        first.append(row)
    for row in (["List of loans"], ["Nr", "What", "Due"], ["b", "B", "01/02/2027"], ["c", "", "undated"]):
        second.append(row)
    book.save("x.xlsx")
    layout = columns(
        "columns: {key: Ref, title: What, deadline: Due}\nsheets:\n- {sheet: Leases}\n"
        "- {sheet: Loans, header_row: 2, columns: {key: Nr, title: What, deadline: Due}, date_formats: [DD/MM/YYYY]}\n"
    )
    file = gather(Path("x.xlsx"), layout=layout)
    assert [(one.commitment.key, one.commitment.deadline, one.place) for one in file.entries] == [
        ("a", "2027-01-01", "x.xlsx:Leases!2"),
        ("b", "2027-02-01", "x.xlsx:Loans!3"),
    ]
    assert [one.message for one in file.problems] == [
        "x.xlsx:Leases!B3: What: is empty, expected text",
        "x.xlsx:Loans!B4: What: is empty, expected text",
    ]
    assert [one.marked[0][0] for one in file.problems] == ["Leases!B3", "Loans!B4"]


def test_a_sheet_that_is_not_there_lists_those_that_are(xlsx: Write, columns) -> None:
    assert wrong(xlsx(["a"]), columns("sheet: Register\n")) == ['x.xlsx: has no sheet "Register"; known: Sheet']


def test_text_that_is_not_utf_8_is_read_as_windows_writes_it_and_said(csv: Write, columns) -> None:
    path = csv("key;title;deadline", "a;Müller €;undated", encoding="cp1252")
    file = gather(path)
    assert [one.commitment.title for one in file.entries] == ["Müller €"]
    assert file.notes == (
        (
            "line 2 is not UTF-8; read as Windows-1252 (`Müller €`): if that is wrong, state `encoding:` in the "
            "file of --columns, or save it as `CSV UTF-8`"
        ),
    )
    assert (
        stated(csv("key;title;deadline", "a;Łódź;undated", encoding="cp1250"), columns("encoding: cp1250\n"))[0].title
        == "Łódź"
    )
    assert wrong(csv("key;title", "a;Ł", encoding="cp1250"), columns("encoding: ascii\n")) == [
        "x.csv:2: is not ASCII text: save it as `CSV UTF-8`"
    ]


MAPS = [
    ("header_row: 0\n", "map.yaml:1: header_row: rows count from 1; write `none` where no row has headings"),
    ("skip_rows: [9-7]\n", "map.yaml:1: skip_rows[0]: expected a row such as 7, or rows such as 7-9, found `9-7`"),
    (MAP + "key_from: {columns: [A]}\n",
     "map.yaml:2: key_from and columns.key are both there: take one of the two away"),
    ("key_from: {prefix: a}\n", "map.yaml:1: key_from: name the columns under `columns`, or under `hash`"),
    (MAP + "dates: [{column: A, key: a}]\n", ("map.yaml:2: dates and columns.deadline are both there: name that column "
     "under `dates`, too")),
    ("defaults: {ownr: a}\n", "map.yaml:1: defaults: unknown field \"ownr\"; did you mean 'owner'?"),
    ("defaults: {key: a}\n", "map.yaml:1: defaults: key cannot have one"),
    ("defaults: {priority: urgent}\n", ("map.yaml:1: defaults: priority: expected one of low, normal, high, critical, "
     "found `urgent`")),
    ("encoding: utf-9\n", "map.yaml:1: encoding: expected an encoding such as utf-8, cp1252 or cp1250, found `utf-9`"),
    ("sheets: [{header_row: 2}]\n", "map.yaml:1: sheets: each needs a `sheet` of its own: the name on its tab"),
    ("owner_by: nick\n", "map.yaml:1: owner_by: expected one of key, name, email, found `nick`"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), MAPS, ids=[text.strip() for text, _ in MAPS])
def test_a_wrong_mapping_names_what_is_wrong(columns, text: str, line: str) -> None:
    with pytest.raises(InputError) as caught:
        columns(text)
    assert str(caught.value) == line


def test_texts_that_stand_for_an_empty_cell_are_empty(csv: Write, columns) -> None:
    layout = columns(MAP + 'blank: ["-", N/A]\ndefaults: {deadline: undated}\n')
    path = csv(HEAD, "a,A,-", "b,B, n/a ", "-,-,-", "c,C,2027-01-01")
    assert keys_and_deadlines(path, layout) == [("a", "undated"), ("b", "undated"), ("c", "2027-01-01")]


def test_rows_with_the_key_of_another_row_are_one_line_if_they_are_many(csv: Write, columns) -> None:
    rows = [f"{key},A{number},undated" for number, key in enumerate("aaabbc")]
    assert wrong(csv(HEAD, *rows), columns(MAP)) == [
        'x.csv:A3: Ref: 3 rows have a key that another row has (A3–A4, A6): the first is "a"'
    ]
