"""Measures what commands cost with a million commitments, on SQLite.

`python -m benchmarks.million` loads 20,000, lets a tick make their watches, and copies the rows in the database until
there are a million, which takes less time than to load them all. It prints CPU seconds, peak memory and lines of each
command, the best idle tick and its ratio to that with 100 commitments, and the size of each table and index.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from alerts.cli.app import App
from alerts.clock import utc_now
from alerts.planning import plan
from benchmarks.figures import Figure, Unit, give
from benchmarks.listings import DEADLINES, TITLES
from benchmarks.processes import program, run

OWNERS, TICKS = 25, 500
HEADINGS = "key,title,deadline,owner,tags,note"
CONFIG = """
database: sqlite:///{folder}/alerts.db
timezone: Europe/Brussels
channels:
  log: {{kind: maildir, path: {folder}/mail, to: [desk@example.org]}}
rules:
  - name: everything
    cron: "0 9 * * mon-fri"
    match: {{}}
    remind: {{before: [P30D, P7D, P1D], on_the_day: true, opens: true, overdue: true, moved: true, review: P14D}}
    notify: [log]
    digest: true
people:
"""
LINES = (
    "list", "list --overdue", "list --owner desk-3", "list --search Überprüfung", "plan", "plan --days 30", "check",
    "health", "tick",
)  # fmt: skip
COPIED = {"commitments": "id", "revisions": "commitment_id", "watches": "commitment_id"}


def rows(count: int) -> Iterator[str]:
    """Yield rows of a table, with dates from 30 days ago to ten years ahead."""
    for number in range(count):
        day = date.today() + timedelta(days=number * 37 % 3650 - 30)  # noqa: DTZ011  # a register of today
        stated = DEADLINES[number % len(DEADLINES)].format(day=day, later=day + timedelta(days=30))
        title, owner = f"{TITLES[number % len(TITLES)]} {number}", f"desk-{number % OWNERS}"
        note = "Send it to the desk, and keep a copy of what was sent."
        yield f'item-{number:07},"{title}","{stated}",{owner},reports,"{note}"'


def write_site(folder: Path, count: int) -> None:
    """Write a configuration and a register."""
    (folder / "config").mkdir(parents=True)
    people = (f"  - {{key: desk-{n}, name: Desk {n}, email: desk-{n}@example.org}}\n" for n in range(OWNERS))
    (folder / "config/alerts.yaml").write_text(CONFIG.format(folder=folder) + "".join(people))
    (folder / "register.csv").write_text("\n".join([HEADINGS, *rows(count), ""]), encoding="utf-8")


def copy_rows(path: Path, count: int, copies: int) -> None:
    """Copy commitments, their histories and watches until there are so many times as many."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = off")
        for table, number in COPIED.items():
            names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            new = {number: f"{number} + copy * {count}", "key": "key || '-' || copy"}
            values = ", ".join(
                new.get(name, f'"{name}"') if table == "commitments" or name == number else f'"{name}"'
                for name in names
            )
            numbers = f"SELECT 1 UNION ALL SELECT copy + 1 FROM c WHERE copy < {copies - 1}"
            database.execute(
                f"WITH RECURSIVE c(copy) AS ({numbers}) "
                f"INSERT INTO {table} ({', '.join(map(repr, names))}) SELECT {values} FROM c "
                f"CROSS JOIN (SELECT * FROM {table} WHERE {number} <= {count})"
            )
        database.execute("ANALYZE")
        database.commit()


def idle_tick(folder: Path) -> float:
    """Return the smallest CPU seconds of ticks with nothing due."""
    app, spent, now = App(folder / "config", None), [], utc_now()
    for _ in range(TICKS):
        began = time.process_time()
        plan(app.store, app.rules, app.channels, now)
        spent.append(time.process_time() - began)
    app.close()
    return min(spent)


def sizes(path: Path) -> list[tuple[str, float]]:
    """Return the tables and indexes of a megabyte and more, the largest first, in MB."""
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT name, sum(pgsize) / 1e6 FROM dbstat GROUP BY name HAVING sum(pgsize) >= 1e6 ORDER BY 2 DESC"
        return list(database.execute(query))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loaded", type=int, default=20_000)
    parser.add_argument("--copies", type=int, default=50)
    chosen = parser.parse_args()
    out, count = Console(soft_wrap=True), chosen.loaded * chosen.copies
    table = Table(title=f"{count:,} commitments")
    for heading in ("command", "CPU seconds", "MB", "lines"):
        table.add_column(heading, justify="left" if heading == "command" else "right")

    figures: list[Figure] = []

    def add(name: str, line: Sequence[str], among: str = "") -> None:
        used = run([*program(folder / "config"), *line], output=folder / "output")
        lines = (folder / "output").read_bytes().count(b"\n")
        table.add_row(name, f"{used.cpu:.1f}", f"{used.megabytes:.0f}", f"{lines:,}")
        figures.append(Figure(f"{name}{among}", used.cpu))
        figures.append(Figure(f"{name}{among}, peak memory", used.megabytes, Unit.MEGABYTES))

    with tempfile.TemporaryDirectory() as name:
        folder, few = Path(name) / "site", Path(name) / "few"
        write_site(few, 100)
        write_site(folder, chosen.loaded)
        for command in (["load", str(few / "register.csv")], ["tick"]):
            run([*program(few / "config"), *command])
        add(f"load of {chosen.loaded:,}", ["load", str(folder / "register.csv")])
        add(f"first tick of {chosen.loaded:,}", ["tick"])
        copy_rows(folder / "alerts.db", chosen.loaded, chosen.copies)
        for line in LINES:
            add(line, line.split(), f" among {count:,}")
        out.print(table)
        small, large = idle_tick(few), idle_tick(folder)
        out.print(f"idle tick: {large * 1000:.2f} ms, {large / small:.2f} times that with 100")
        figures.append(Figure(f"idle tick among {count:,}", large))
        figures.append(Figure("idle tick among 100", small))
        give(figures)
        out.print("MB: " + ", ".join(f"{one} {size:,.0f}" for one, size in sizes(folder / "alerts.db")))


if __name__ == "__main__":
    main()
