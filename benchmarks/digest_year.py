"""Measures how large a database is after a year of daily digests, with the shipped periods of `keep`.

`python -m benchmarks.digest_year` prints the size and what takes it; the exit code is 1 if a year of digests of 40
entries to 50 people takes 200 MB or more. Each day is a real turn with its time passed in: messages are planned,
rendered and put into a maildir, then compressed, and forgotten after their 90 days, as the daemon does it.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from alerts.cli.app import App
from alerts.planning import plan
from alerts.startup import prepare
from alerts.store.outbox.kept_messages import KeptMessages
from alerts.turn_delivery import deliver

MOST_MEGABYTES = 200.0
FIRST = datetime(2026, 1, 1, 9, tzinfo=UTC)
CONFIG = """
database: sqlite:///{folder}/alerts.db
channels:
  box: {{kind: maildir, path: {folder}/mail, to: [{people}]}}
rules:
  - {{name: overdue, cron: "0 9 * * *", match: {{tags: [daily]}}, remind: {{overdue: {{every: P1D, at_most: 400}}}},
     notify: [box], digest: true}}
"""
ENTRY = '  - {{key: item-{n:03}, title: "Report number {n} to the desk", deadline: 2025-12-31, tags: [daily]}}\n'
SIZES = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY sum(pgsize) DESC"
SHOWN = 12  # the largest tables and indexes


def run(folder: Path, days: int, entries: int, people: int) -> int:
    """Let a turn send what is due on each day; return how many digests that were."""
    to = ", ".join(f"person-{number:02}@example.org" for number in range(people))
    config, register = folder / "config", folder / "register.yaml"
    config.mkdir()
    (config / "alerts.yaml").write_text(CONFIG.format(folder=folder, people=to))
    register.write_text("commitments:\n" + "".join(ENTRY.format(n=number) for number in range(entries)))
    load = [sys.executable, "-m", "alerts", "--config", str(config), "load", str(register)]
    subprocess.run([*load, "--at", (FIRST - timedelta(days=2)).isoformat()], check=True, stdout=subprocess.DEVNULL)
    app, sent = App(config, None), 0
    prepare(app.store, app.rules, FIRST - timedelta(days=1))
    for day in range(days):
        now = FIRST + timedelta(days=day)
        plan(app.store, app.rules, app.channels, now)
        sent += deliver(app.workers(partial(_same, now)))["sent"]
        KeptMessages(app.store.database).tidy(now + timedelta(hours=2), app.settings.kept.messages)
        shutil.rmtree(folder / "mail", ignore_errors=True)
    app.store.close()
    return sent


def _same(now: datetime) -> datetime:
    return now


def report(path: Path, out: Console) -> float:
    """Print what takes the room in a database; return its megabytes."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sizes = connection.execute(SIZES).fetchall()
    table = Table("table or index", "MB")
    table.columns[1].justify = "right"
    for name, octets in sizes[:SHOWN]:
        table.add_row(name, f"{octets / 1e6:.1f}")
    out.print(table)
    return path.stat().st_size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--entries", type=int, default=40)
    parser.add_argument("--people", type=int, default=50)
    chosen, out = parser.parse_args(), Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sent = run(folder, chosen.days, chosen.entries, chosen.people)
        megabytes = report(folder / "alerts.db", out)
    out.print(f"{sent:,} digests of {chosen.entries} entries: {megabytes:.1f} MB")
    sys.exit(megabytes >= MOST_MEGABYTES)


if __name__ == "__main__":
    main()
