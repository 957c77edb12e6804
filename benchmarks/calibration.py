"""A fixed piece of work, by which figures of machines that are not equally fast can be compared."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import date, timedelta

ROWS = 60_000
FIRST = date(2025, 1, 1)


def work() -> int:
    """Do what the program does most, without any of its code: make rows, keep them, read them, write them as JSON."""
    rows = [
        (f"item-{number:06}", (FIRST + timedelta(number % 3650)).isoformat(), number % 25) for number in range(ROWS)
    ]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE items (key TEXT PRIMARY KEY, day TEXT, owner INTEGER)")
        database.execute("CREATE INDEX by_day ON items (day)")
        database.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)
        found = database.execute("SELECT key, day, owner FROM items ORDER BY day, key").fetchall()
    entries = [
        {"key": key, "day": date.fromisoformat(day).toordinal(), "owner": f"desk-{owner}"} for key, day, owner in found
    ]
    return len(json.loads(json.dumps(sorted(entries, key=lambda one: (one["owner"], one["key"])))))


def calibrate(times: int) -> list[float]:
    """Return how many CPU seconds the work takes, some times in a row."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return taken
