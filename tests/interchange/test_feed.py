"""A calendar feed: read by other programs, and loaded into a fresh database it gives the same bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from icalendar import Calendar
from icalendar.prop import vBroken

from alerts.core.commitments import Commitment
from alerts.core.icalendar import FeedEntry
from alerts.core.tracked import Occurrence, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.business_days import Roll
from alerts.deadlines.deadline_bounds import resolve
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Deadline, Every
from alerts.deadlines.grammar import parse
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.zone_choice import ZoneChoice
from alerts.interchange import gather
from alerts.interchange.file_contents import File
from alerts.interchange.ics.feed_writer import FeedWriter, ended_calendar
from tests.deadlines.test_grammar_properties import CHOICES, DEADLINES, KNOWN, near, thorough
from tests.factories import NOW, at, bounds, commitment

HERE = "0123456789abcdef0123456789abcdef"
WRITER = FeedWriter(name="Ann's deadlines", texts=lambda one: (one.commitment.title, f"{one.commitment.note}"))
NEW_YORK = ZoneChoice("America/New_York", calendars=("US",))


def entry(stated: str, key: str = "a", choice: ZoneChoice = NEW_YORK, **more: object) -> FeedEntry:
    """A commitment as a feed has it; `occurrences`, `status` and `ended` may be given."""
    ended = more.pop("ended", {})
    occurrences = more.pop("occurrences", {})
    found = Tracked(
        id=1,
        commitment=commitment(key, stated, **more),
        bounds=resolve(parse(stated), choice, {"summit": bounds(), "unknown": Bounds()}),
        bounds_version=1,
        recorded_at=NOW,
        occurrences=occurrences,  # type: ignore[arg-type]
    )
    return of(found, ended=ended)


def of(tracked: Tracked, **more: object) -> FeedEntry:
    return FeedEntry(tracked=tracked, installation=HERE, sequence=3, revised_at=NOW, **more)  # type: ignore[arg-type]


def lines(*entries: FeedEntry, now: datetime = NOW, writer: FeedWriter = WRITER) -> list[str]:
    """The lines of a feed, unfolded."""
    return writer.write(entries, now).decode().replace("\r\n ", "").split("\r\n")


def event(*entries: FeedEntry, now: datetime = NOW) -> dict[str, str]:
    """The one event of a feed, by its properties with their parameters."""
    whole = lines(*entries, now=now)
    assert whole.count("BEGIN:VEVENT") == 1
    within = whole[whole.index("BEGIN:VEVENT") + 1 : whole.index("END:VEVENT")]
    return dict(line.split(":", 1) for line in within)


def loaded(data: bytes) -> File:
    """What `alerts load` reads from a feed, in which nothing is wrong."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "feed.ics"
        path.write_bytes(data)
        found = gather(path)
    assert [problem.message for problem in found.problems] == []
    return found


def resolved(found: File, zone: str | None = None) -> dict[str, Bounds]:
    """The bounds in a fresh database by key."""
    result = {}
    for one in found.entries:
        choice = ZoneChoice(zone, calendars=one.commitment.calendars)
        assert (one.commitment.timezone, one.commitment.roll) == (None, "none")
        result[one.commitment.key] = resolve(parse(one.commitment.deadline), choice, {})
    return result


def test_the_head_names_it_and_says_how_often_to_ask() -> None:
    assert lines() == [
        "BEGIN:VCALENDAR", "PRODID:-//deadline-alerts//EN", "VERSION:2.0", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        "NAME:Ann's deadlines", "X-WR-CALNAME:Ann's deadlines", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H", "END:VCALENDAR", "",
    ]  # fmt: skip


def test_an_event_says_what_and_when() -> None:
    found = event(
        entry("P1M after summit", title="Deliver; then, rest\\", note="One\ntwo", tags=("a,b", "c"), kind="expiry",
              priority="critical")
    )  # fmt: skip
    assert found == {
        "UID": f"a@{HERE}", "DTSTAMP": "20251028T090000Z", "SEQUENCE": "3", "DTSTART;VALUE=DATE": "20251210",
        "DTEND;VALUE=DATE": "20251211", "SUMMARY": "Deliver\\; then\\, rest\\\\", "DESCRIPTION": "One\\ntwo",
        "STATUS": "CONFIRMED", "TRANSP": "TRANSPARENT", "PRIORITY": "1", "CATEGORIES": "a\\,b,c",
        "X-ALERTS-KIND": "expiry", "X-ALERTS-PRIORITY": "critical", "X-ALERTS-CALENDARS": "US",
        "X-ALERTS-DEADLINE": "P1M after summit", "X-ALERTS-RESOLVED": "2025-12-10[UTC]",
        "X-ALERTS-TIMES": "20251210/20251211",
    }  # fmt: skip


TIMES = [
    ("2025-11-10T12:01", {"DTSTART": "20251110T170100Z"}),
    ("between 2025-11-28 and 2025-12-28", {"DTSTART;VALUE=DATE": "20251128", "DTEND;VALUE=DATE": "20251229"}),
    ("between 2025-11-28 and 2025-12-28T10:00Z", {"DTSTART": "20251128T050000Z", "DTEND": "20251228T100000Z"}),
    ("after 2025-11-10", {"DTSTART;VALUE=DATE": "20251110", "DTEND;VALUE=DATE": "20251111"}),
    ("every FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5 from 2025-11-15 except 2025-12-31",
     {"DTSTART;VALUE=DATE": "20251130", "DTEND;VALUE=DATE": "20251201", "RRULE": "FREQ=MONTHLY;COUNT=5;BYMONTHDAY=-1",
      "EXDATE;VALUE=DATE": "20251231"}),
    ("every FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231 from 2025-11-01T09:30 except 2025-11-10T09:30",
     {"DTSTART;TZID=America/New_York": "20251103T093000", "RRULE": "FREQ=WEEKLY;UNTIL=20270101T045959Z;BYDAY=MO",
      "EXDATE;TZID=America/New_York": "20251110T093000"}),
    ("every FREQ=DAILY;UNTIL=20261231T120000Z from 2025-11-01", {"DTSTART;VALUE=DATE": "20251101",
     "DTEND;VALUE=DATE": "20251102", "RRULE": "FREQ=DAILY;UNTIL=20261231"}),
    ("every FREQ=DAILY from 2025-11-01T09:30[UTC]", {"DTSTART": "20251101T093000Z", "RRULE": "FREQ=DAILY"}),
    ("every FREQ=DAILY from 2025-11-01T09:30[AoE]",
     {"DTSTART;TZID=Etc/GMT+12": "20251101T093000", "RRULE": "FREQ=DAILY"}),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "times"), TIMES)
def test_the_times_are_those_of_the_bounds(stated: str, times: dict[str, str]) -> None:
    names = ("DTSTART", "DTEND", "RRULE", "EXDATE")
    assert {name: value for name, value in event(entry(stated)).items() if name.split(";")[0] in names} == times


@pytest.mark.parametrize("stated", ["undated", "undated (tbd)", "P1D after unknown"])
def test_what_has_no_date_is_left_out(stated: str) -> None:
    assert lines(entry(stated)) == lines()


def test_what_ended_is_cancelled_for_thirty_days() -> None:
    for stated in ("2025-11-10", "every FREQ=DAILY from 2025-11-01"):
        ended = entry(stated, status="fulfilled")
        assert event(ended, now=NOW + timedelta(days=30))["STATUS"] == "CANCELLED"
        assert lines(ended, now=NOW + timedelta(days=30, seconds=1)) == lines()


MONTHLY = "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-11-30"


def moved(stated: str) -> Occurrence:
    return Occurrence(bounds=resolve(parse(stated), NEW_YORK, {}), version=2, stated_at=NOW)


def test_occurrences_that_differ_are_overrides_and_those_that_ended_go() -> None:
    states = {
        "2025-11-30": Occurrence(status="fulfilled"),
        "2025-12-31": moved("2026-01-05T12:00"),
        "2026-01-31": Occurrence(status="withdrawn"),
        "2026-02-28": moved("undated"),
        "2026-03-31": Occurrence(),
        "2026-04-01": Occurrence(status="fulfilled"),  # there is none of that name
    }
    whole = lines(entry(MONTHLY, occurrences=states, ended={"2026-01-31": NOW, "2025-11-30": NOW - timedelta(days=31)}))
    kept = ("RECURRENCE-ID", "DTSTART", "DTEND", "EXDATE", "STATUS", "RRULE")
    assert [line for line in whole if line.startswith(kept)] == [
        "DTSTART;VALUE=DATE:20251130", "DTEND;VALUE=DATE:20251201", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
        "EXDATE;VALUE=DATE:20251130", "STATUS:CONFIRMED",
        "RECURRENCE-ID;VALUE=DATE:20251231", "DTSTART:20260105T170000Z", "STATUS:CONFIRMED",
        "RECURRENCE-ID;VALUE=DATE:20260131", "DTSTART;VALUE=DATE:20260131", "DTEND;VALUE=DATE:20260201",
        "STATUS:CANCELLED",
        "RECURRENCE-ID;VALUE=DATE:20260228", "DTSTART;VALUE=DATE:20260228", "DTEND;VALUE=DATE:20260301",
        "STATUS:CANCELLED",
    ]  # fmt: skip
    assert {line for line in whole if line.startswith("UID:")} == {f"UID:a@{HERE}"}


def test_what_no_rule_can_state_has_an_event_for_each_from_thirty_days_ago_to_two_years_ahead() -> None:
    rolling = replace(NEW_YORK, roll="following")
    states = {"2025-10-31": moved("2025-12-24"), "2030-01-31": moved("2026-01-02"), "2025-12-31": moved("2035-01-01")}
    whole = lines(
        entry("every FREQ=MONTHLY;BYMONTHDAY=-1 from 2020-01-31", choice=rolling, occurrences=states),
        now=at("2025-12-10T09:00"),
    )
    uids = [line for line in whole if line.startswith("UID:")]
    assert uids[:3] == [f"UID:a.{name}@{HERE}" for name in ("2025-10-31", "2025-11-30", "2026-01-31")]
    assert uids[-2:] == [f"UID:a.{name}@{HERE}" for name in ("2027-11-30", "2030-01-31")]
    assert len(uids) == 2 + 25 - 1
    starts = [line for line in whole if line.startswith("DTSTART")]
    assert starts[:3] == ["DTSTART;VALUE=DATE:20251224", "DTSTART;VALUE=DATE:20251201", "DTSTART;VALUE=DATE:20260202"]


DISPUTED = [  # each read differently by ical.js 2.2, or by other programs
    "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=-1", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=-1",
    "FREQ=YEARLY;BYMONTHDAY=15", "FREQ=YEARLY;BYDAY=20MO", "FREQ=YEARLY;BYMONTH=6,7;BYDAY=MO;BYSETPOS=-1",
    "FREQ=YEARLY;BYYEARDAY=100", "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR",
]  # fmt: skip


@pytest.mark.parametrize("stated", [*(f"every {rule} from 2025-11-03" for rule in DISPUTED),
                                    "every FREQ=YEARLY from 2024-02-29",
                                    "every FREQ=MONTHLY on the last business day from 2025-11-03"])  # fmt: skip
def test_rules_that_programs_read_differently_are_written_out(stated: str) -> None:
    whole = lines(entry(stated), now=at("2028-01-01T09:00"))
    assert not [line for line in whole if line.startswith("RRULE")]
    assert [line for line in whole if line.startswith("DTSTART")]


def test_alarms_are_there_on_request() -> None:
    loud = replace(WRITER, alarms=True)
    whole = lines(
        entry("2025-11-10"), entry("between 2025-11-10 and 2025-11-12"), entry("2025-11-10T12:00"),
        entry("2025-11-10", status="fulfilled"), writer=loud,
    )  # fmt: skip
    assert [line for line in whole if line.startswith("TRIGGER")] == [
        "TRIGGER:-PT15H", "TRIGGER;RELATED=END:-PT39H", "TRIGGER;RELATED=END:-P1D", "TRIGGER;RELATED=END:-PT1H",
    ]  # fmt: skip
    assert "BEGIN:VALARM" not in lines(entry("2025-11-10"))


def test_lines_end_with_crlf_and_have_75_octets_at_most_and_no_letter_is_cut() -> None:
    text = "漢字😀é" * 40 + "x" * 75
    data = WRITER.write([entry("2025-11-10", title=text, note=f"a\r\nb\x00\x1b\ud800{text}")], NOW)
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    found = data.split(b"\r\n")
    assert max(map(len, found)) == 75
    assert [line.decode() for line in found]
    assert f"SUMMARY:{text}" in data.decode().replace("\r\n ", "")
    assert f"DESCRIPTION:a\\nb   {text}" in data.decode().replace("\r\n ", "")


def test_its_bytes_are_the_same_while_nothing_has_changed() -> None:
    entries = [entry(MONTHLY), entry("2025-11-10"), entry("2025-11-10", status="fulfilled")]
    assert WRITER.write(entries, NOW) == WRITER.write(entries, NOW + timedelta(days=29))


def test_what_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.interchange.ics.feed_writer.MOST_EVENTS", 2)
    whole = lines(*[entry("2025-11-10", f"k{number}") for number in range(3)])
    assert [line for line in whole if line.startswith(("SUMMARY", "DTSTAMP"))] == [
        "DTSTAMP:20251028T000000Z", "SUMMARY:Not all deadlines fit into this calendar: ask for one with fewer",
        *["DTSTAMP:20251028T090000Z", "SUMMARY:The k0", "DTSTAMP:20251028T090000Z", "SUMMARY:The k1"],
    ]  # fmt: skip


def test_the_calendar_of_a_revoked_feed_says_so_once() -> None:
    whole = ended_calendar("Ann's deadlines", NOW).decode().split("\r\n")
    assert [line for line in whole if line.startswith(("SUMMARY", "DTSTART", "DTSTAMP"))] == [
        "DTSTAMP:20251028T090000Z", "DTSTART;VALUE=DATE:20251028", "SUMMARY:This calendar is no longer updated",
    ]  # fmt: skip


ZONED = "every FREQ=DAILY;BYHOUR=9,17 from 2025-11-01T09:30"


def test_two_occurrences_on_a_day_are_two() -> None:
    states = {"2025-11-03T17:30": moved("2025-11-20"), "2025-11-04T09:30": moved("2025-11-21")}
    found = loaded(WRITER.write([entry(ZONED, occurrences=states)], NOW))
    assert {one.commitment.key: one.commitment.deadline for one in found.entries} == {
        f"a@{HERE}": "every FREQ=DAILY;BYHOUR=9,17 from 2025-11-01T09:30[America/New_York] except 2025-11-03T17:30, "
        "2025-11-04T09:30",
        f"a@{HERE}.2025-11-03T1730": "2025-11-20[America/New_York]",
        f"a@{HERE}.2025-11-04T0930": "2025-11-21[America/New_York]",
    }


def test_a_date_that_another_program_has_changed_counts() -> None:
    data = WRITER.write([entry("by 2025-11-10")], NOW).replace(b"DATE:20251110", b"DATE:20251109")
    assert [one.commitment.deadline for one in loaded(data).entries] == ["between 2025-11-09 and 2025-11-10"]


def test_a_series_at_a_fixed_offset_is_read_back_in_its_zone() -> None:
    """A TZID with a colon stands in quotes, or a reader takes what follows the colon for the time."""
    data = WRITER.write([entry("every FREQ=DAILY from 2025-11-01T09:00[-03:30]")], NOW)
    assert b'DTSTART;TZID="-03:30":20251101T090000' in data
    (found,) = resolved(loaded(data)).values()
    assert found.recurrence
    assert found.recurrence.zone == "-03:30"


@st.composite
def tracked(draw: st.DrawFn, number: int) -> Tracked:
    """A commitment with any deadline, of which some occurrences have ended or were moved."""
    stated, choice = draw(DEADLINES.map(near)), draw(CHOICES)
    found = _resolved(stated, choice if not isinstance(stated, Every) else replace(choice, roll="none"))
    assume(found is not None)
    assert found is not None
    assume(not found.recurrence or found.recurrence.is_rule)  # what counts from its closing has a test of its own
    names = list(islice(found.recurrence.names_about(NOW), 5)) if found.recurrence else []
    states = {}
    for name in names:
        if draw(st.booleans()):
            other = _resolved(draw(DEADLINES.map(near)), choice)
            usable = other is not None and other.recurrence is None
            states[name] = Occurrence(bounds=other, version=2) if usable else Occurrence(status="fulfilled")
    one = Commitment(key=f"k{number}", title="T", deadline=str(stated), calendars=choice.calendars)
    return Tracked(id=number, commitment=one, bounds=found, bounds_version=1, recorded_at=NOW, occurrences=states)


def _resolved(stated: Deadline, choice: ZoneChoice) -> Bounds | None:
    try:
        return resolve(stated, choice, KNOWN)
    except InputError:
        return None


def _expected(every: Iterable[Tracked]) -> dict[str, str]:
    """The fingerprints of all that has a date, by key; of what recurs, those of occurrences that were moved."""
    found = {}
    for one in every:
        key = f"{one.commitment.key}@{HERE}"
        found |= {f"{key}.{name[:10]}": one.at(name) for name in one.occurrences} or {key: one}
    return {key: one.bounds.fingerprint for key, one in found.items() if one.bounds.named and one.open}


def _undisturbed(one: Tracked) -> list[str]:
    """The next occurrences of a series to which nothing has happened."""
    assert one.bounds.recurrence
    return [name for name in islice(one.bounds.recurrence.names_about(NOW), 12) if name not in one.occurrences]


@thorough(25, whole=1_000)
@given(st.data(), st.integers(1, 4))
def test_loaded_into_a_fresh_database_it_gives_the_same_bounds(data: st.DataObject, count: int) -> None:
    every = [data.draw(tracked(number)) for number in range(count)]
    ended = {name: NOW for one in every for name in list(one.occurrences)[::2]}
    written = WRITER.write([of(one, ended=ended) for one in every], NOW)
    assume(b"BEGIN:VEVENT" in written)
    found = resolved(loaded(written))
    series = {f"{one.commitment.key}@{HERE}": one for one in every if one.bounds.recurrence}
    assert {key: there.fingerprint for key, there in found.items() if key not in series} == _expected(every)
    for key, one in series.items():
        names = _undisturbed(one)
        if key not in found:  # each of its occurrences is an entry of its own
            assert names == []
            continue
        recurs = found[key].recurrence
        assert recurs
        assert list(islice(recurs.names_about(NOW), len(names))) == names
        for name in names:
            assert occurrence_bounds(found[key], name).fingerprint == one.at(name).bounds.fingerprint


def test_what_counts_from_its_closing_is_an_entry_of_its_open_occurrence() -> None:
    one = entry("every 6 months after it was last done from 2026-01-15").tracked
    done = one.bounds.recurrence
    assert isinstance(done, DoneSeries)
    closed = replace(one, bounds=replace(one.bounds, recurrence=done.done_at(at("2026-02-01T12:00"))))
    closed = replace(closed, occurrences={"2026-01-15": Occurrence(status="fulfilled")})
    for tracked_, name in ((one, "2026-01-15"), (closed, "2026-08-01")):
        found = resolved(loaded(WRITER.write([of(tracked_)], NOW)))
        assert {key: there.fingerprint for key, there in found.items()} == {
            f"a.{name}@{HERE}": tracked_.at(name).bounds.fingerprint
        }


RULES = ["FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=WEEKLY;BYDAY=SA;COUNT=30", "FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=8,20"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("zone", [None, "America/New_York", "AoE"])
@pytest.mark.parametrize("roll", ["following", "preceding"])
def test_what_is_written_out_loads_one_by_one(rule: str, zone: str | None, roll: Roll) -> None:
    stated = f"every {rule} from 2025-11-01T09:30" if "BYHOUR" in rule else f"every {rule} from 2025-11-01"
    one = entry(stated, choice=ZoneChoice(zone, calendars=("US",), roll=roll)).tracked
    assert one.bounds.recurrence
    found = resolved(loaded(WRITER.write([of(one)], NOW)))
    names = list(islice(one.bounds.recurrence.names(), 22))
    keys = [f"a.{name.replace(':', '-')}@{HERE}" for name in names]
    assert [found[key].fingerprint for key in keys] == [one.at(name).bounds.fingerprint for name in names]


def test_another_program_reads_it_without_an_error() -> None:
    every = [entry(stated, f"k{number}") for number, (stated, _) in enumerate(TIMES)]
    components = list(Calendar.from_ical(WRITER.write(every, NOW)).walk())
    assert len(components) > len(TIMES)
    for component in components:
        assert not component.errors
        assert not [value for value in component.values() if isinstance(value, vBroken)]
