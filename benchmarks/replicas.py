"""Measures how many deliveries so many replicas send a second, on PostgreSQL and to a server that takes 50 ms.

`python -m benchmarks.replicas` prints a table; exit code 1 where a number of replicas sends less than 0.9 times as
many as one does, times their number, or where a deadlock was found. A replica is a process that plans and delivers in
turns, over one connection: so eight of them wait for the server most of the time, and two cores suffice.

Contention is counted: what a replica would have claimed and another had taken first (looked up at each third claim),
transactions that were rolled back and deadlocks (PostgreSQL's own counts), and turns that failed and were repeated.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from alerts.cli.app import App
from alerts.planning import plan
from alerts.startup import prepare
from alerts.store.delivery_tables import deliveries
from alerts.store.outbox.claim import Outbox
from alerts.store.store_error import StoreError
from alerts.turn_delivery import deliver
from benchmarks.deliveries import CONFIG, FIRINGS, LOADED, Bench
from benchmarks.figures import Figure, Unit, give
from benchmarks.sinks import Sinks, running
from tests import postgres

PAUSE = 0.05  # seconds that the server takes for an answer
LINEAR = 0.9  # of the throughput of one replica, times their number
LOOK_AT = 3  # one claim of so many is looked at for what others had taken
FIRING = FIRINGS["web"]
SLOW = CONFIG.replace('/hook"}', '/hook", connections: %(each)s}')
HEADINGS = (
    "replicas", "deliveries", "seconds", "a second", "× linear", "CPU each", "cores busy", "claims", "empty",
    "taken by others", "commits", "rollbacks", "repeated", "deadlocks",
)  # fmt: skip
COUNTS = "SELECT deadlocks, xact_rollback, xact_commit FROM pg_stat_database WHERE datname = current_database()"


@dataclass(slots=True)
class Work:
    """What replicas did: CPU in seconds, all else counted. `taken` of `wanted` rows had been taken by others."""

    cpu: float = 0.0
    claims: int = 0
    empty: int = 0
    wanted: int = 0
    taken: int = 0
    repeated: int = 0

    def add(self, other: Work) -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Run:
    """A run of some replicas: how long until the last arrived, what they did, and what PostgreSQL counted."""

    replicas: int
    count: int
    seconds: float
    work: Work
    deadlocks: int
    rollbacks: int
    commits: int
    busy: float

    @property
    def each_second(self) -> float:
        return self.count / self.seconds


@contextmanager
def watched(work: Work) -> Iterator[None]:
    """Count claims, and what others have taken of the rows that one would have had."""
    claim = Outbox.claim

    def counted(outbox: Outbox, channel: str, now: Any, limit: int, *arguments: Any, **named: Any) -> list[Any]:
        wanted = _due(outbox, channel, now, limit) if work.claims % LOOK_AT == 0 else set()
        found = claim(outbox, channel, now, limit, *arguments, **named)
        work.claims, work.empty = work.claims + 1, work.empty + (not found)
        work.wanted += len(wanted)
        work.taken += len(wanted - {one.id for one in found})
        return found

    with mock.patch.object(Outbox, "claim", counted):
        yield


def _due(outbox: Outbox, channel: str, now: Any, limit: int) -> set[Any]:
    column = deliveries.c
    due = (column.channel == channel, column.state.in_(("pending", "retry")), column.next_at <= now)
    with outbox._database.read() as connection:
        return set(connection.execute(select(column.id).where(*due).order_by(column.next_at).limit(limit)).scalars())


def replica(wire: Connection, folder: Path) -> None:
    """Plan and deliver in turns, from the word of the parent until its next one."""
    app, work = App(folder, None), Work()
    workers = [worker for worker in app.workers(lambda: FIRING) if worker.channel.name == "web"]
    plan(app.store, app.rules, app.channels, LOADED)
    wire.send("ready")
    wire.recv()
    before = time.process_time()
    with watched(work):
        while not wire.poll():
            try:
                done = plan(app.store, app.rules, app.channels, FIRING) + sum(deliver(workers).values())
            except StoreError:
                work.repeated, done = work.repeated + 1, 1
            if not done:
                wire.poll(PAUSE)
    work.cpu = time.process_time() - before
    wire.send(work)


def measure(folder: Path, url: str, sinks: Sinks, replicas: int, given: argparse.Namespace) -> Run:
    """Let replicas send `each` deliveries a replica, all due at once."""
    count = replicas * given.each
    bench = Bench(folder, url, sinks, count, SLOW.replace("%(each)s", str(given.connections)))
    bench.load("web", FIRING, LOADED)
    app = App(folder, None)
    prepare(app.store, app.rules, LOADED)
    plan(app.store, app.rules, app.channels, LOADED)
    app.store.close()
    sinks.take("web")
    with started(folder, replicas) as wires, psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
        before, used, began = _counts(session), _machine(), time.time()
        for wire in wires:
            wire.send("go")
        arrived, last = 0, 0.0
        while arrived < count:
            time.sleep(0.2)
            taken = sinks.take("web")
            arrived, last = arrived + taken.count, taken.last_at or last
            if time.time() > began + 60 + 10 * given.each * PAUSE:
                raise SystemExit(f"{arrived} of {count} arrived: this measures nothing")
        busy = _busy(used, _machine())
        work = Work()
        for wire in wires:
            wire.send("end")
            work.add(wire.recv())
        deadlocks, rollbacks, commits = (now - was for now, was in zip(_counts(session), before, strict=True))
    if arrived != count:
        raise SystemExit(f"{arrived} arrived, not {count}: something was repeated")
    return Run(replicas, count, last - began, work, deadlocks, rollbacks, commits, busy)


@contextmanager
def started(folder: Path, replicas: int) -> Iterator[list[Connection]]:
    """Start replicas that are ready to begin; yield the wires to them."""
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(replicas)]
    processes = [context.Process(target=replica, args=(theirs, folder), daemon=True) for _, theirs in pipes]
    for process in processes:
        process.start()
    try:
        for ours, _ in pipes:
            ours.recv()
        yield [ours for ours, _ in pipes]
    finally:
        for process in processes:
            process.join(10)
            process.terminate()


def _counts(session: psycopg.Connection[Any]) -> Sequence[int]:
    time.sleep(1.5)  # PostgreSQL reports what a session did about a second later
    row: Sequence[int] = session.execute(COUNTS).fetchone() or (0, 0, 0)
    return row


def _machine() -> list[int]:
    return [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def _busy(before: Sequence[int], after: Sequence[int]) -> float:
    """Return which part of all cores was in use, by whomever."""
    used = [now - was for was, now in zip(before, after, strict=True)]
    return 1 - (used[3] + used[4]) / sum(used)


def report(runs: Sequence[Run]) -> tuple[Table, bool]:
    """Return the table, and whether all aims are met."""
    table, good = Table(title=f"a server that takes {PAUSE * 1000:g} ms, {os.cpu_count()} cores"), True
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    alone = runs[0].each_second / runs[0].replicas
    for run in runs:
        linear, work = run.each_second / alone / run.replicas, run.work
        good &= linear >= LINEAR and not run.deadlocks
        table.add_row(
            str(run.replicas), f"{run.count:,}", f"{run.seconds:.1f}", f"{run.each_second:.1f}",
            f"[{'green' if linear >= LINEAR else 'red'}]{linear:.2f}[/]", f"{work.cpu / run.count * 1000:.1f} ms",
            f"{run.busy:.0%}", f"{work.claims:,}", f"{work.empty:,}", f"{work.taken} of {work.wanted}",
            f"{run.commits:,}", str(run.rollbacks), str(work.repeated), str(run.deadlocks),
        )  # fmt: skip
    return table, good


def figures(run: Run, alone: Run) -> Iterator[Figure]:
    """Yield what is compared; deadlocks and repeated turns are none where all is well. Other work slows all else."""
    name = f"{run.replicas} on PostgreSQL"
    yield Figure(f"{name}: CPU of each delivery", run.work.cpu / run.count)
    if run is not alone:
        linear = run.each_second * alone.replicas / alone.each_second / run.replicas
        yield Figure(f"{name}: × linear", linear, Unit.RATIO, lower_is_better=False, noisy=True)
    yield Figure(f"{name}: commits for each delivery", run.commits / run.count, Unit.COUNT, noisy=True)
    yield Figure(f"{name}: deadlocks", run.deadlocks, Unit.COUNT)
    yield Figure(f"{name}: turns repeated", run.work.repeated, Unit.COUNT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--each", type=int, default=400, help="deliveries for each replica")
    parser.add_argument("--connections", type=int, default=1, help="of each replica to the server")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, postgres.running() as server, running(PAUSE) as sinks:
        folder = Path(name) / "config"
        folder.mkdir()
        runs = [measure(folder, server.url(server.create()), sinks, count, given) for count in given.replicas]
    table, good = report(runs)
    Console(width=170).print(table)
    give(one for run in runs for one in figures(run, runs[0]))
    sys.exit(not good)


if __name__ == "__main__":
    main()
