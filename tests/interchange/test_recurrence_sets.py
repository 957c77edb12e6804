"""Recurrence sets (RFC 5545, 3.8.4.4 and 3.8.5.1–3): which occurrence an exception or an override means."""

from __future__ import annotations

import pytest

from tests.interchange.test_ics import Calendar, calendar, deadlines, event  # noqa: F401  # `calendar` is a fixture

NEW_YORK = ["DTSTART;TZID=America/New_York:20270104T200000", "RRULE:FREQ=DAILY;COUNT=4"]
TWICE = ["DTSTART;TZID=Europe/Berlin:20270301T090000", "RRULE:FREQ=DAILY;BYHOUR=9,17;COUNT=4"]
MONTHLY = ["DTSTART;VALUE=DATE:20270301", "RRULE:FREQ=MONTHLY;COUNT=3"]
IN_NEW_YORK = "every FREQ=DAILY;COUNT=4 from 2027-01-04T20:00[America/New_York]"
IN_BERLIN = "every FREQ=DAILY;COUNT=4;BYHOUR=9,17 from 2027-03-01T09:00[Europe/Berlin]"
EACH_MONTH = "every FREQ=MONTHLY;COUNT=3 from 2027-03-01"
NIGHTLY = ["DTSTART;TZID=Europe/Berlin:20271029T023000", "RRULE:FREQ=DAILY;COUNT=5"]
IN_THE_NIGHT = "every FREQ=DAILY;COUNT=5 from 2027-10-29T02:30[Europe/Berlin]"
SPRING = ["DTSTART;TZID=Europe/Berlin:20270327T023000", "RRULE:FREQ=DAILY;COUNT=3"]

EXCEPTIONS = [
    # 10:00 in Tokyo on the 6th is 20:00 in New York on the 5th
    ([*NEW_YORK, "EXDATE;TZID=Asia/Tokyo:20270106T100000"], f"{IN_NEW_YORK} except 2027-01-05T20:00"),
    ([*NEW_YORK, "EXDATE:20270106T010000Z,20270107T010000Z"],
     f"{IN_NEW_YORK} except 2027-01-05T20:00, 2027-01-06T20:00"),
    ([*TWICE, "EXDATE;TZID=Europe/Berlin:20270302T170000"], f"{IN_BERLIN} except 2027-03-02T17:00"),
    ([*TWICE, "EXDATE;VALUE=DATE:20270302"], f"{IN_BERLIN} except 2027-03-02T09:00, 2027-03-02T17:00"),
    ([*MONTHLY, "RDATE;VALUE=DATE:20270301"], EACH_MONTH),
    ([*MONTHLY, "RDATE;VALUE=DATE:20270315", "EXDATE;VALUE=DATE:20270315"], f"{EACH_MONTH} except 2027-03-15"),
    # the clocks show 02:30 twice on 31 October: 00:30Z is the one of the rule, and 01:30Z another
    ([*NIGHTLY, "EXDATE:20271031T003000Z"], f"{IN_THE_NIGHT} except 2027-10-31T02:30"),
    ([*NIGHTLY, "EXDATE:20271031T013000Z"], IN_THE_NIGHT),
    # there is no 02:30 on 28 March: the occurrence is at 01:30Z, which is 03:30
    ([*SPRING, "EXDATE:20270328T013000Z"],
     "every FREQ=DAILY;COUNT=3 from 2027-03-27T02:30[Europe/Berlin] except 2027-03-28T02:30"),
    (["DTSTART:20270105T130000Z", "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20270112T140000"],
     "every FREQ=WEEKLY from 2027-01-05T13:00[UTC] except 2027-01-12T13:00"),
    (["DTSTART:20270105T130000", "RRULE:FREQ=WEEKLY", "EXDATE:20270112T130000"],
     "every FREQ=WEEKLY from 2027-01-05T13:00 except 2027-01-12T13:00"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "deadline"), EXCEPTIONS, ids=[" ".join(lines[2:]) for lines, _ in EXCEPTIONS])
def test_an_exception_is_the_instant_that_it_states(calendar: Calendar, lines: list[str], deadline: str) -> None:  # noqa: F811
    assert deadlines(calendar(event(*lines))) == {"a": deadline}


OVERRIDES = [
    (NEW_YORK, ":20270106T010000Z", "2027-01-05T20:00", "a.2027-01-05"),
    (NEW_YORK, ";TZID=Asia/Tokyo:20270106T100000", "2027-01-05T20:00", "a.2027-01-05"),
    (TWICE, ";TZID=Europe/Berlin:20270302T170000", "2027-03-02T17:00", "a.2027-03-02T1700"),
    (TWICE, ":20270302T080000Z", "2027-03-02T09:00", "a.2027-03-02T0900"),
]


@pytest.mark.parametrize(("series", "original", "name", "key"), OVERRIDES)
def test_an_override_takes_the_place_of_the_occurrence_at_its_instant(
    calendar: Calendar,  # noqa: F811
    series: list[str],
    original: str,
    name: str,
    key: str,
) -> None:
    both = [event(*series), event(f"RECURRENCE-ID{original}", "DTSTART:20270401T120000Z")]
    for components in (both, reversed(both)):
        found = deadlines(calendar(*components))
        assert (found.pop("a").partition(" except ")[2], found) == (name, {key: "2027-04-01T12:00Z"})


def test_an_override_with_a_rule_is_no_second_series(calendar: Calendar) -> None:  # noqa: F811
    override = event("RECURRENCE-ID;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270402", "RRULE:FREQ=MONTHLY;COUNT=3")
    assert deadlines(calendar(event(*MONTHLY), override)) == {
        "a": f"{EACH_MONTH} except 2027-04-01",
        "a.2027-04-01": "2027-04-02",
    }


def test_an_override_of_a_date_that_only_rdate_gives_takes_its_place(calendar: Calendar) -> None:  # noqa: F811
    override = event("RECURRENCE-ID;VALUE=DATE:20270315", "DTSTART;VALUE=DATE:20270316")
    assert deadlines(calendar(event(*MONTHLY, "RDATE;VALUE=DATE:20270315"), override)) == {
        "a": f"{EACH_MONTH} except 2027-03-15",
        "a.2027-03-15": "2027-03-16",
    }


@pytest.mark.parametrize(("newer", "tracked"), [("SEQUENCE:2", {"a"}), ("SEQUENCE:1", {"a", "a.2027-04-01"})])
def test_an_override_that_a_newer_version_of_its_series_leaves_out_is_over(
    calendar: Calendar,  # noqa: F811
    newer: str,
    tracked: set[str],
) -> None:
    """Of the same version it is what some programs write for an occurrence that was moved."""
    override = event("RECURRENCE-ID;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270402", "SEQUENCE:1")
    found = calendar(override, event(*MONTHLY, "EXDATE;VALUE=DATE:20270401", newer))
    assert deadlines(found).keys() == tracked
    assert [one.key for one in found.ended] == sorted({"a.2027-04-01"} - tracked)
    assert deadlines(calendar(override, event(*MONTHLY, newer))).keys() == {"a", "a.2027-04-01"}


def test_dates_of_one_day_have_keys_of_their_own(calendar: Calendar) -> None:  # noqa: F811
    """The first keeps the day alone, as it was before. Where the clocks show a time twice, the second is in UTC."""
    more = "RDATE:20271030T150000Z,20271030T170000Z,20271031T013000Z"
    assert deadlines(calendar(event(*NIGHTLY, more, "RDATE;TZID=Europe/Berlin:20271030T023000"))) == {
        "a": f"{IN_THE_NIGHT} except 2027-10-30T02:30, 2027-10-30T17:00, 2027-10-30T19:00",
        "a.2027-10-30": "2027-10-30T02:30[Europe/Berlin]",
        "a.2027-10-30T1700": "2027-10-30T15:00Z",
        "a.2027-10-30T1900": "2027-10-30T17:00Z",
        "a.2027-10-31": "2027-10-31T01:30Z",
    }
    both = "RDATE:20271031T003000Z,20271031T013000Z"
    found = deadlines(calendar(event("DTSTART;TZID=Europe/Berlin:20270105T023000", both)))
    assert found == {
        "a": "2027-01-05T02:30[Europe/Berlin]",
        "a.2027-10-31": "2027-10-31T00:30Z",
        "a.2027-10-31T013000Z": "2027-10-31T01:30Z",
    }


def test_a_start_that_its_rule_does_not_give_is_tracked_and_named(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(event("DTSTART;VALUE=DATE:20270106", "RRULE:FREQ=WEEKLY;BYDAY=MO"))
    assert deadlines(found) == {"a": "every FREQ=WEEKLY;BYDAY=MO from 2027-01-06", "a.2027-01-06": "2027-01-06"}
    assert found.notes == ("a: its rule does not give its DTSTART, which is tracked as a.2027-01-06",)
    assert found.entries[1].commitment.assumptions == ("the rule of a does not give this day, on which it begins",)
    assert deadlines(calendar(event("DTSTART;VALUE=DATE:20270106", "RRULE:FREQ=WEEKLY;BYDAY=MO",
                                    "EXDATE;VALUE=DATE:20270106"))).keys() == {"a"}  # fmt: skip


def test_a_rule_that_ends_before_it_begins_leaves_its_first_day(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(event("DTSTART;VALUE=DATE:20270106", "RRULE:FREQ=WEEKLY;UNTIL=20270105"))
    assert deadlines(found) == {"a": "2027-01-06"}
    assert found.entries[0].commitment.assumptions == (
        "its rule ends before it begins, so that only its first day counts",
    )


def test_hours_in_the_rule_of_days_are_ignored(calendar: Calendar) -> None:  # noqa: F811
    """RFC 5545, section 3.3.10: "MUST be ignored"."""
    found = calendar(event("DTSTART;VALUE=DATE:20270106", "RRULE:FREQ=DAILY;BYMINUTE=1,2;BYHOUR=9;INTERVAL=2"))
    assert deadlines(found) == {"a": "every FREQ=DAILY;INTERVAL=2 from 2027-01-06"}


NEW_YORK_LATER = "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=America/New_York:20270106T200000"
LATER = [
    # only the title changes
    ([event(*MONTHLY), event("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270401")],
     {"a": "every FREQ=MONTHLY;UNTIL=20270331 from 2027-03-01",
      "a.from-2027-04-01": "every FREQ=MONTHLY;UNTIL=20270501 from 2027-04-01"}),
    # another time of day, from the third of four on
    ([event(*NEW_YORK), event(NEW_YORK_LATER, "DTSTART;TZID=America/New_York:20270106T210000")],
     {"a": "every FREQ=DAILY;UNTIL=20270105 from 2027-01-04T20:00[America/New_York]",
      "a.from-2027-01-06": "every FREQ=DAILY;UNTIL=20270107 from 2027-01-06T21:00[America/New_York]"}),
    # an occurrence after the change is named by its original start, as are exceptions
    ([event(*NEW_YORK, "EXDATE;TZID=America/New_York:20270104T200000,20270106T200000"),
      event(NEW_YORK_LATER, "DTSTART;TZID=America/New_York:20270106T210000"),
      event("RECURRENCE-ID:20270108T010000Z", "DTSTART:20270108T030000Z")],
     {"a": "every FREQ=DAILY;UNTIL=20270105 from 2027-01-04T20:00[America/New_York] except 2027-01-04T20:00",
      "a.2027-01-07": "2027-01-08T03:00Z"}),
    # two changes of a series without an end; the second is stated first
    ([event("RECURRENCE-ID;RANGE=THISANDFUTURE:20270119T130000Z", "DTSTART:20270119T150000Z"),
      event("DTSTART:20270105T130000Z", "RRULE:FREQ=WEEKLY"),
      event("RECURRENCE-ID;RANGE=THISANDFUTURE:20270112T130000Z", "DTSTART:20270112T140000Z")],
     {"a": "every FREQ=WEEKLY;UNTIL=20270111 from 2027-01-05T13:00[UTC]",
      "a.from-2027-01-12": "every FREQ=WEEKLY;UNTIL=20270118 from 2027-01-12T14:00[UTC]",
      "a.from-2027-01-19": "every FREQ=WEEKLY from 2027-01-19T15:00[UTC]"}),
    # from the first day on
    ([event(*MONTHLY), event("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270301", "DTSTART;VALUE=DATE:20270301")],
     {"a.from-2027-03-01": "every FREQ=MONTHLY;UNTIL=20270501 from 2027-03-01"}),
]  # fmt: skip


@pytest.mark.parametrize(("components", "found"), LATER)
def test_a_change_of_all_later_dates_is_a_series_of_its_own(
    calendar: Calendar,  # noqa: F811
    components: list[str],
    found: dict[str, str],
) -> None:
    """RFC 5545, section 3.8.4.4: "all subsequent instances are also rescheduled by the same time difference"."""
    assert deadlines(calendar(*components)) == found


NOT_READ = [
    ([event(*MONTHLY)], ["RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270402"],
     "moves the later dates to other days"),
    ([event(*MONTHLY)], ["RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270402", "DTSTART;VALUE=DATE:20270402"],
     "names 2027-04-02, which is no date of its series"),
    ([event(*TWICE)], ["RECURRENCE-ID;RANGE=THISANDFUTURE:20270302T080000Z", "DTSTART:20270302T090000Z"],
     "a series of several times a day"),
    ([event(*MONTHLY, "RDATE;VALUE=DATE:20270415")],
     ["RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270401"], "dates of RDATE"),
    ([event("DTSTART;VALUE=DATE:20270301")],
     ["RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270401"], "there is no rule"),
    ([], ["RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270401"],
     "a series that the file does not state"),
    ([event(*MONTHLY)], ["RECURRENCE-ID;RANGE=THISANDPRIOR;VALUE=DATE:20270401", "DTSTART;VALUE=DATE:20270401"],
     "RANGE=THISANDPRIOR is not read"),
]  # fmt: skip


@pytest.mark.parametrize(("series", "lines", "says"), NOT_READ)
def test_later_dates_that_cannot_be_stated_leave_the_series_out_whole(
    calendar: Calendar,  # noqa: F811
    series: list[str],
    lines: list[str],
    says: str,
) -> None:
    """Its later dates would be those before the change."""
    change = event(*lines)
    for components in ([*series, change], [change, *series]):
        found = calendar(*components, event("DTSTART;VALUE=DATE:20270101", uid="b"))
        assert [one.commitment.key for one in found.entries] == ["b"]
        assert [one.key for one in found.left_out] == ["a"]
        assert says in found.left_out[0].message


def test_an_empty_rule_is_none(calendar: Calendar) -> None:  # noqa: F811
    assert deadlines(calendar(event("DTSTART;VALUE=DATE:20270106", "RRULE:"))) == {"a": "2027-01-06"}


@pytest.mark.parametrize(
    "lines",
    [
        [*MONTHLY, "EXDATE;VALUE=DATE:20270301,20270401,20270501"],
        ["DTSTART;VALUE=DATE:20270301", "EXDATE;VALUE=DATE:20270301"],
    ],
)
def test_a_series_without_any_occurrence_is_not_tracked_and_named(calendar: Calendar, lines: list[str]) -> None:  # noqa: F811
    found = calendar(event(*lines), event("DTSTART;VALUE=DATE:20270101", uid="b"))
    assert deadlines(found) == {"b": "2027-01-01"}
    assert [one.key for one in found.ended] == ["a"]
    assert found.notes == ("a: EXDATE or other entries of its UID leave out each of its occurrences",)


def test_errors_quote_what_stands_in_the_file(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(event("DTSTART;VALUE=DATE:20270101", "RRULE:FREQ=YEARLY;RSCALE=CHINESE"))
    (problem,) = found.left_out
    assert problem.message.startswith("x.ics:4: VEVENT: `RRULE:FREQ=YEARLY;RSCALE=CHINESE`: RSCALE is not read")
    assert "every" not in problem.message
    (problem,) = calendar(event("DTSTART;VALUE=DATE:99991231")).left_out
    assert problem.message.startswith("x.ics:4: VEVENT: `DTSTART;VALUE=DATE:99991231`:")
