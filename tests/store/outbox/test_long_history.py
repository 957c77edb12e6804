"""What goes out costs as much after weeks of daily digests as in the first days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from alerts.core.deliveries import Outcome
from alerts.core.rules import Overdue
from alerts.store import Store
from tests.factories import at, claim, entries, load, plan_at, remind, rule

FIRST = at("2025-11-12T09:00")
DAY = timedelta(days=1)
DAILY = rule(remind=remind(overdue=Overdue(every="P1D", at_most=400)), digest=True)
TO = tuple(f"{number}@example.org" for number in range(5))
STEP = 100  # instructions of SQLite's virtual machine


@contextmanager
def counted_steps() -> Iterator[list[int]]:
    """Count what SQLite does: it reads and compares rows by instructions of a virtual machine."""
    steps: list[int] = []

    def count(driver: Any, *_: object) -> None:
        driver.set_progress_handler(lambda: steps.append(1), STEP)

    event.listen(Pool, "checkout", count)
    yield steps
    event.remove(Pool, "checkout", count)


def steps_of_a_day(store: Store, number: int) -> int:
    """Send the digests of a day; return the steps that it took to claim them."""
    now = FIRST + number * DAY
    plan_at(store, now, DAILY, register=False, to=TO)
    with counted_steps() as steps:
        claimed = claim(store, now)
    assert [len(one.contexts) for one in claimed] == [4] * len(TO)
    store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claimed])
    return len(steps)


def test_a_claim_costs_no_more_for_what_was_sent_before(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    load(store, *entries(4))
    plan_at(store, FIRST - DAY, DAILY, to=TO)
    steps = [steps_of_a_day(store, number) for number in range(40)]
    store.close()
    assert steps[3] > 50
    assert steps[-1] < 1.5 * steps[3]
