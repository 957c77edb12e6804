"""Calendars as other programs write them: what becomes of each component, and every line of what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import icalendar
import pytest

from alerts.core.commitments import Commitment
from alerts.interchange import gather
from alerts.interchange.file_contents import File
from tests.interchange.conftest import wrong

Calendar = Callable[..., File]
ZONE = """BEGIN:VTIMEZONE
TZID:Ours
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0530
TZOFFSETTO:+0430
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0430
TZOFFSETTO:+0530
END:DAYLIGHT
END:VTIMEZONE"""


def ics(*components: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *components, "END:VCALENDAR", ""])


def event(*lines: str, uid: str = "a", kind: str = "VEVENT") -> str:
    return "\n".join([f"BEGIN:{kind}", f"UID:{uid}", "SUMMARY:A", *lines, f"END:{kind}"])


@pytest.fixture
def calendar(here: Path) -> Calendar:
    """Read a calendar of some components."""

    def read(*components: str) -> File:
        Path("x.ics").write_bytes(ics(*components).replace("\n", "\r\n").encode())
        return gather(Path("x.ics"))

    return read


def deadlines(file: File) -> dict[str, str]:
    assert (file.problems, file.left_out) == ((), ())
    return {entry.commitment.key: entry.commitment.deadline for entry in file.entries}


EVENTS = [
    (["DTSTART;VALUE=DATE:20251110"], "2025-11-10"),
    (["DTSTART;VALUE=DATE:20251110", "DTEND;VALUE=DATE:20251111"], "2025-11-10"),
    (["DTSTART;VALUE=DATE:20251110", "DTEND;VALUE=DATE:20251110"], "2025-11-10"),
    (["DTSTART;VALUE=DATE:20251110", "DTEND;VALUE=DATE:20251113"], "between 2025-11-10 and 2025-11-12"),
    (["DTSTART;VALUE=DATE:20251110", "DURATION:P3D"], "between 2025-11-10 and 2025-11-12"),
    (["DTSTART:20251110T100000Z", "DTEND:20251110T110000Z"], "2025-11-10T10:00Z"),
    (["DTSTART:20251110T100000"], "2025-11-10T10:00"),
    (["DTSTART;TZID=Europe/Berlin:20251110T100030"], "2025-11-10T10:00:30[Europe/Berlin]"),
    (["DTSTART;TZID=W. Europe Standard Time:20251110T100000"], "2025-11-10T10:00[Europe/Berlin]"),
    (["DTSTART;TZID=/example.org/Europe/Berlin:20251110T100000"], "2025-11-10T10:00[Europe/Berlin]"),
    (["DTSTART;TZID=Ours:20251110T100000"], "2025-11-10T10:00+04:30"),
    (["DTSTART;TZID=Ours:20250710T100000"], "2025-07-10T10:00+05:30"),
    (["DTSTART;TZID=UTC:20250710T100000"], "2025-07-10T10:00Z"),
]


@pytest.mark.parametrize(("lines", "deadline"), EVENTS, ids=[" ".join(lines) for lines, _ in EVENTS])
def test_an_event_has_the_deadline_that_its_times_mean(calendar: Calendar, lines: list[str], deadline: str) -> None:
    found = calendar(ZONE, event(*lines))
    assert deadlines(found) == {"a": deadline}
    assert found.entries[0].commitment.kind == "event"


TODOS = [
    (["DUE;VALUE=DATE:20251110"], "2025-11-10"),
    (["DTSTART;VALUE=DATE:20251101", "DUE;VALUE=DATE:20251110"], "2025-11-10"),
    (["DTSTART:20251101T100000Z", "DURATION:P1DT2H"], "2025-11-02T12:00Z"),
    (["DTSTART:20251101T100000Z"], "undated"),
    ([], "undated"),
]


@pytest.mark.parametrize(("lines", "deadline"), TODOS, ids=[" ".join(lines) for lines, _ in TODOS])
def test_a_todo_is_an_obligation_that_is_due(calendar: Calendar, lines: list[str], deadline: str) -> None:
    found = calendar(event(*lines, kind="VTODO"))
    assert deadlines(found) == {"a": deadline}
    assert found.entries[0].commitment.kind == "obligation"


def test_words_tags_priority_and_sequence_are_taken_over(calendar: Calendar) -> None:
    lines = ["DUE;VALUE=DATE:20251110", "DESCRIPTION:Ask\\, twice\\;\\nand again", "CATEGORIES:one,t\\,wo",
             "CATEGORIES:three,one", "PRIORITY:1", "SEQUENCE:4", "URL:https://example.org"]  # fmt: skip
    (entry,) = calendar(event(*lines, uid="7f@example.org", kind="VTODO")).entries
    assert (entry.commitment, entry.line, entry.sequence) == (
        Commitment(key="7f@example.org", title="A", deadline="2025-11-10", note="Ask, twice;\nand again",
                   tags=("one", "t,wo", "three"), priority="high"),
        4,
        4,
    )  # fmt: skip


@pytest.mark.parametrize(("number", "priority"), [(0, "normal"), (1, "high"), (4, "high"), (5, "normal"), (6, "low")])
def test_priorities(calendar: Calendar, number: int, priority: str) -> None:
    found = calendar(event("DTSTART:20251110T100000Z", f"PRIORITY:{number}"))
    assert found.entries[0].commitment.priority == priority


KEYS = [
    ("040000008200E00074C5B7101A82E008", "040000008200E00074C5B7101A82E008"),
    ("1234", "uid-1234"),
    ("{0F-a}/é x", "0F-a----x"),
    ("after", "uid-after"),
    ("@", "uid-c3641f85"),
    ("é" * 9, "uid-322feef3"),
    ("a" * 120, "a" * 80 + "-2f3d335432c70b58"[:9]),
]


@pytest.mark.parametrize(("uid", "key"), KEYS, ids=[key for _, key in KEYS])
def test_a_uid_becomes_a_key(calendar: Calendar, uid: str, key: str) -> None:
    assert deadlines(calendar(event("DTSTART:20251110T100000Z", uid=uid))) == {key: "2025-11-10T10:00Z"}


def test_uids_that_become_one_key_are_named(calendar: Calendar) -> None:
    found = calendar(event("DTSTART:20251110T100000Z", uid="a/b"), event("DTSTART:20251110T100000Z", uid="a b"))
    assert [problem.message for problem in found.left_out] == ['x.ics:9: the key "a-b" is used twice, first on line 4']


def test_what_is_over_is_told_apart_and_not_loaded(calendar: Calendar) -> None:
    found = calendar(
        event("DTSTART:20251110T100000Z", "STATUS:CANCELLED"),
        event("STATUS:COMPLETED", uid="b", kind="VTODO"),
        event("COMPLETED:20251110T100000Z", uid="c", kind="VTODO"),
    )
    assert (found.entries, [one.key for one in found.ended]) == ((), ["a", "b", "c"])


def test_of_one_uid_twice_the_higher_sequence_is_kept_and_what_is_no_deadline_is_counted(calendar: Calendar) -> None:
    found = calendar(
        event("DTSTART:20251111T100000Z", "SEQUENCE:2"),
        event("DTSTART:20251110T100000Z", "SEQUENCE:1"),
        event(kind="VJOURNAL"),
        "BEGIN:VFREEBUSY\nUID:f\nEND:VFREEBUSY",
    )
    assert deadlines(found) == {"a": "2025-11-11T10:00Z"}
    assert found.notes == (
        "left out 1 VFREEBUSY, 1 VJOURNAL",
        'left out 1 of an older SEQUENCE than another of the same UID in the file: "a"',
    )


def test_several_calendars_in_a_file_are_read_each_with_its_own_zones(here: Path) -> None:
    other = ZONE.replace("+0430", "+0200").replace("+0530", "+0300")
    one = event("DTSTART;TZID=Ours:20251110T100000")
    two = event("DTSTART;TZID=Ours:20251110T100000", uid="b")
    Path("x.ics").write_text(ics(ZONE, one) + ics(other, two))
    assert deadlines(gather(Path("x.ics"))) == {"a": "2025-11-10T10:00+04:30", "b": "2025-11-10T10:00+02:00"}


LINES = [
    ([], "VEVENT: it has no DTSTART"),
    (["DTSTART:never"], "VEVENT: DTSTART cannot be read: `never`"),
    (["DTSTART;TZID=Nowhere:20251110T100000"], ('VEVENT: the time zone "Nowhere" is not an IANA or Windows name, and '
     "the file does not define it")),
    (["DTSTART:20251110T100000Z", "RRULE:FREQ=HOURLY"], ("VEVENT: RRULE:FREQ=HOURLY: it recurs HOURLY: DAILY, "
     "WEEKLY, MONTHLY, YEARLY can be tracked")),
    (["DTSTART:20251110T100000Z", "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"], ("VEVENT: EXRULE is not read (RFC 5545 "
     "has done away with it): state the days as EXDATE")),
    (["DTSTART:20251110T100000Z", "DTSTART:20251111T100000Z"], "VEVENT: DTSTART is stated twice"),
    (["DTSTART:20251110T100000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"], ("VEVENT: RRULE is stated twice, and what "
     "that gives is not defined (RFC 5545, section 3.8.5.3)")),
    (["DTSTART;VALUE=DATE:20251110", "DTEND:20251111T100000Z"], ("VEVENT: `DTEND:20251111T100000Z` is a "
     "time, and `DTSTART;VALUE=DATE:20251110` is a day")),
    (["DTSTART:20251110T100000Z", "SEQUENCE:-1"], "VEVENT: SEQUENCE is not a number from 0 on: `-1`"),
    (["RECURRENCE-ID;RANGE=THISANDFUTURE:20251110T100000Z", "DTSTART:20251110T100000Z"], ("VEVENT: RECURRENCE-ID with "
     "RANGE changes the later dates of a series that the file does not state")),
    (["DTSTART:99991231T100000Z", "DURATION:P3D"], "VEVENT: its end lies outside the years 1 to 9999"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "said"), LINES, ids=[" ".join(lines) for lines, _ in LINES])
def test_a_wrong_component_is_said_by_its_line(calendar: Calendar, lines: list[str], said: str) -> None:
    found = calendar(ZONE, event(*lines))
    assert [problem.message for problem in found.left_out] == [f"x.ics:19: {said}"]
    assert (found.entries, found.problems) == ((), ())


def test_a_component_without_a_uid_is_said(calendar: Calendar) -> None:
    found = calendar("BEGIN:VTODO\nSUMMARY:A\nEND:VTODO")
    assert [problem.message for problem in found.left_out] == [
        "x.ics:4: VTODO has no UID, by which it could be known again"
    ]


FILES = [
    (b"", "x.ics: is empty, expected a calendar"),
    (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "x.ics: holds no component at all: expected VTODO or VEVENT"),
    (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n", "x.ics: is not whole: it ends inside the VEVENT of line 2"),
    (b"\r\n<html>", "x.ics:2: is not a calendar: expected BEGIN:VCALENDAR, found `<html>`"),
    (b" " * (16 * 2**20 + 1), "x.ics: is larger than 16 MB: split it into several files"),
]


@pytest.mark.parametrize(("content", "line"), FILES, ids=[line[:30] for _, line in FILES])
def test_what_is_no_calendar_is_said(here: Path, content: bytes, line: str) -> None:
    Path("x.ics").write_bytes(content)
    assert wrong(Path("x.ics")) == [line]


def test_every_calendar_that_the_library_is_tested_with_is_read_or_refused_by_lines() -> None:
    """They are in the installed package: written by many programs, and by fuzzers."""
    files = sorted(Path(icalendar.__path__[0]).glob("tests/**/*.ics"))
    assert len(files) > 150
    loaded = 0
    for path in files:
        found = gather(path)
        wrong = (*found.problems, *found.left_out)
        assert found.entries or found.ended or found.notes or wrong, path
        assert all(one.message.startswith(f"{path}:") and "\n" not in one.message for one in wrong)
        loaded += not wrong
    assert loaded > 70
