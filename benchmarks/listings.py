"""Measures what listings of a large register cost: CPU seconds, lines and peak memory of each, piped.

`python -m benchmarks.listings` makes a register with windows, series and undated commitments, in several scripts, and
runs a tick, so that some alerts have gone out.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, give
from benchmarks.processes import run

LINES = ("list", "list --overdue", "list --json", "plan --days 10", "check", "health", "show c7", "why c7")
TITLES = (
    "Deliver the audit report",
    "提交年度出口管制报告",
    "Überprüfung der Verträge gemäß Artikel 17 Absatz 3",
    "تقديم تقرير سنوي",
)
DEADLINES = (
    "{day}", "by {day}T17:00[Europe/Brussels]", "between {day} and {later}", "{day}", "after {day}", "{day}",
    "undated", "every FREQ=MONTHLY;BYMONTHDAY=-1 from {day}", "{day}/..", "{day}",
)  # fmt: skip


def write_register(path: Path, count: int) -> None:
    """Write a file of commitments, from 90 days ago to three years ahead."""
    entries = []
    for number in range(count):
        day = date.today() + timedelta(days=number * 37 % 1185 - 90)  # noqa: DTZ011  # a register of today
        stated = DEADLINES[number % len(DEADLINES)].format(day=day, later=day + timedelta(days=30))
        title = f"{TITLES[number % len(TITLES)]} {number}"
        entries.append({"key": f"c{number}", "title": title, "deadline": stated, "timezone": "Europe/Brussels"})
    path.write_text(json.dumps({"commitments": entries}), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commitments", type=int, default=20_000)
    chosen = parser.parse_args()
    table = Table(title=f"{chosen.commitments:,} commitments")
    for heading in ("command", "CPU seconds", "lines", "MB"):
        table.add_column(heading, justify="left" if heading == "command" else "right")
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_register(folder / "register.json", chosen.commitments)
        for line in ("load register.json", "tick", *LINES):
            used = run([sys.executable, "-m", "alerts", *line.split()], folder, folder / "output")
            lines = (folder / "output").read_bytes().count(b"\n")
            table.add_row(f"alerts {line}", f"{used.cpu:.1f}", f"{lines:,}", f"{used.megabytes:.0f}")
            figures.append(Figure(f"{line}, {chosen.commitments:,}", used.cpu))
    Console(soft_wrap=True).print(table)
    give(figures)


if __name__ == "__main__":
    main()
