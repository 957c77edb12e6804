"""What a large calendar costs: five thousand entries take under a second of a processor (`make web`)."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from alerts.store import Store
from alerts.store.feeds import FeedFilter
from alerts.web.calendar_feeds import CalendarFeeds
from tests.factories import NOW, entry, load
from tests.web.conftest import Serve
from tests.web.daemon_site import WHOLE

pytestmark = pytest.mark.skipif(not WHOLE, reason="measures: `make web`")
COUNT = 5_000
SECONDS, MEGABYTES = 1.0, 25
STATED = ["2030-12-01", "by 2030-01-02[America/New_York]", "2030-03-04T09:30[Europe/Berlin]", "after 2025-10-01",
          "between 2025-11-02 and 2030-02-01", "every FREQ=MONTHLY;BYMONTHDAY=5 from 2026-01-01T09:00"]  # fmt: skip


@pytest.fixture
def large(serve: Serve) -> tuple[CalendarFeeds, str]:
    server = serve()
    store: Store = server.store
    store.people.register(server.services.settings.people)
    load(store, *(entry(f"k{n}", STATED[n % len(STATED)], note="What to do. " * 5) for n in range(COUNT)))
    token = store.feeds.add("ann", "All", FeedFilter(), alarms=False, by="desk", now=NOW)
    return CalendarFeeds(server.services), token


def test_five_thousand_entries_take_under_a_second(large: tuple[CalendarFeeds, str]) -> None:
    feeds, token = large
    spent = []
    for _ in range(3):
        before = time.process_time()
        assert feeds.answer(token, "", "").body.count(b"BEGIN:VEVENT") == COUNT
        spent.append(time.process_time() - before)
    assert min(spent) < SECONDS


def test_five_thousand_entries_take_little_memory(large: tuple[CalendarFeeds, str]) -> None:
    feeds, token = large
    feeds.answer(token, "", "")
    tracemalloc.start()
    feeds.answer(token, "", "")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MEGABYTES * 2**20
