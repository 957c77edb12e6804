"""Measures an idle tick and a load with a hundred and with a hundred thousand commitments.

`python -m benchmarks.idle_tick` prints a table of CPU seconds; exit code 1 if a tick with 100,000 costs more than 3
times one with 100, or if the load of 100,000 takes 500 MB or more. The database keeps as many sent deliveries as there
are commitments. `--database URL` measures another database than SQLite (it must be empty); the CPU of its server is not
counted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from alerts.cli.app import App
from alerts.planning import plan
from alerts.startup import prepare
from alerts.store import Store, delivery_tables
from alerts.store.new_deliveries import new_delivery
from alerts.store.rows import chunks
from alerts.turn_delivery import deliver
from benchmarks.figures import Figure, Unit, give
from benchmarks.processes import Usage, program, run

CONFIG = """
channels:
  log: {kind: maildir, path: %s/mail, to: [desk@example.org]}
rules:
  - name: everything
    cron: "0 9 * * mon-fri"
    match: {}
    remind: {before: [P30D, P7D, P1D], on_the_day: true, opens: true, overdue: true, moved: true, review: P14D}
    notify: [log]
    digest: true
"""
NOW = datetime(2025, 10, 28, tzinfo=UTC)
SMALL, LARGE = 100, 100_000
TICKS = 500  # a tick takes one to two milliseconds: the best of a hundred differs by up to a quarter from run to run
OWNERS = 25
MOST_TIMES, MOST_MEGABYTES = 3.0, 500.0


def commitments(count: int, path: Path) -> None:
    """Write a file of commitments whose deadlines lie two to twelve years ahead."""
    with path.open("w") as file:
        file.write("parties:\n  - {key: us, name: United States, timezone: America/New_York}\npeople:\n")
        for number in range(OWNERS):
            file.write(f"  - {{key: desk-{number}, name: Desk {number}, email: desk-{number}@example.org}}\n")
        file.write("commitments:\n")
        for number in range(count):
            day = datetime.fromordinal(NOW.toordinal() + 730 + number * 3650 // count).date()
            file.write(
                f"  - key: item-{number:06}\n    title: Report number {number} to the desk\n    kind: obligation\n"
                f"    by: [us]\n    deadline: {day}\n    priority: normal\n    tags: [reports, batch-{number % 50}]\n"
                f"    owner: desk-{number % OWNERS}\n    note: Send it to the desk and keep a copy of what was sent.\n"
            )


def load(folder: Path, count: int) -> Usage:
    """Load `count` commitments in another process."""
    path = folder.with_suffix(".yaml")
    commitments(count, path)
    used = run([*program(folder), "load", str(path), "--at", NOW.isoformat()])
    if used.status:
        raise SystemExit(f"load ended with status {used.status}")
    return used


def keep_sent(store: Store, count: int) -> None:
    """Store deliveries that were sent, as many as there are commitments: an idle tick must not read them."""
    sent = {"state": "sent", "next_at": None, "ended_at": NOW}
    rows = (new_delivery(uuid4(), "log", "desk@example.org", NOW) | sent for _ in range(count))
    for some in chunks(rows, 10_000):
        with store.database.write() as connection:
            connection.execute(insert(delivery_tables.deliveries), some)


def measure(count: int, database: str | None) -> tuple[float, float, float, float]:
    """Return CPU seconds and megabytes of the load, CPU seconds of the first tick, and of the best idle tick."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "config"
        folder.mkdir()
        url = database or f"sqlite:///{folder}/alerts.db"
        (folder / "alerts.yaml").write_text(CONFIG % folder + f"database: {url}\n")
        used = load(folder, count)
        app = App(folder, url)
        workers = app.workers(lambda: NOW)
        prepare(app.store, app.rules, NOW)
        began = time.process_time()
        plan(app.store, app.rules, app.channels, NOW)
        deliver(workers)
        first = time.process_time() - began
        keep_sent(app.store, count)
        ticks = []
        for _ in range(TICKS):
            began = time.process_time()
            planned = plan(app.store, app.rules, app.channels, NOW)
            deliver(workers)
            ticks.append(time.process_time() - began)
            if planned:
                raise SystemExit("something was due: this measures nothing")
        app.store.close()
        return used.cpu, used.megabytes, first, min(ticks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database")
    parser.add_argument("--large", type=int, default=LARGE)
    chosen = parser.parse_args()
    table = Table(title=f"load, first tick (all watches are made), idle tick (the best of {TICKS})")
    for heading in ("commitments", "load", "peak memory", "first tick", "idle tick"):
        table.add_column(heading, justify="right")
    results = {}
    for count in (SMALL, chosen.large):
        results[count] = seconds, megabytes, first, idle = measure(count, chosen.database)
        table.add_row(
            f"{count:,}", f"{seconds:.1f} s", f"{megabytes:.0f} MB", f"{first:.1f} s", f"{idle * 1000:.2f} ms"
        )
    out = Console()
    out.print(table)
    seconds, megabytes, first, idle = results[chosen.large]
    times = idle / results[SMALL][3]
    good = times <= MOST_TIMES and megabytes < MOST_MEGABYTES
    out.print(
        f"idle tick: {times:.2f} times (at most {MOST_TIMES:g}); memory: {megabytes:.0f} MB (under {MOST_MEGABYTES:g})"
    )
    size = f"{chosen.large:,}"
    give([
        Figure(f"load of {size}", seconds), Figure(f"load of {size}, peak memory", megabytes, Unit.MEGABYTES),
        Figure(f"first tick of {size}", first), Figure(f"idle tick of {size}", idle),
        Figure(f"idle tick of {SMALL}", results[SMALL][3]),
    ])  # fmt: skip
    sys.exit(not good)


if __name__ == "__main__":
    main()
