"""A calendar feed as ical.js reads it, which is in Thunderbird and in many web calendars (`make web`)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest

from alerts.core.icalendar import FeedEntry, event_times
from alerts.core.tracked import Occurrence, Tracked
from alerts.deadlines.zone_choice import ZoneChoice
from tests.factories import NOW
from tests.interchange.test_feed import MONTHLY, TIMES, WRITER, entry, moved
from tests.web.daemon_site import WHOLE, tool
from tests.web.npm_packages import install

pytestmark = pytest.mark.skipif(not WHOLE, reason="needs ical.js: `make web`")
HERE = Path(__file__).parent / "icaljs"
UNTIL = NOW + timedelta(days=800)
RULES = [
    "FREQ=DAILY;INTERVAL=10", "FREQ=DAILY;BYMONTH=1,2;BYDAY=MO", "FREQ=DAILY;UNTIL=20260110T100000Z", "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "FREQ=WEEKLY;BYDAY=SU;WKST=SU;COUNT=9", "FREQ=MONTHLY;INTERVAL=2",
    "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=1,-1", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
    "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYDAY=1MO,3MO;UNTIL=20261231",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1", "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=15", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;BYMONTH=6,9;BYDAY=2MO",
]  # fmt: skip
ZONES = [None, "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Kathmandu", "AoE"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ical.js in it."""
    return install(HERE, tmp_path_factory.mktemp("icaljs"))


def read(folder: Path, *entries: FeedEntry) -> list[tuple[str, str, str, str]]:
    """The UID, start, end and status of all that ical.js finds."""
    (folder / "feed.ics").write_bytes(WRITER.write(entries, NOW))
    ran = subprocess.run(
        [tool("node"), "read_calendar.mjs", "feed.ics", UNTIL.isoformat()],
        cwd=folder, check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return sorted((one["uid"], one["start"], one["end"], one["status"]) for one in json.loads(ran.stdout))


def expected(entry: FeedEntry) -> Iterator[tuple[str, str, str, str]]:
    """The same from the bounds."""
    tracked = entry.tracked
    if tracked.bounds.recurrence is None:
        yield row(entry, tracked)
        return
    recurs = tracked.bounds.recurrence
    for name in takewhile(lambda name: recurs.point(name).counted_start < UNTIL, recurs.names()):
        if not (state := tracked.occurrences.get(name)) or state.status == "open":
            yield row(entry, tracked.at(name))


def row(entry: FeedEntry, one: Tracked) -> tuple[str, str, str, str]:
    times = event_times(one.bounds)
    assert times
    start, end = times[0], times[1] or times[0]
    return entry.uid(), shown(start), shown(end), "CONFIRMED"


def shown(at: date) -> str:
    if isinstance(at, datetime):
        return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return at.isoformat()


@pytest.mark.parametrize("zone", ZONES)
def test_it_reads_the_same_days_and_instants(folder: Path, zone: str | None) -> None:
    choice = ZoneChoice(zone)
    starts = ("2025-03-01", "2025-10-05T12:30", "2025-11-01T23:30")
    every = [f"every {rule} from {start}" for rule in RULES for start in starts]
    every += [stated for stated, _ in TIMES]
    entries = [entry(stated, f"k{number}", choice) for number, stated in enumerate(every)]
    assert read(folder, *entries) == sorted(one for each in entries for one in expected(each))


def test_it_reads_occurrences_that_were_moved_and_closed(folder: Path) -> None:
    states = {
        "2025-12-31": moved("2026-01-05T12:00"),
        "2026-01-31": Occurrence(status="fulfilled"),
        "2026-02-28": moved("between 2026-03-02 and 2026-03-04"),
    }
    timed = "every FREQ=DAILY;BYHOUR=9,17;COUNT=6 from 2025-11-01T09:30"
    one, other = entry(MONTHLY, occurrences=states), entry(
        timed, "b", occurrences={"2025-11-02T17:30": moved("2025-11-20"), "2025-11-01T09:30": moved("2025-11-02")}
    )  # fmt: skip
    assert read(folder, one, other) == sorted([*expected(one), *expected(other)])
