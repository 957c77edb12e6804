"""Measures how long planning holds the database: the longest write transaction while so many watches fall due.

`python -m benchmarks.write_transactions` prints a line; exit code 1 if it is longer than 0.3 s. `--database URL`
measures another database than SQLite (it must be empty). `--watches` is a batch unless it is set.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

from sqlalchemy import Connection

from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment
from alerts.core.rules import Overdue, Remind, Rule
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from alerts.store.database import Database

LOADED, DUE = datetime(2025, 10, 28, 9, tzinfo=UTC), datetime(2025, 11, 3, 9, tzinfo=UTC)
REMIND = Remind(before=("P7D", "P1D"), on_the_day=True, opens=True, overdue=Overdue(), moved=True, closed=True)
RULE = Rule(name="desk", cron="0 9 * * *", remind=REMIND, notify=("mail",))
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=("desk@example.org",))}
MOST_SECONDS = 0.3


def load(store: Store, count: int) -> None:
    """Load commitments, and make their watches, which fall due at DUE."""
    stated = [
        StatedCommitment(
            Commitment(key=f"c{number:05}", title="Report to the desk", deadline="2025-11-10", timezone="UTC"), ""
        )
        for number in range(count)
    ]
    store.commitments.load(stated, [], [], Change(now=LOADED, by="desk"))
    store.watches.register([RULE], LOADED)
    plan(store, ScheduledRule.all([RULE]), CHANNELS, LOADED)


@contextmanager
def write_times() -> Iterator[list[float]]:
    """Note how many seconds each write transaction takes, the commit included."""
    found: list[float] = []
    write = Database.write

    @contextmanager
    def timed(database: Database) -> Iterator[Connection]:
        began = time.perf_counter()
        with write(database) as connection:
            yield connection
        found.append(time.perf_counter() - began)

    with mock.patch.object(Database, "write", timed):
        yield found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database")
    parser.add_argument("--watches", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(options.database or f"sqlite:///{folder}/alerts.db")
        load(store, options.watches)
        began = time.perf_counter()
        with write_times() as found:
            planned = plan(store, ScheduledRule.all([RULE]), CHANNELS, DUE)
        seconds = time.perf_counter() - began
        store.close()
    if not planned:
        raise SystemExit("nothing was due: this measures nothing")
    longest = max(found)
    print(
        f"{options.watches} watches in {seconds:.2f} s, the longest of {len(found)} write transactions {longest:.3f} s"
    )
    sys.exit(longest > MOST_SECONDS)


if __name__ == "__main__":
    main()
