"""Measures how long others wait for the database: the longest transaction of planning, of the outbox, of a move.

`python -m benchmarks.write_transactions` prints a table for SQLite and a temporary PostgreSQL; exit code 1 where one is
longer than its aim. `--database URL` measures that database instead (it must be empty).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from unittest import mock

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from alerts.core.absences import Absence
from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment, Person
from alerts.core.deliveries import Outcome
from alerts.core.office_hours import WEEKDAYS, OfficeHours
from alerts.core.rules import Overdue, Remind, Rule
from alerts.core.silences import Silence
from alerts.deadlines.grammar import parse
from alerts.planning import plan
from alerts.scheduled_rules import ScheduledRule
from alerts.store import Store
from alerts.store.database import Database
from alerts.store.outbox.held_back import ANY_TIME, ChannelHours
from benchmarks.deliveries import databases
from benchmarks.figures import Figure, give
from tests import acting

AWAY = "with a recipient who is away"
LOADED, DUE = datetime(2025, 10, 28, 9, tzinfo=UTC), datetime(2025, 11, 3, 9, tzinfo=UTC)
DAY_BEFORE, ON_THE_DAY, OVERDUE = (DUE + timedelta(days=days) for days in (6, 7, 8))
REMIND = Remind(before=("P7D", "P1D"), on_the_day=True, opens=True, overdue=Overdue(), moved=True, closed=True)
RULE = Rule(name="desk", cron="0 9 * * *", remind=REMIND, notify=("mail",), digest=True)
ALONE = Rule(name="alone", cron="0 9 * * *", match={"tags": ("alone",)}, remind=REMIND, notify=("mail",), digest=False)
CHANNELS: Any = {"mail": SimpleNamespace(one_at_a_time=False, default=False, recipients=("desk@example.org",))}
SILENCE = Silence(match={"tags": ("elsewhere",)}, since=LOADED, until=DUE + timedelta(days=9), reason="moves", by="ann")
MOST_SECONDS = 0.3
MOVE_SECONDS = 0.2  # and a millisecond for each dependant
AT_ONCE, LEASE = 100, timedelta(minutes=1)


def load(store: Store, count: int) -> None:
    """Load commitments, and make their watches, which fall due at DUE."""
    stated = [_stated(f"c{number:05}", "2025-11-10", ("alone",) * (number % 2)) for number in range(count)]
    store.commitments.load(stated, [], [], Change(now=LOADED, by="desk"))
    store.watches.register([RULE, ALONE], LOADED)
    plan(store, ScheduledRule.all([RULE, ALONE]), CHANNELS, LOADED)


def _stated(key: str, deadline: str, tags: tuple[str, ...] = ()) -> StatedCommitment:
    return StatedCommitment(
        Commitment(key=key, title="Report to the desk", deadline=str(parse(deadline)), timezone="UTC", tags=tags), ""
    )


@contextmanager
def transaction_times(kind: Literal["write", "read"] = "write") -> Iterator[list[tuple[float, float]]]:
    """Note how many seconds each transaction of a kind takes, the commit included, and how many of CPU here."""
    found: list[tuple[float, float]] = []
    begin = getattr(Database, kind)

    @contextmanager
    def timed(database: Database) -> Iterator[Connection]:
        began, cpu = time.perf_counter(), time.process_time()
        with begin(database) as connection:
            yield connection
        found.append((time.perf_counter() - began, time.process_time() - cpu))

    with mock.patch.object(Database, kind, timed):
        yield found


def deliver(store: Store, now: datetime = DUE, hours: ChannelHours = ANY_TIME) -> list[int]:
    """Claim all that is due and record that it was sent, as a worker does; return how many reminders each carried."""
    carried = []
    while claims := store.outbox.claim("mail", now, AT_ONCE, LEASE, hours=hours):
        store.outbox.record_outcomes([(one, Outcome(state="sent"), now, now) for one in claims])
        carried += [len(one.contexts) for one in claims]
    return carried


def whole_digests(store: Store, watches: int) -> Iterator[tuple[str, list[tuple[float, float]], float]]:
    """Yield the claims of a digest of half of the watches: it waits as a whole, or its recipient is away."""
    hours = OfficeHours(opens=time_of_day(10), closes=None, days=WEEKDAYS, timezone="UTC")
    closed = ChannelHours(of=lambda _: hours)
    days = iter([DAY_BEFORE, ON_THE_DAY, OVERDUE])

    def due_next(what: str, hours: ChannelHours = ANY_TIME) -> Iterator[tuple[str, list[tuple[float, float]], float]]:
        now = next(days)
        plan(store, ScheduledRule.all([RULE, ALONE]), CHANNELS, now)
        with transaction_times() as found:
            carried = deliver(store, now, hours)
        if (max(carried, default=0) >= watches // 2) != (what == AWAY):
            raise SystemExit(f"{what}: sent in one {max(carried, default=0):,}: this measures something else")
        yield f"claim them, {what}", found, MOST_SECONDS

    yield from due_next("outside of office hours", closed)
    everything = Silence(match={}, since=LOADED, until=ON_THE_DAY + timedelta(hours=1), reason="moves", by="ann")
    store.silences.add(everything)
    yield from due_next("silenced as a whole")
    store.people.register([Person(key=key, name=key, email=f"{key}@example.org") for key in ("desk", "bo")])
    away = Absence(
        person="desk", starts_at=OVERDUE, ends_at=OVERDUE + timedelta(days=1), zone="UTC", deputy="bo", recorded_by="bo"
    )
    store.absences.record(away, OVERDUE, "shell")
    yield from due_next(AWAY)


def load_dependants(store: Store, count: int) -> None:
    """Load a commitment and others whose dates follow from its date."""
    dependants = (_stated(f"d{number:05}", f"P{number % 300 + 1}D after base") for number in range(count))
    store.commitments.load([_stated("base", "2025-11-20"), *dependants], [], [], Change(now=LOADED, by="desk"))


def measure(store: Store, watches: int, dependants: int) -> Iterator[tuple[str, list[tuple[float, float]], float]]:
    """Yield what was done, its transactions, and the aim."""
    with transaction_times() as found:
        load(store, watches)
    yield f"load {watches:,} and settle them", found, MOST_SECONDS
    with transaction_times() as found:
        planned = plan(store, ScheduledRule.all([RULE, ALONE]), CHANNELS, DUE)
    if not planned:
        raise SystemExit("nothing was due: this measures nothing")
    yield f"plan them: half in one digest, half in {planned - 1:,} deliveries", found, MOST_SECONDS
    store.silences.add(SILENCE)
    with transaction_times() as found, transaction_times("read") as reads:
        deliver(store)
    yield "claim and record these, while a silence is for others", found, MOST_SECONDS
    yield "claim and record these: reads, for which SQLite's writers wait", reads, MOST_SECONDS
    yield from whole_digests(store, watches)
    load_dependants(store, dependants)
    with transaction_times() as found:
        acting.move(store, "base", "2025-12-24", Change(now=DUE, by="desk", reason="later"))
    aim = MOVE_SECONDS + dependants / 1000
    yield f"move one with {dependants:,} dependants", found, aim


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", metavar="URL")
    parser.add_argument("--watches", type=int, default=10_000)
    parser.add_argument("--dependants", type=int, default=2_000)
    options = parser.parse_args()
    table, good = Table(title="the longest transaction; one that writes, unless stated"), True
    for heading in ("", "database", "of", "seconds", "CPU", "aim"):
        table.add_column(heading, justify="left" if heading in ("", "database") else "right")
    figures = []
    with tempfile.TemporaryDirectory() as folder, databases(options.database, Path(folder)) as found:
        for name, url in found:
            store = Store(url)
            for what, times, aim in measure(store, options.watches, options.dependants):
                longest, cpu = (max(some) for some in zip(*times, strict=True))
                good &= longest <= aim
                table.add_row(what, name, f"{len(times):,}", f"{longest:.3f}", f"{cpu:.3f}", f"{aim:g}")
                figures.append(Figure(f"{what}, {name}", cpu))
            store.close()
    Console(width=120).print(table)
    give(figures)
    sys.exit(not good)


if __name__ == "__main__":
    main()
