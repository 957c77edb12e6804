"""Zones of calendars: those that the file defines itself, names in other letters, abbreviations, and Outlook's days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.core.icalendar import FeedEntry
from alerts.core.tracked import Tracked
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.grammar import parse
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.wording import format_point
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.interchange import gather
from alerts.interchange.ics import write
from alerts.interchange.ics.feed_writer import FeedWriter
from tests.factories import NOW, bounds, commitment
from tests.interchange.test_ics import ZONE, Calendar, calendar, deadlines, event  # noqa: F401  # `calendar` is a fixture

GMT = """BEGIN:VTIMEZONE
TZID:GMT
BEGIN:STANDARD
DTSTART:20001029T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20000326T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
END:VTIMEZONE"""
OURS = "<+0430>-4:30<+0530>-5:30,M3.5.0/2,M10.5.0/3"


def zone(*observances: str, tzid: str = "Ours") -> str:
    return "\n".join(["BEGIN:VTIMEZONE", f"TZID:{tzid}", *observances, "END:VTIMEZONE"])


def observance(start: str, before: str, after: str, *more: str, kind: str = "STANDARD") -> str:
    lines = [f"BEGIN:{kind}", f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *more]
    return "\n".join([*lines, f"END:{kind}"])


def test_what_recurs_in_a_zone_of_the_file_follows_its_rules(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(ZONE, event("DTSTART;TZID=Ours:20270105T100000", "RRULE:FREQ=MONTHLY"))
    assert deadlines(found) == {"a": f"every FREQ=MONTHLY from 2027-01-05T10:00[{OURS}]"}
    assert found.entries[0].commitment.assumptions == ('the time zone "Ours" is the one that the calendar defines',)
    bounds = resolve(parse(deadlines(found)["a"]), ZoneChoice(), {})
    winter, summer = (occurrence_bounds(bounds, name) for name in ("2027-01-05T10:00", "2027-07-05T10:00"))
    assert winter.latest == datetime(2027, 1, 5, 5, 30, tzinfo=UTC)
    assert summer.latest == datetime(2027, 7, 5, 4, 30, tzinfo=UTC)
    assert summer.named
    assert format_point(summer.named) == "Mon 5 Jul 2027 10:00 UTC+05:30"


def test_a_zone_that_a_rule_defines_goes_out_under_a_name_and_comes_back(here: Path) -> None:
    """In an exported calendar and in a feed, whose other readers need a definition of it."""
    stated = f"every FREQ=MONTHLY from 2027-01-05T10:00[{OURS}] except 2027-03-05T10:00"
    one = Tracked(id=1, commitment=commitment("a", stated), bounds=bounds(stated), bounds_version=1, recorded_at=NOW)
    entry = FeedEntry(tracked=one, installation="here", sequence=0, revised_at=NOW)
    feed = FeedWriter(name="Ours", texts=lambda _: ("A", "")).write([entry], NOW)
    for text in (write([(one, None)], NOW), feed.decode()):
        Path("x.ics").write_text(text)
        assert list(deadlines(gather(Path("x.ics"))).values()) == [stated]
        lines = text.replace("\r\n ", "").split("\r\n")
        Path("x.ics").write_text("\n".join(line for line in lines if not line.startswith("X-ALERTS")))
        assert "Zone_" in text
        assert list(deadlines(gather(Path("x.ics"))).values()) == [stated]  # by its VTIMEZONE alone


SUNDAY = "RRULE:FREQ=YEARLY;BYDAY=SU"
SERIES = [
    ([observance("16010101T000000", "+0545", "+0545")], "<+0545>-5:45"),
    ([observance("16010101T000000", "-0330", "-0330")], "<-0330>3:30"),
    ([observance("19701101T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11"),
      observance("19700308T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3", kind="DAYLIGHT")],
     "<-05>5<-04>4,M3.2.0/2,M11.1.0/2"),
    ([observance("19701101T020000", "-0400", "-0500", f"{SUNDAY};BYMONTHDAY=1,2,3,4,5,6,7;BYMONTH=11;BYHOUR=2"),
      observance("19700308T020000", "-0500", "-0400", f"{SUNDAY};BYMONTHDAY=8,9,10,11,12,13,14;BYMONTH=3",
                 kind="DAYLIGHT")],
     "<-05>5<-04>4,M3.2.0/2,M11.1.0/2"),
    # a rule that ended long ago, and one without a rule since
    ([observance("19800406T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4;UNTIL=19900401T010000Z",
                 kind="DAYLIGHT"),
      observance("19800928T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=9;UNTIL=19900930T010000Z")],
     "<+01>-1"),
]  # fmt: skip


@pytest.mark.parametrize(("observances", "name"), SERIES, ids=[name for _, name in SERIES])
def test_the_rule_of_a_zone(calendar: Calendar, observances: list[str], name: str) -> None:  # noqa: F811
    found = calendar(zone(*observances), event("DTSTART;TZID=Ours:20270105T100000", "RRULE:FREQ=DAILY"))
    assert deadlines(found) == {"a": f"every FREQ=DAILY from 2027-01-05T10:00[{name}]"}


def test_a_zone_whose_rules_change_later_is_named_and_has_its_offsets(calendar: Calendar) -> None:  # noqa: F811
    changes = zone(observance("20200101T000000", "+0100", "+0100"), observance("20280101T000000", "+0100", "+0200"))
    found = calendar(
        changes,
        event("DTSTART;TZID=Ours:20270105T100000", "RRULE:FREQ=DAILY"),
        event("DTSTART;TZID=Ours:20280105T100000", uid="b"),
        event("DTSTART;TZID=Ours:20280105T100000", "RRULE:FREQ=DAILY", uid="c"),
    )
    assert {one.commitment.key: one.commitment.deadline for one in found.entries} == {
        "b": "2028-01-05T10:00+02:00",
        "c": "every FREQ=DAILY from 2028-01-05T10:00[<+02>-2]",
    }
    (problem,) = found.left_out
    assert problem.message == (
        'x.ics:17: VEVENT: it recurs in the time zone "Ours", whose definition in the file has other than two yearly '
        "rules from then on, which is not read"
    )


def test_a_definition_goes_before_what_looks_like_an_abbreviation(calendar: Calendar) -> None:  # noqa: F811
    found = calendar(GMT, event("DTSTART;TZID=GMT:20270723T102000"))
    assert deadlines(found) == {"a": "2027-07-23T10:20+01:00"}
    assert found.entries[0].commitment.assumptions == ('the time zone "GMT" is the one that the calendar defines',)
    assert deadlines(calendar(event("DTSTART;TZID=GMT:20270723T102000"))) == {"a": "2027-07-23T10:20[GMT]"}


def test_a_definition_that_agrees_with_the_name_leaves_the_name(calendar: Calendar) -> None:  # noqa: F811
    agrees = zone(observance("19700101T000000", "+0000", "+0000"), tzid="GMT")
    assert deadlines(calendar(agrees, event("DTSTART;TZID=GMT:20270723T102000"))) == {"a": "2027-07-23T10:20[GMT]"}


NAMES = [
    ("europe/berlin", "[Europe/Berlin]"),
    ("AMERICA/NEW_YORK", "[America/New_York]"),
    ("w. europe standard time", "[Europe/Berlin]"),
    ("utc", "Z"),
]


@pytest.mark.parametrize(("tzid", "zone"), NAMES)
def test_zones_in_letters_of_another_case(calendar: Calendar, tzid: str, zone: str) -> None:  # noqa: F811
    assert deadlines(calendar(event(f"DTSTART;TZID={tzid}:20270723T102000"))) == {"a": f"2027-07-23T10:20{zone}"}


def test_letters_of_another_case_name_no_zone_that_the_file_defines_otherwise(calendar: Calendar) -> None:  # noqa: F811
    """As a public calendar has it: Lisbon in small letters, with the clocks of Ceuta."""
    ceuta = GMT.replace("TZID:GMT", "TZID:Europe/lisbon\nX-LIC-LOCATION:Europe/lisbon")
    ceuta = ceuta.replace("+0100", "+0200").replace("+0000", "+0100")
    start = "DTSTART;TZID=Europe/lisbon:20270723T102000"
    assert deadlines(calendar(ceuta, event(start))) == {"a": "2027-07-23T10:20+02:00"}
    lisbon = GMT.replace("TZID:GMT", "TZID:Europe/lisbon").replace("T030000", "T020000").replace("26T02", "26T01")
    assert deadlines(calendar(lisbon, event(start))) == {"a": "2027-07-23T10:20[Europe/Lisbon]"}


CLOCKS = [  # in the night to 28 March 2027 the clocks go forward, in that to 31 October back
    ("PT24H", "20270327T120000", "2027-03-28T13:00[Europe/Berlin]"),
    ("P1D", "20270327T120000", "2027-03-28T12:00[Europe/Berlin]"),
    ("PT24H", "20271030T120000", "2027-10-31T11:00[Europe/Berlin]"),
    ("P1DT1H", "20271030T120000", "2027-10-31T13:00[Europe/Berlin]"),
    ("PT15H", "20271030T120000", "2027-10-31T01:00Z"),  # 02:00 for the second time
    ("P1W", "20271030T120000", "2027-11-06T12:00[Europe/Berlin]"),
]


@pytest.mark.parametrize(("lasts", "start", "due"), CLOCKS)
def test_hours_are_exact_and_days_are_not(calendar: Calendar, lasts: str, start: str, due: str) -> None:  # noqa: F811
    found = calendar(event(f"DTSTART;TZID=Europe/Berlin:{start}", f"DURATION:{lasts}", kind="VTODO"))
    assert deadlines(found) == {"a": due}


OUTLOOK = [
    (["DTSTART;TZID=Europe/Berlin:20270105T000000", "DTEND;TZID=Europe/Berlin:20270106T000000"],
     "2027-01-05[Europe/Berlin]"),
    (["DTSTART;TZID=Europe/Berlin:20270105T000000", "DTEND;TZID=Europe/Berlin:20270108T000000"],
     "between 2027-01-05[Europe/Berlin] and 2027-01-07[Europe/Berlin]"),
    (["DTSTART:20270105T000000", "DTEND:20270106T000000", "RRULE:FREQ=YEARLY"], "every FREQ=YEARLY from 2027-01-05"),
    (["DTSTART;TZID=Europe/Berlin:20270105T000000", "RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:20270106T000000"],
     "every FREQ=DAILY from 2027-01-05[Europe/Berlin] except 2027-01-06"),
    (["DTSTART:20270104T230000Z", "DTEND:20270105T230000Z"], "2027-01-04T23:00Z"),  # its zone is not known
]  # fmt: skip


@pytest.mark.parametrize(("lines", "deadline"), OUTLOOK, ids=[deadline for _, deadline in OUTLOOK])
def test_days_of_outlook_from_midnight_to_midnight(calendar: Calendar, lines: list[str], deadline: str) -> None:  # noqa: F811
    found = calendar(event(*lines, "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"))
    assert deadlines(found) == {"a": deadline}


def test_the_offset_of_a_definition_at_each_kind_of_wall_clock_time(calendar: Calendar) -> None:  # noqa: F811
    """In an hour that is skipped the offset before it holds, in one that is repeated that of the first pass."""
    times = {"20270328T013000": "04:30", "20270328T023000": "04:30", "20270328T033000": "05:30",
             "20271031T023000": "05:30", "20271031T033000": "04:30", "19690101T000000": "04:30"}  # fmt: skip
    for start, offset in times.items():
        (deadline,) = deadlines(calendar(ZONE, event(f"DTSTART;TZID=Ours:{start}"))).values()
        assert deadline.endswith(f"+{offset}"), start
        assert resolve(parse(deadline), ZoneChoice(), {}).latest == datetime.strptime(start, "%Y%m%dT%H%M%S").replace(
            tzinfo=UTC
        ) - timedelta(hours=int(offset[:2]), minutes=30)
