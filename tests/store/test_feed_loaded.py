"""A calendar feed of a real database, loaded into a fresh one: all that is open and dated has the same bounds there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from alerts import interchange, shipped
from alerts.core.tracked import Tracked
from alerts.interchange.ics.feed_events import ENDED_STAYS
from alerts.interchange.ics.feed_writer import FeedWriter
from alerts.interchange.uid_keys import key_of
from alerts.store import Store
from alerts.store.calendar_uids import installation_id
from alerts.store.feed_contents import contents
from alerts.store.feeds import FeedFilter
from tests import acting
from tests.factories import NOW, change, close, entry, load, move, party

STATED = [
    "2025-{month:02}-{day:02}", "by 2026-{month:02}-{day:02}", "until 2026-{month:02}-{day:02}T17:30",
    "after 2025-{month:02}-{day:02}", "2026-{month:02}", "between 2025-11-{day:02} and 2026-{month:02}-28",
    "2026-{month:02}-{day:02}T09:15[Europe/Berlin]", "2026-{month:02}-{day:02} AoE", "P{day}D after row-3",
    "{day} business days after row-0", "earlier of (2026-{month:02}-{day:02}; P1M after row-5)", "undated (tbd)",
    "2026-{month:02}-{day:02}T12:00Z", "P1Y after busan-summit", "2026-{month:02}-{day:02}/..",
]  # fmt: skip
SERIES = {
    "monthly": "every FREQ=MONTHLY;BYMONTHDAY=-1 from 2025-10-31",
    "weekly": "every FREQ=WEEKLY;BYDAY=MO,TH from 2025-11-03T09:30[America/New_York] except 2025-11-10T09:30",
    "twice": "every FREQ=DAILY;BYHOUR=9,17;COUNT=40 from 2025-11-01T09:00",
    "yearly": "every FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1 from 2025-12-31",
}


def register(store: Store) -> None:
    """The seed, 150 rows of a table, and series of which occurrences were moved and closed."""
    held = interchange.read(shipped.folder("seeds") / "us-china-truce-2025.yaml")
    store.commitments.load(list(held.entries), held.parties, held.sources, change(NOW))
    rows = []
    for number in range(150):
        stated = STATED[number % len(STATED)].format(month=number % 12 + 1, day=number % 28 + 1)
        by = [(), ("de",), ("us", "cn"), ()][number % 4]
        zone = ["Asia/Tokyo", None, None, None][number % 4]
        roll = ["none", "following", "preceding"][number % 3] if number > 20 else "none"
        rows.append(entry(f"row-{number}", stated, timezone=zone, by=by, roll=roll, calendars=("US",) * (number % 2)))
    series = [entry(key, stated, timezone=None) for key, stated in SERIES.items()]
    rolled = entry("rolled", SERIES["monthly"], timezone="UTC", calendars=("US", "CN"), roll="following")
    load(store, *rows, *series, rolled, parties=[party("de", "Europe/Berlin")])
    move(store, "row-3", "2026-05-05")
    close(store, "row-0")
    close(store, "row-7", "withdrawn")
    acting.move(store, "monthly", "2026-01-07T12:00", change(NOW), "2025-12-31")
    acting.close(store, "monthly", "fulfilled", change(NOW), "2025-10-31")
    acting.close(store, "weekly", "fulfilled", change(NOW), "2025-11-06T09:30")
    acting.move(store, "twice", "between 2025-12-01 and 2025-12-05", change(NOW), "2025-11-03T17:00")
    acting.move(store, "rolled", "2026-02-11", change(NOW), "2026-01-31")


def names(one: Tracked) -> list[str]:
    """The occurrences that are compared: the next ones, and those to which something has happened."""
    recurs = one.bounds.recurrence
    assert recurs
    count = 8 if one.commitment.key == "yearly" else 20  # of what is written out, those of two years
    return sorted({*islice(recurs.names(), count), *one.occurrences}, key=recurs.order)


def dates(store: Store) -> Iterator[tuple[str, str, str]]:
    """The key, occurrence and fingerprint of all that is open and dated."""
    for shown in contents(store.database, FeedFilter(), NOW - ENDED_STAYS):
        one = shown.tracked
        for name in names(one) if one.recurs else [""]:
            there = one.at(name)
            if there.open and there.bounds.named:
                yield one.commitment.key, name, there.bounds.fingerprint


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_loaded_into_a_fresh_database_it_gives_the_same_bounds(
    zone: str | None, sqlite_url: str, tmp_path: Path
) -> None:
    store, fresh = Store(sqlite_url, zone), Store(f"sqlite:///{tmp_path}/fresh.db", zone)
    register(store)
    with store.database.look() as connection:
        here = installation_id(connection)
    writer = FeedWriter(name="All", texts=lambda one: (one.commitment.title, one.commitment.note or ""))
    (tmp_path / "feed.ics").write_bytes(writer.write(contents(store.database, FeedFilter(), NOW - ENDED_STAYS), NOW))
    held = interchange.read(tmp_path / "feed.ics")
    fresh.commitments.load(list(held.entries), held.parties, held.sources, change(NOW + timedelta(hours=1)))
    found = {one.commitment.key: one for one in fresh.ledger.tracked()}

    def fingerprint(key: str, name: str) -> str:
        whole = found.get(f"{key}@{here}")
        if whole and whole.recurs and whole.bounds.recurrence and whole.bounds.recurrence.has(name):
            return whole.at(name).bounds.fingerprint
        day = name.replace(":", "") if "T" in name and key == "twice" else name[:10]
        keys = (f"{key}@{here}.{day}", key_of(f"{key}.{name}@{here}")) if name else (f"{key}@{here}",)
        return next(found[one].bounds.fingerprint for one in keys if one in found)

    expected = list(dates(store))
    assert len(expected) > 200
    assert [(key, name, fingerprint(key, name)) for key, name, _ in expected] == expected
    store.close()
    fresh.close()
