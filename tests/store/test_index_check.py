"""The comparison of what is due with its indexes costs a tick the same, however much is tracked."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from alerts.store import Store, index_check
from tests.factories import NOW, entries, load, plan_at, remind, rule

LEAD = rule(remind=remind(before=("P7D",)))


def steps(store: Store) -> int:
    """Return how many rows SQLite has gone past, as thousands of steps of its virtual machine."""
    counted = [0]

    def count() -> int:
        counted[0] += 1
        return 0

    with store.database.read() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(count, 1000)
    store.check_indexes(NOW)
    driver.set_progress_handler(None, 0)
    return counted[0]


@pytest.mark.parametrize("count", [100, 1200])
def test_it_reads_as_many_rows_of_a_large_table_as_of_a_small_one(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(index_check, "SLICE", 100)
    with closing(Store(sqlite_url)) as store:
        load(store, *entries(count))
        plan_at(store, NOW, LEAD)
        assert max(steps(store) for _ in range(20)) <= 4
