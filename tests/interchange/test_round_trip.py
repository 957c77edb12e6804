"""What is written out is read back the same, in every format, whatever the words."""

from __future__ import annotations

import csv as plain_csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from alerts.core.commitments import KINDS, PRIORITIES, Citation, Commitment, Party, Person, Source
from alerts.core.tracked import Tracked
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.interchange import gather
from alerts.interchange.export_formats import WRITERS, Content
from alerts.strict_yaml.text_fields import CONTROL, trimmed
from tests.factories import NOW, bounds, commitment

FORMATS = sorted(WRITERS)
US = Party(key="us", name="United States: é", timezone="America/New_York", calendar="US", hours="09:00-17:30",
           fiscal_year="FY2026 from 2025-10-01")  # fmt: skip
ANA = Person(key="ana", name="Ána: 'x'", email="ana@example.org", timezone="Asia/Tokyo")
MEMO = Source(key="memo", title="A memo")
BRIEF = Source(key="brief", title="- Brief", publisher="Us", url="https://example.org/b", published=date(2025, 10, 28))
ODD = ["=1+1", "+1", "-1", "@x", "'=1", "''=1", "'x", "a;b", "a\\;b", "a\\", "\\n", "yes", "2025-11-10", "null", "~",
       "a: b", "# x", "007", "1e3", '"q"', "'q'", "é 漢 😀", "a,b", "%", "&a", "*a", "!a", "{a}", "[a]", "x\ty", "＝1",
       "|", ">-", "a  b", "true", "0x1F", "12:30:00",
       "\ufffe"]  # fmt: skip


def tracked(one: Commitment) -> Tracked:
    known = {"summit": bounds()}
    return Tracked(
        id=1,
        commitment=one,
        bounds=resolve(parse(one.deadline), ZoneChoice("UTC"), known),
        bounds_version=3,
        recorded_at=NOW,
    )


def written(form: str, *all_of_it: Commitment, sequences: dict[str, int] | None = None) -> str:
    every = [tracked(one) for one in all_of_it]
    content = Content(
        tracked=every, people=[ANA], parties=[US], sources=[BRIEF, MEMO], sequences=sequences or {}, now=NOW
    )
    return WRITERS[form](content)


def read_back(form: str, path: Path, *all_of_it: Commitment) -> list[Commitment]:
    file = path / f"x.{form}"
    file.write_bytes(written(form, *all_of_it).encode())
    found = gather(
        file, parties={"us"}, sources={"brief", "memo"}, people={one.owner for one in all_of_it if one.owner}
    )
    assert [problem.message for problem in found.problems] == []
    if form in ("yaml", "json"):
        assert (found.people, found.parties, found.sources) == ((ANA,), (US,), (BRIEF, MEMO))
    return [entry.commitment for entry in found.entries]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("odd", ODD)
def test_odd_words_come_back_in_every_place(form: str, odd: str, tmp_path: Path) -> None:
    one = commitment("a", title=odd, owner=odd, note=f"{odd}\n {odd}", tags=(odd, f"x {odd}"), assumptions=(odd,),
                     source=Citation(key="brief", locator=odd, quote=odd))  # fmt: skip
    assert read_back(form, tmp_path, one) == [one]


DEADLINES = ["2025-11-10", "2025-11-10[Asia/Tokyo]", "2025-11-10 AoE", "2025-11-10T12:01-05:00[America/New_York]",
             "after 2025-11-10", "by 2025-11-10", "until 2025-11-10T12:00Z", "between 2025-11-28 and 2025-12-28",
             "between 2025-11-28 and 2025-12-28T10:00Z", "within P6M of 2025-10-28", "P1Y after summit",
             "during summit", "undated", "undated (tbd)", "undated (none)", "2025-11~", "2025-11-11/..",
             "10 business days after 2025-11-03", "earlier of (2025-11-10; P7D after summit)",
             "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-15 except 2025-12-31",
             "every FREQ=WEEKLY;BYDAY=MO,FR from 2025-11-01T09:30[America/New_York] except 2025-11-10T09:30",
             "every FREQ=MONTHLY on the last business day from 2025-11-15",
             "every FREQ=DAILY;COUNT=5 from 2025-11-01T09:30"]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_every_deadline_kind_and_priority_comes_back(form: str, tmp_path: Path) -> None:
    stated = [commitment(f"k{number}@example.org", deadline) for number, deadline in enumerate(DEADLINES)]
    stated += [commitment(kind, kind=kind, timezone=None, by=("us",), to=("us",)) for kind in KINDS]
    stated += [commitment(name, priority=name, review_every="P14D") for name in PRIORITIES]
    assert read_back(form, tmp_path, *stated) == stated


def words(most: int, *, breaks: bool = False) -> st.SearchStrategy[str]:
    letters = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("=+-@';\\,:#\"\t&*!|>%~?{}[] "))
    text = st.text(letters | st.just("\n") if breaks else letters, min_size=1, max_size=most)
    kept = text.map(trimmed).filter(lambda one: bool(one) and not CONTROL.search(one) and (breaks or "\n" not in one))
    return kept.map(lambda one: trimmed("\n".join(one.splitlines())) if breaks else one).filter(bool)


lists = st.lists(words(20), max_size=3, unique=True).map(tuple)
commitments = st.builds(
    Commitment, key=st.just("a"), title=words(40), deadline=st.just("2025-11-10"), owner=st.none() | words(20),
    tags=lists, assumptions=lists, note=st.none() | words(60, breaks=True),
    source=st.none() | st.builds(Citation, key=st.just("brief"), locator=st.none() | words(20), quote=words(20)),
)  # fmt: skip
memos = st.builds(Citation, key=st.just("memo"), locator=st.none() | words(20), quote=st.none() | words(20))


@pytest.mark.parametrize("form", FORMATS)
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(one=commitments)
def test_any_words_come_back(form: str, one: Commitment, tmp_path: Path) -> None:
    assert read_back(form, tmp_path, one) == [one]


@pytest.mark.parametrize("form", FORMATS)
def test_byte_order_marks_around_a_text_are_no_part_of_it(form: str, tmp_path: Path) -> None:
    one = commitment("a", "2025-11-10", timezone=None, title="Pay", note="by wire\ufeff now")
    marked = replace(one, title="\ufeffPay\ufeff ", note=" \ufeffby wire\ufeff now\ufeff")
    assert read_back(form, tmp_path, marked) == [one]


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=commitments, earlier=memos)
def test_several_sources_come_back_the_newest_first(
    form: str, one: Commitment, earlier: Citation, tmp_path: Path
) -> None:
    both = one.citing(*one.sources, earlier)
    assert read_back(form, tmp_path, both) == [both]


def test_no_cell_of_a_csv_file_can_be_taken_for_a_formula() -> None:
    odd = [one for one in ODD if "\n" not in one]
    text = written("csv", *(commitment(f"k{n}", title=one, note=one, tags=(one,)) for n, one in enumerate(odd)))
    assert text.startswith("\ufeffkey,title,deadline,")
    cells = [cell for row in plain_csv.reader(text.removeprefix("\ufeff").splitlines()) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "＝")]
    assert "'=1+1" in cells


@pytest.fixture
def todo() -> Callable[..., dict[str, str]]:
    """One commitment as another program would read it: its properties as they are written."""

    def read(deadline: str, **more: int) -> dict[str, str]:
        (found,) = Calendar.from_ical(written("ics", commitment("a", deadline), **more)).todos
        return {name: value.to_ical().decode() for name, value in found.items() if not name.startswith("X-")}

    return read


TODOS = [
    ("2025-11-10", {"DUE": "20251110"}),
    ("2025-11-10T12:01[America/New_York]", {"DUE": "20251110T170100Z"}),
    ("between 2025-11-28 and 2025-12-28", {"DTSTART": "20251128", "DUE": "20251228"}),
    ("between 2025-11-28 and 2025-12-28T10:00Z", {"DUE": "20251228T100000Z"}),
    ("after 2025-11-10", {"DTSTART": "20251111"}),
    ("undated", {}),
]


@pytest.mark.parametrize(("deadline", "times"), TODOS)
def test_other_programs_read_when_it_is_due(todo: Callable[..., dict[str, str]], deadline: str, times: object) -> None:
    found = todo(deadline)
    assert {name: found[name] for name in ("DTSTART", "DUE") if name in found} == times
    assert {name: found[name] for name in ("UID", "SUMMARY", "STATUS", "SEQUENCE", "PRIORITY")} == {
        "UID": "a", "SUMMARY": "The a", "STATUS": "NEEDS-ACTION", "SEQUENCE": "2", "PRIORITY": "5",
    }  # fmt: skip


def test_a_calendar_says_no_lower_sequence_than_it_was_loaded_with(todo: Callable[..., dict[str, str]]) -> None:
    assert todo("2025-11-10", sequences={"a": 7})["SEQUENCE"] == "7"


def test_a_day_that_another_program_has_changed_counts_and_not_the_one_that_was_exported(tmp_path: Path) -> None:
    one = commitment("a", "by 2025-11-10", priority="critical")
    text = written("ics", one)
    changed = text.replace("DUE;VALUE=DATE:20251110", "DUE;VALUE=DATE:20251120").replace("PRIORITY:1", "PRIORITY:9")
    (tmp_path / "x.ics").write_text(changed)
    (entry,) = gather(tmp_path / "x.ics").entries
    assert entry.commitment == replace(one, deadline="2025-11-20", priority="low")


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        (
            "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-15 except 2025-12-31",
            ["2025-11-30", "2025-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1", "2025-12-31"],
        ),
        (
            "every FREQ=WEEKLY;BYDAY=MO from 2025-11-01T09:30[America/New_York] except 2025-11-10T09:30",
            ["2025-11-03 09:30:00-05:00"] * 2 + ["FREQ=WEEKLY;BYDAY=MO", "2025-11-10 09:30:00-05:00"],
        ),
    ],
)
def test_what_recurs_is_written_as_other_programs_read_it(deadline: str, expected: list[str]) -> None:
    (todo,) = Calendar.from_ical(written("ics", commitment("a", deadline))).walk("VTODO")
    times = [str(todo[name].dt) for name in ("DTSTART", "DUE")]
    assert [*times, todo["RRULE"].to_ical().decode(), str(todo["EXDATE"].dts[0].dt)] == expected


def test_a_series_that_no_rule_can_state_is_written_as_its_first_date() -> None:
    """The last business day of November 2025 is Friday the 28th."""
    text = "every FREQ=MONTHLY on the last business day from 2025-11-15"
    (todo,) = Calendar.from_ical(written("ics", commitment("a", text))).walk("VTODO")
    assert [str(todo["DTSTART"].dt), str(todo["DUE"].dt), "RRULE" in todo] == ["2025-11-28", "2025-11-28", False]
