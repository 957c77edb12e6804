"""Measures how long a writer and a reader wait beside a load, a tick, listings and pages.

`python -m benchmarks.waits` prints the longest wait of each, and the 99th percentile, in milliseconds; exit code 1
where a writer or a reader waited longer than a second. Both are threads of another process that ask every 20 ms: one
records a fact, one reads facts; as root they go before all others. `--database URL` measures another database than
SQLite (it must be empty).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from alerts.store import Store
from benchmarks.figures import Figure, Unit, give
from benchmarks.processes import daemon, free_port, helper, program, wait_until_ready

EVERY = 0.02  # seconds between two questions
MOST = 1.0  # seconds that either may wait
NAMES = ("writer", "reader")
LISTINGS = ("list", "list --json", "list --overdue", "plan --days 10", "check", "health")
MAY_WARN = {"health": (1,)}  # no daemon runs
PAGES = ("/", "/plan", "/deliveries", "/c/due-1")
CONFIG = """
database: {database}
timezone: UTC
channels:
  box: {{kind: maildir, path: {folder}/mail, to: [desk@example.org]}}
rules:
  - {{name: all, cron: "0 9 * * *", match: {{}}, notify: [box], digest: false, remind: {{before: [P7D], moved: true}}}}
http: {{port: {port}}}
"""


class Probes:
    """A writer and a reader in a process of their own. `wire` leads there."""

    def __init__(self, wire: Connection) -> None:
        self._wire = wire

    def beside(self, act: Callable[[], object]) -> tuple[float, dict[str, list[float]]]:
        """Do something, and return how many seconds it took, and how long each wait of both was."""
        self._wire.send("begin")
        self._wire.recv()
        began = time.perf_counter()
        act()
        seconds = time.perf_counter() - began
        self._wire.send("end")
        waits: dict[str, list[float]] = self._wire.recv()
        return seconds, waits


@contextmanager
def probes(url: str) -> Iterator[Probes]:
    """Start a writer and a reader."""
    with helper(_probe, url) as wire:
        yield Probes(wire)


def _probe(wire: Connection, url: str) -> None:
    with suppress(PermissionError):  # they wait for the database then, and not for a processor
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    stores = [Store(url), Store(url)]
    acts: Sequence[Callable[[], object]] = (
        lambda: stores[0].ledger.record_fact("probe", "x", datetime.now(UTC)),
        stores[1].ledger.facts,
    )
    for act in acts:
        act()  # connects
    while wire.recv() == "begin":
        ended, waits = threading.Event(), {name: [0.0] for name in NAMES}
        pairs = zip(acts, NAMES, strict=True)
        threads = [threading.Thread(target=_ask, args=(act, waits[name], ended)) for act, name in pairs]
        for thread in threads:
            thread.start()
        wire.send("begun")
        wire.recv()
        ended.set()
        for thread in threads:
            thread.join()
        wire.send(waits)


def _ask(act: Callable[[], object], waits: list[float], ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        began = time.perf_counter()
        act()
        waits.append(time.perf_counter() - began)


class Bench:
    """A folder with a configuration, and what is measured there."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self.folder, self.url = folder, database or f"sqlite:///{folder}/alerts.db"
        self.port = free_port()
        (folder / "config").mkdir()
        config = CONFIG.format(database=self.url, folder=folder, port=self.port)
        (folder / "config" / "alerts.yaml").write_text(config)

    def run(self, line: str) -> None:
        command = [*program(self.folder / "config"), *line.split()]
        done = subprocess.run(command, check=False, cwd=self.folder, capture_output=True, text=True)
        if done.returncode not in (0, *MAY_WARN.get(line.split(maxsplit=1)[0], ())):
            raise SystemExit(f"alerts {line}: exit code {done.returncode}: {done.stderr}")

    def write(self, name: str, count: int, day: datetime) -> Path:
        """Write a file of commitments with deadlines from a day on."""
        rows = (f"{name}-{n},Report {n},{day + timedelta(days=n // 5000 % 3000):%Y-%m-%d}" for n in range(count))
        path = self.folder / f"{name}.csv"
        path.write_text("\n".join(["key,title,deadline", *rows, ""]))
        return path

    @contextmanager
    def served(self) -> Iterator[None]:
        """Have a daemon with pages."""
        with daemon(self.folder / "config"):
            wait_until_ready(self.port)
            yield

    def get(self, path: str) -> None:
        for _ in range(10):
            requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=60).raise_for_status()


def measure(bench: Bench, large: int, due: int) -> Iterator[tuple[str, float, dict[str, list[float]]]]:
    """Yield what was done, how long that took, and the waits beside it."""
    now = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    bench.write("due", due, now + timedelta(days=7))
    bench.write("large", large, now + timedelta(days=400))
    yesterday, at = (f"--at {one:%Y-%m-%dT%H:%MZ}" for one in (now - timedelta(days=1), now))
    bench.run(f"load due.csv {yesterday}")
    bench.run(f"tick {yesterday}")
    with probes(bench.url) as both:
        yield f"tick, {due:,} due", *both.beside(lambda: bench.run(f"tick {at}"))
        yield f"load of {large:,}", *both.beside(lambda: bench.run(f"load large.csv {at}"))
        yield f"tick after a load of {large:,}", *both.beside(lambda: bench.run(f"tick {at}"))
        one = bench.write("large", 1, now + timedelta(days=401))
        yield "load of one", *both.beside(lambda: bench.run(f"load {one} {at}"))
        for line in LISTINGS:
            yield f"alerts {line}", *both.beside(lambda line=line: bench.run(f"{line} --at {now:%Y-%m-%dT%H:%MZ}"))  # type: ignore[misc]
        with bench.served():
            for path in PAGES:
                yield f"GET {path}, ten times", *both.beside(lambda path=path: bench.get(path))  # type: ignore[misc]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", metavar="URL")
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=5_000)
    given = parser.parse_args()
    figures = []
    table, longest = Table(title="waits in ms: the longest, and the 99th percentile"), 0.0
    for heading in ("beside", "seconds", "writer", "99 %", "reader", "99 %", "asked"):
        table.add_column(heading, justify="left" if heading == "beside" else "right")
    with tempfile.TemporaryDirectory() as name:
        for what, seconds, waits in measure(Bench(Path(name), given.database), given.large, given.due):
            ranked = [sorted(waits[who]) for who in NAMES]
            longest = max(longest, *(some[-1] for some in ranked))
            cells = [f"{1000 * wait:,.0f}" for some in ranked for wait in (some[-1], some[int(len(some) * 0.99)])]
            table.add_row(what, f"{seconds:.1f}", *cells, f"{sum(map(len, ranked)):,}")
            figures.append(Figure(f"beside {what}", max(some[-1] for some in ranked), Unit.TIME, noisy=True))
    Console(width=120).print(table)
    give(figures)
    sys.exit(longest > MOST)


if __name__ == "__main__":
    main()
