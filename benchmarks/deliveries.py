"""Measures the cost of a delivery, from planning to recording, against a loop that sends the same bytes.

`python -m benchmarks.deliveries` prints a table; exit code 1 if an aim is missed. Sinks on loopback, in their own
process (`sinks.py`), receive what is sent. CPU time is that of all threads of our process. `--database URL` measures
that database, which must be empty, instead of an SQLite file and a temporary PostgreSQL.
"""

from __future__ import annotations

import argparse
import gc
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from alerts.cli.app import App
from alerts.cli.command_group import GARBAGE
from alerts.planning import plan
from alerts.startup import prepare
from alerts.turn_delivery import deliver
from benchmarks.figures import Figure, Unit, give
from benchmarks.processes import daemon, program
from benchmarks.sinks import Sinks, running
from tests import postgres

FIRST_WITHIN = 1.0  # seconds from the firing to the first message, with 5,000 due at once
CPU_AT_MOST = 3.0  # times the CPU of the bare loop, for each delivery

LOADED = datetime(2025, 10, 20, tzinfo=UTC)
LEAD = timedelta(days=7)
FIRINGS = {"mail": datetime(2025, 10, 28, 14, tzinfo=UTC), "web": datetime(2025, 10, 29, 14, tzinfo=UTC)}
READY_WITHIN = 15  # seconds until the daemon is ready; the firing comes later
CONFIG = """
timezone: America/New_York
channels:
  mail: {kind: email, from: Alerts <alerts@example.org>, to: [desk@example.org],
         smtp: {host: 127.0.0.1, port: %(mail)s, security: none}}
  web: {kind: webhook, url: "http://127.0.0.1:%(web)s/hook"}
rules:
  - {name: mail, cron: "* * * * *", match: {tags: [mail, daemon]}, remind: {before: [P7D]},
     notify: [mail], digest: false}
  - {name: web, cron: "* * * * *", match: {tags: [web]}, remind: {before: [P7D]},
     notify: [web], digest: false}
"""
SHARED = """
people: [{key: desk, name: The desk, email: desk@example.org}]
parties: [{key: us, name: United States, timezone: America/New_York}, {key: cn, name: China}]
sources: [{key: brief, title: Ahead of the summit, publisher: Example Press, url: "https://example.org/brief",
           published: 2025-10-28}]
commitments:
"""
COMMITMENT = """
  - {key: %(tag)s-%(number)05d, title: Report number %(number)d of the United States to the desk, kind: obligation,
     by: [us], to: [cn], deadline: "by %(deadline)s", priority: high, tags: [%(tag)s, reports], owner: desk,
     note: Send it to the desk and keep a copy of what was sent.,
     source: {key: brief, locator: paragraph 4, quote: every report is due within the quarter},
     assumptions: [the report is due when the desk closes]}
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU seconds for each delivery, and when measuring began (Unix time)."""

    wall: float
    cpu: float
    began: float = 0.0

    @classmethod
    @contextmanager
    def of(cls, count: int, into: list[Cost]) -> Iterator[None]:
        """Measure the code inside."""
        began, wall, cpu = time.time(), time.perf_counter(), time.process_time()
        yield
        into.append(cls((time.perf_counter() - wall) / count, (time.process_time() - cpu) / count, began))


@dataclass(frozen=True, slots=True)
class Bench:
    """One database, a configuration for it, and the sinks."""

    folder: Path
    url: str
    sinks: Sinks
    count: int
    config: str = CONFIG

    def load(self, tag: str, firing: datetime, at: datetime) -> None:
        """Load `count` commitments with a week's lead that ends at the firing."""
        (self.folder / "alerts.yaml").write_text(self.config % self.sinks.ports + f"database: {self.url}\n")
        deadline = (firing + LEAD).strftime("%Y-%m-%dT%H:%MZ")
        path = self.folder.with_suffix(".yaml")
        entries = (COMMITMENT % {"tag": tag, "number": n, "deadline": deadline} for n in range(self.count))
        path.write_text(SHARED + "".join(entries))
        line = [*program(self.folder), "load", str(path), "--at", at.isoformat()]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)

    def ours(self, tag: str) -> tuple[Cost, Cost]:
        """Return the costs of planning and of delivering, for each delivery."""
        self.load(tag, FIRINGS[tag], LOADED)
        app = App(self.folder, None)
        workers = [worker for worker in app.workers(lambda: FIRINGS[tag]) if worker.channel.name == tag]
        app.renderer.warm_up({worker.channel.medium for worker in workers})  # as a daemon does at its start
        gc.freeze()  # and every command
        gc.set_threshold(GARBAGE)
        prepare(app.store, app.rules, LOADED)
        if plan(app.store, app.rules, app.channels, LOADED):
            raise SystemExit("something was due before the firing: this measures nothing")
        costs: list[Cost] = []
        with Cost.of(self.count, costs):
            planned = plan(app.store, app.rules, app.channels, FIRINGS[tag])
        with Cost.of(self.count, costs):
            done = deliver(workers)
        for channel in app.channels.values():
            channel.close()
        app.store.close()
        if planned != self.count or done != {"sent": self.count}:
            raise SystemExit(f"{planned} planned, then {dict(done)}: expected {self.count} sent")
        return costs[0], costs[1]

    def daemon(self) -> tuple[float, float]:
        """Return the seconds from the firing, when all are due, to the first and to the last mail at the sink."""
        began = datetime.now(UTC)
        firing = (began + timedelta(seconds=READY_WITHIN + self.count / 250 + 60)).replace(second=0, microsecond=0)
        self.load("daemon", firing, began)
        self.sinks.take("mail")
        with daemon(self.folder):
            until = firing.timestamp() + 60 + self.count / 20
            count, first, last = 0, 0.0, 0.0
            while count < self.count and time.time() < until:
                time.sleep(1)
                taken = self.sinks.take("mail")
                count, first, last = count + taken.count, first or taken.first_at, taken.last_at or last
        if count != self.count or first < firing.timestamp():
            raise SystemExit(f"the daemon sent {count} of {self.count}: expected all, after the firing")
        return first - firing.timestamp(), last - firing.timestamp()


def bare_mail(port: int, body: bytes, count: int) -> None:
    """Send the same bytes over one connection that stays open."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(count):
            server.sendmail("alerts@example.org", ["desk@example.org"], body)


def bare_web(port: int, body: bytes, count: int) -> None:
    """Post the same bytes over one session."""
    with requests.Session() as session:
        for _ in range(count):
            url, headers = f"http://127.0.0.1:{port}/hook", {"Content-Type": "application/json"}
            session.post(url, data=body, headers=headers, timeout=10).raise_for_status()


BARE: dict[str, Callable[[int, bytes, int], None]] = {"mail": bare_mail, "web": bare_web}
LABELS = {"mail": "e-mail", "web": "webhook"}


class Report:
    """The table, and whether all aims are met."""

    def __init__(self, count: int) -> None:
        self.good = True
        self.figures: list[Figure] = []
        self.table = Table(title=f"{count:,} deliveries due at once")
        for heading in ("", "database", "a second", "CPU each", "× bare", "aim"):
            self.table.add_column(heading, justify="left" if heading in ("", "database") else "right")

    def aim(self, met: bool, text: str) -> str:
        self.good &= met
        return f"[green]{text}: met[/]" if met else f"[red]{text}: missed[/]"

    def bare(self, tag: str, name: str, cost: Cost, size: int) -> None:
        self.table.add_row(f"{LABELS[tag]}: bare, {size / 1000:.1f} kB", name, *_figures(cost), "1.00", "")

    def ours(self, tag: str, name: str, costs: tuple[Cost, Cost], bare: Cost) -> None:
        planned, delivered = costs
        both = Cost(planned.wall + delivered.wall, planned.cpu + delivered.cpu)
        for what, cost in (("planned", planned), ("delivered", delivered), ("both", both)):
            times = cost.cpu / bare.cpu
            aim = self.aim(times <= CPU_AT_MOST, f"≤ {CPU_AT_MOST:g}") if what == "delivered" else ""
            self.table.add_row(f"{LABELS[tag]}: {what}", name, *_figures(cost), f"{times:.2f}", aim)
        self.figures += [Figure(f"{LABELS[tag]} planned, {name}", planned.cpu)]
        self.figures += [Figure(f"{LABELS[tag]} delivered, {name}", delivered.cpu)]

    def daemon(self, name: str, first: float, last: float) -> None:
        for what, seconds in (("first", first), ("last", last)):  # the disk, and whoever else runs, decide
            self.figures.append(Figure(f"daemon: {what} e-mail, {name}", seconds, Unit.TIME, noisy=True))
        aim = self.aim(first <= FIRST_WITHIN, f"≤ {FIRST_WITHIN:g} s")
        self.table.add_row("daemon: first e-mail", name, f"after {first:.2f} s", "", "", aim)
        self.table.add_row("daemon: last e-mail", name, f"after {last:.1f} s", "", "", "", end_section=True)


def _figures(cost: Cost) -> tuple[str, str]:
    return f"{1 / cost.wall:,.0f}", f"{cost.cpu * 1000:.2f} ms"


@contextmanager
def databases(given: str | None, folder: Path) -> Iterator[list[tuple[str, str]]]:
    """Yield the names and addresses of the databases to measure."""
    if given:
        yield [(given.partition(":")[0].partition("+")[0], given)]
        return
    if not postgres.binaries():
        Console().print("[red]PostgreSQL is not installed: NOT measured with it[/]")
        yield [("SQLite", f"sqlite:///{folder}/alerts.db")]
        return
    with postgres.running() as server:
        yield [("SQLite", f"sqlite:///{folder}/alerts.db"), ("PostgreSQL", server.url(server.create()))]


def measure(given: str | None, count: int) -> Report:
    """Measure everything in one run; the bare loops send the same bytes as our run before."""
    report = Report(count)
    with tempfile.TemporaryDirectory() as name, running() as sinks, databases(given, Path(name)) as found:
        folder = Path(name) / "config"
        folder.mkdir()
        for database, url in found:
            bench = Bench(folder, url, sinks, count)
            for tag, loop in BARE.items():
                costs = bench.ours(tag)
                body = sinks.take(tag).last
                timed: list[Cost] = []
                with Cost.of(count, timed):  # right after our run: the speed of a shared machine varies
                    loop(sinks.ports[tag], body, count)
                report.bare(tag, database, timed[0], len(body))
                report.ours(tag, database, costs, timed[0])
            report.daemon(database, *bench.daemon())
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", metavar="URL")
    parser.add_argument("--count", type=int, default=5000)
    given = parser.parse_args()
    report = measure(given.database, given.count)
    Console().print(report.table)
    give(report.figures)
    sys.exit(not report.good)


if __name__ == "__main__":
    main()
