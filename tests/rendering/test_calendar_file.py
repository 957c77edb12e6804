"""A deadline as an entry in the reader's calendar, read back by the library that other programs use, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from alerts.core.icalendar import PRODUCT, event_times
from alerts.core.notifications import CalendarEntry, ReminderContext
from alerts.core.tracked import Occurrence, Revision
from alerts.rendering.calendar_file import publish
from tests.rendering.reminder_factories import NOW, bounds_of, told

MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"


def entry(said: ReminderContext, title: str = "Truce", words: str = "As stated") -> Any:
    """The VEVENT that is published; None where there is none."""
    text = publish(said, title, words, NOW)
    if text is None:
        return None
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))  # RFC 5545 §3.1
    calendar = Calendar.from_ical(text)
    assert (calendar["METHOD"], calendar["VERSION"], calendar.errors) == ("PUBLISH", "2.0", [])
    (event,) = calendar.subcomponents
    assert (event.name, event.errors, event.subcomponents) == ("VEVENT", [], [])
    assert (event["TRANSP"], event.decoded("DTSTAMP")) == ("TRANSPARENT", NOW)
    return event


def times(event: Any) -> list[date]:
    return [event.decoded(name) for name in ("DTSTART", "DTEND") if name in event]


def state(event: Any) -> tuple[str, int, str]:
    return event["UID"], event["SEQUENCE"], event["STATUS"]


def moved(*deadlines: str, status: str = "open", change: bool = True) -> ReminderContext:
    """What is told of the last of some moves, or of the end after them."""
    before, now = (bounds_of(one, "America/New_York") for one in deadlines[-2:])
    revision = Revision(
        number=2, what="moved", recorded_at=NOW, recorded_by="desk", before=before, after=now,
        bounds_version=len(deadlines),
    )  # fmt: skip
    return told(
        deadlines[-1],
        "moved",
        commitment={"status": status},
        tracked={"bounds_version": len(deadlines)},
        change=revision if change else None,
    )


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        ("2025-11-10", [date(2025, 11, 10), date(2025, 11, 11)]),
        ("after 2025-11-10", [date(2025, 11, 10), date(2025, 11, 11)]),
        ("2025-11-10/..", [date(2025, 11, 10), date(2025, 11, 11)]),
        ("by 2025-12-31", [date(2025, 12, 31), date(2026, 1, 1)]),
        ("until 2025-11-10", [date(2025, 11, 10), date(2025, 11, 11)]),
        ("between 2025-11-28 and 2025-12-28", [date(2025, 11, 28), date(2025, 12, 29)]),
        ("2025-11", [date(2025, 11, 1), date(2025, 12, 1)]),
        ("2025-11-10T12:01-05:00", [datetime(2025, 11, 10, 17, 1, tzinfo=UTC)]),
        ("after 2025-11-10T12:01-05:00", [datetime(2025, 11, 10, 17, 1, tzinfo=UTC)]),
        (
            "between 2025-11-10T09:00 and 2025-11-10T17:00",
            [datetime(2025, 11, 10, 14, 0, tzinfo=UTC), datetime(2025, 11, 10, 22, 0, tzinfo=UTC)],
        ),
        (  # DTSTART and DTEND are of one kind (RFC 5545 §3.8.2.2)
            "between 2025-11-10 and 2025-11-11T12:00",
            [datetime(2025, 11, 10, 5, 0, tzinfo=UTC), datetime(2025, 11, 11, 17, 0, tzinfo=UTC)],
        ),
        (  # a window whose first day is, by the calendar, after its last
            "between 2025-11-11[Asia/Tokyo] and 2025-11-10[America/New_York]",
            [datetime(2025, 11, 10, 15, 0, tzinfo=UTC), datetime(2025, 11, 11, 5, 0, tzinfo=UTC)],
        ),
    ],
)
def test_a_day_an_instant_or_a_window_is_what_the_calendar_shows(deadline: str, expected: list[date]) -> None:
    event = entry(told(deadline))
    assert times(event) == expected
    assert state(event) == ("truce-review@here", 0, "CONFIRMED")


def test_a_day_in_no_known_zone_is_that_day_wherever_the_reader_is() -> None:
    assert times(entry(told("2025-11-10", zone=None))) == [date(2025, 11, 10), date(2025, 11, 11)]


@pytest.mark.parametrize("deadline", ["undated", "undated (tbd)", MONTHLY])
@pytest.mark.parametrize("status", ["open", "fulfilled"])
def test_what_has_no_date_and_what_recurs_as_a_whole_is_no_entry(deadline: str, status: str) -> None:
    assert entry(told(deadline, "review", commitment={"status": status})) is None


@pytest.mark.parametrize(
    ("deadlines", "status", "expected", "day"),
    [
        (["2025-11-10", "2026-11-10"], "open", "CONFIRMED", date(2026, 11, 10)),
        (["2025-11-10", "2026-11-10"], "fulfilled", "CANCELLED", date(2026, 11, 10)),
        (["2025-11-10", "2026-11-10", "2025-11-10"], "open", "CONFIRMED", date(2025, 11, 10)),
        (["2025-11-10", "undated"], "open", "CANCELLED", date(2025, 11, 10)),
        (["2025-11-10", "undated"], "withdrawn", "CANCELLED", date(2025, 11, 10)),
        (["2025-11-10", "undated", "2026-11-10"], "open", "CONFIRMED", date(2026, 11, 10)),
        (["undated", "2026-11-10"], "open", "CONFIRMED", date(2026, 11, 10)),
        (["2025-11-10", MONTHLY], "open", "CANCELLED", date(2025, 11, 10)),
    ],
)
def test_what_moves_or_ends_changes_the_entry_that_is_there(
    deadlines: Sequence[str], status: str, expected: str, day: date
) -> None:
    event = entry(moved(*deadlines, status=status))
    assert event["STATUS"] == expected
    assert event.decoded("DTSTART") == day


@pytest.mark.parametrize("deadlines", [["undated", "undated (tbd)"], [MONTHLY, "undated"], ["undated", MONTHLY]])
def test_what_had_no_date_and_has_none_is_still_no_entry(deadlines: Sequence[str]) -> None:
    assert entry(moved(*deadlines)) is None


@pytest.mark.parametrize(
    ("known", "expected", "day"),
    [
        (Occurrence(), "CONFIRMED", date(2025, 12, 31)),
        (Occurrence(bounds=bounds_of("2026-01-07"), version=3), "CONFIRMED", date(2026, 1, 7)),
        (Occurrence(status="fulfilled"), "CANCELLED", date(2025, 12, 31)),
    ],
)
def test_an_occurrence_is_an_entry_by_itself(known: Occurrence, expected: str, day: date) -> None:
    said = told(MONTHLY, reminder={"occurrence": "2025-12-31"}, tracked={"occurrences": {"2025-12-31": known}})
    event = entry(replace(said, tracked=said.tracked.at("2025-12-31")))
    assert event["STATUS"] == expected
    assert event.decoded("DTSTART") == day


def test_the_entry_is_known_by_what_the_store_says() -> None:
    known = CalendarEntry(uid="truce-review.2025-12-31@0f3c", sequence=7)
    assert state(entry(told(entry=known))) == (known.uid, 7, "CONFIRMED")
    assert entry(told(entry=None)) is None


def test_what_is_critical_comes_first_in_the_calendar_as_in_an_export() -> None:
    assert entry(told(commitment={"priority": "critical"}))["PRIORITY"] == 1


TEXTS = st.text(st.sampled_from("abc \\N;,:^\r\n\té漢𝄞") | st.characters(codec="utf-8"), max_size=200)


@given(TEXTS, TEXTS, TEXTS.filter(bool), st.sampled_from(["2025-11-10", "until 2025-11-10T12:01-05:00", "0001-01-01"]))
@example("a" + ";" * 60, "^" + ";" * 99, "x", "2025-11-10")
@example(";" * 60, "漢" * 60, "x", "2025-11-10")
def test_its_octets_are_those_that_the_library_writes(title: str, words: str, uid: str, deadline: str) -> None:
    said = told(deadline, entry=CalendarEntry(uid=uid, sequence=3))
    begins, ends = event_times(said.tracked.bounds) or (NOW, None)
    event = Event()
    for name, value in (("UID", uid), ("DTSTAMP", NOW), ("SEQUENCE", 3), ("SUMMARY", title), ("DESCRIPTION", words),
                        ("DTSTART", begins), ("DTEND", ends), ("PRIORITY", 5), ("STATUS", "CONFIRMED"),
                        ("TRANSP", "TRANSPARENT")):  # fmt: skip
        if value is not None:
            event.add(name, value)
    calendar = Calendar()
    for name, value in (("PRODID", PRODUCT), ("VERSION", "2.0"), ("METHOD", "PUBLISH")):
        calendar.add(name, value)
    calendar.add_component(event)
    assert publish(said, title, words, NOW) == calendar.to_ical().decode()
