"""Measures what answer pages cost the sending of alerts: 2,000 mails alone, with 50 pages a second, and with 200.

`make web` prints a table; exit code 1 if an aim is missed. The three take turns, so that what else the machine does
falls on all of them; each is compared with the run without pages of its own round. Mails go to a sink on loopback.
The database is an SQLite file; with `--postgresql` it is a temporary PostgreSQL.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, make_url, select

from alerts.answer_keys import make_key_file, read_key_file
from alerts.core.answer_links import AnswerLink, fill, key_id_of, placeholder
from alerts.store.delivery_tables import delivery_reminders
from alerts.store.planning_tables import reminders
from benchmarks.page_clients import Visits, visiting
from benchmarks.processes import CLOCK_TICKS, cpu_of, daemon, free_port, program, wait_until_ready
from benchmarks.sinks import Sinks, Taken, running
from tests import postgres

RATES = (0, 50, 200)  # pages a second
SLOWER_AT_MOST = 1.2  # times as long
DAEMON_MB, HTTP_MB = 130, 110  # at their peak
LINKS = 100  # alerts that were sent before, whose pages are opened
READY_WITHIN = 25  # seconds
HOST = "alerts.example.org"
DURABLE = ("-c", "max_connections=200")  # a commit waits for the disk, unlike in tests
CONFIG = """
database: {database}
timezone: UTC
channels:
  mail: {{kind: email, from: Alerts <alerts@example.org>, to: [desk@example.org],
         smtp: {{host: 127.0.0.1, port: {mail}, security: none}}}}
rules:
  - {{name: all, cron: "* * * * *", match: {{}}, notify: [mail], digest: false,
     remind: {{before: [P7D], overdue: true}}}}
http: {{port: {port}, public_url: "http://alerts.example.org:{port}", answer_keys: {{file: {keys}}}}}
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how long sending took, CPU seconds of the daemon, of its HTTP server and of all else, peaks in MB."""

    rate: int
    seconds: float
    daemon_cpu: float
    http_cpu: float
    others: float  # share of the machine that processes of others used
    daemon_mb: float
    http_mb: float
    visits: Visits

    def is_served(self) -> bool:
        """Whether no page failed; at the highest rate, refusals are no failures."""
        allowed = {200, 503} if self.rate == RATES[-1] else {200}
        return set(self.visits.statuses) <= allowed


Copies = Callable[[Path, str | None], str]  # makes the database of a folder, a copy of another; returns its address


class Site:
    """A folder with a configuration; its database, and the keys of its links."""

    def __init__(self, folder: Path, sinks: Sinks, port: int, database: str, keys: Path) -> None:
        self.folder, self.sinks, self.port, self.database, self.keys = folder, sinks, port, database, keys
        (folder / "config").mkdir(parents=True, exist_ok=True)
        text = CONFIG.format(database=database, mail=sinks.ports["mail"], port=port, keys=keys)
        (folder / "config" / "alerts.yaml").write_text(text)

    def run(self, *arguments: str) -> None:
        """Run a command."""
        line = [*program(self.folder / "config"), *arguments]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def load(self, name: str, count: int, deadline: str) -> None:
        """Load commitments with one deadline."""
        path = self.folder / f"{name}.yaml"
        rows = (
            f'  - {{key: {name}-{n}, title: Report {n} to the desk, deadline: "{deadline}", note: Keep a copy.}}\n'
            for n in range(count)
        )
        path.write_text("commitments:\n" + "".join(rows))
        self.run("load", str(path))

    def tokens(self) -> list[str]:
        """Return the tokens of the links that were sent."""
        (key, *_) = read_key_file(self.keys)
        links = delivery_reminders.join(reminders, reminders.c.id == delivery_reminders.c.reminder_id)
        query = select(delivery_reminders.c.delivery_id, reminders.c.commitment_id).select_from(links).distinct()
        engine = create_engine(self.database)
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        engine.dispose()
        found = []
        for delivery, number in rows:
            link = AnswerLink(key_id=key_id_of(key.secret), delivery=delivery, commitment_id=number)
            text = fill(f"/a/{placeholder(link)}", link.delivery, [key.secret])
            found.append(text.removeprefix("/a/"))
        return found


def prepared(folder: Path, sinks: Sinks, copies: Copies) -> Site:
    """Return a site from which alerts were sent whose pages can be opened."""
    folder.mkdir()
    keys = folder / "answer-keys"
    make_key_file(keys, datetime.now(UTC))
    site = Site(folder, sinks, 1, copies(folder, None), keys)
    site.load("before", LINKS, f"{datetime.now(UTC).date() - timedelta(days=2)}")
    site.run("tick")
    sinks.take("mail")
    return site


def measure(base: Site, copies: Copies, folder: Path, rate: int, count: int) -> Run:
    """Send alerts while pages are opened at a rate."""
    port = free_port()
    folder.mkdir()
    site = Site(folder, base.sinks, port, copies(folder, base.database), base.keys)
    begin = datetime.now(UTC) + timedelta(seconds=READY_WITHIN + count / 250)
    firing = (begin + timedelta(minutes=1)).replace(second=0, microsecond=0)
    site.load("due", count, (firing + timedelta(days=7)).strftime("%Y-%m-%dT%H:%MZ"))
    with daemon(folder / "config") as process, ExitStack() as clients:
        wait_until_ready(port)
        wire = clients.enter_context(visiting(port, HOST, site.tokens(), rate)) if rate else None
        time.sleep(max(firing.timestamp() - time.time() - 1, 0))
        child = _child_of(process.pid)
        before = _used(process.pid, child)
        taken = _received(base.sinks, count, firing.timestamp())
        after = _used(process.pid, child)
        visits = Visits()
        if wire:
            wire.send("stop")
            visits = wire.recv()
        own, http, busy, whole = (b - a for a, b in zip(before, after, strict=True))
        peaks = _peak(process.pid), _peak(child)
    others = max(busy - own - http, 0) / whole
    return Run(rate, taken.last_at - taken.first_at, own, http, others, *peaks, visits)


def _received(sinks: Sinks, count: int, firing: float) -> Taken:
    """Wait until all mails are received."""
    found = Taken()
    while found.count < count:
        time.sleep(0.5)
        more = sinks.take("mail")
        found = Taken(found.count + more.count, found.first_at or more.first_at, more.last_at or found.last_at)
        if time.time() > firing + 60 + count / 10:
            raise SystemExit(f"the daemon sent {found.count} of {count}")
    if found.first_at < firing:
        raise SystemExit("something was sent before the firing: this measures nothing")
    return found


def _child_of(pid: int) -> int:
    found = [one for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
    return int(found[0])


def _used(daemon: int, child: int) -> tuple[float, float, float, float]:
    """Return the CPU seconds of both, those that all processors were busy, and all that they had."""
    fields = [int(one) / CLOCK_TICKS for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return cpu_of(daemon), cpu_of(child), sum(fields) - fields[3] - fields[4], sum(fields)


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@contextmanager
def _databases(*, on_postgresql: bool) -> Iterator[Copies]:
    """Yield what makes databases."""
    if not on_postgresql:
        yield _copy_file
        return
    with postgres.running(options=DURABLE) as server:

        def copy(_: Path, of: str | None) -> str:
            template = of and make_url(of).database
            return server.url(server.create(template or "template0"))

        yield copy


def _copy_file(folder: Path, of: str | None) -> str:
    path = folder / "alerts.db"
    if of:
        shutil.copy(of.removeprefix("sqlite:///"), path)
    return f"sqlite:///{path}"


def report(runs: list[list[Run]], count: int) -> tuple[Table, list[str]]:
    """Return a table of all rounds, and the aims that are missed."""
    table = Table(title=f"{count:,} mails, and pages of answers meanwhile")
    for heading in ("pages a second", "sent in", "CPU daemon", "HTTP", "others", "peak MB", "pages", "half, 99 % in"):
        table.add_column(heading, justify="right")
    missed = []
    for place, rate in enumerate(RATES):
        these = [some[place] for some in runs]
        for run in these:
            table.add_row(*_cells(run))
        ratio = statistics.median(run.seconds / some[0].seconds for run, some in zip(these, runs, strict=True))
        cpu = statistics.median(run.daemon_cpu / some[0].daemon_cpu for run, some in zip(these, runs, strict=True))
        if rate:
            table.add_row("", f"× {ratio:.2f}", f"× {cpu:.2f}", "", "", "", "", "", style="bold", end_section=True)
        if ratio > SLOWER_AT_MOST:
            missed.append(f"with {rate} pages a second sending takes {ratio:.2f} times as long")
        if not all(run.is_served() for run in these):
            missed.append(f"at {rate} pages a second some failed")
    peaks = [(run.daemon_mb, run.http_mb) for some in runs for run in some]
    if max(daemon for daemon, _ in peaks) >= DAEMON_MB or max(http for _, http in peaks) >= HTTP_MB:
        missed.append("a process takes too much memory")
    return table, missed


def _cells(run: Run) -> tuple[str, ...]:
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(run.visits.statuses.items()))
    times = f"{run.visits.within(0.5) * 1000:.0f}, {run.visits.within(0.99) * 1000:.0f} ms" if run.rate else ""
    rate = f"{run.rate} ({run.visits.rate:.0f})" if run.rate else "none"
    peaks = f"{run.daemon_mb:.0f}, {run.http_mb:.0f}"
    cpu = f"{run.daemon_cpu:.1f} s", f"{run.http_cpu:.1f} s"
    return rate, f"{run.seconds:.1f} s", *cpu, f"{run.others:.0%}", peaks, statuses, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    runs = []
    with (
        tempfile.TemporaryDirectory() as name,
        running() as sinks,
        _databases(on_postgresql=given.postgresql) as copies,
    ):
        base = prepared(Path(name) / "base", sinks, copies)
        for number in range(given.rounds):
            order = [*RATES[number % len(RATES) :], *RATES[: number % len(RATES)]]
            found = {rate: measure(base, copies, Path(name) / f"{number}-{rate}", rate, given.count) for rate in order}
            runs.append([found[rate] for rate in RATES])
    table, missed = report(runs, given.count)
    Console(width=140).print(table)
    for line in missed:
        sys.stderr.write(f"missed: {line}\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
