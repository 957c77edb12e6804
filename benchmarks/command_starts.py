"""Measures what commands cost to start, against an import of the libraries that they need.

`python -m benchmarks.command_starts` prints the medians of CPU seconds and their ratios. The exit code is 1 where a
ratio is over its limit. A command is compared with `import typer, rich`, or with `import sqlalchemy, typer, rich` where
it reads the database. Each has a database of its own, as a daemon keeps it: what an answer changes does not cost the
listing anything.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, give

SMALL, LARGE = "import typer, rich", "import sqlalchemy, typer, rich"
SEED = "commitments:\n  - {key: lease, title: Lease, deadline: 2035-01-31, timezone: UTC}\n"
LIMITS: dict[str, tuple[str, float]] = {
    "--version": (SMALL, 1.5),
    "--help": (SMALL, 1.5),
    "list": (LARGE, 1.6),  # the aim is 1.5: what a busy machine adds comes to it
    "ack lease": (LARGE, 1.6),
}
LIVE, LIVE_SECONDS = "health --live", 0.2


def cpu_seconds(arguments: Sequence[str], folder: Path) -> float:
    """Run Python in a process of its own, with its bytecode at hand, and return the CPU seconds that it takes."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    usage = os.wait4(process.pid, 0)[2]
    return usage.ru_utime + usage.ru_stime


def made_folder(folder: Path) -> Path:
    """Make a folder with a database in which nothing waits for the next tick."""
    folder.mkdir()
    (folder / "seed.yaml").write_text(SEED)
    for line in ("load seed.yaml", "tick"):
        cpu_seconds(["-m", "alerts", *line.split()], folder)
    return folder


def measured(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median of each command and of each import. They take turns, so that all meet the same load."""
    runs: dict[str, list[str]] = {code: ["-c", code] for code in (SMALL, LARGE)}
    runs |= {command: ["-m", "alerts", *command.split()] for command in (*LIMITS, LIVE)}
    folders = {name: made_folder(folder / str(number)) for number, name in enumerate(runs)}
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, arguments in runs.items():
            seconds = cpu_seconds(arguments, folders[name])
            if number:  # the first round writes the bytecode
                found[name].append(seconds)
    return {name: median(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = measured(Path(name), chosen.rounds)
    table = Table(title="the start of a command: medians of CPU seconds")
    for heading in ("command", "seconds", "ratio", "limit"):
        table.add_column(heading, justify="left" if heading == "command" else "right")
    for code in (SMALL, LARGE):
        table.add_row(f"python -c '{code}'", f"{found[code]:.3f}", "1", "")
    good = found[LIVE] < LIVE_SECONDS
    for command, (base, limit) in LIMITS.items():
        ratio = found[command] / found[base]
        good = good and ratio < limit
        table.add_row(f"alerts {command}", f"{found[command]:.3f}", f"{ratio:.2f}", f"{limit:g}")
    table.add_row(f"alerts {LIVE}", f"{found[LIVE]:.3f}", "", f"{LIVE_SECONDS:g} s")
    Console(soft_wrap=True).print(table)
    give(Figure(f"alerts {command}", found[command]) for command in (*LIMITS, LIVE))
    sys.exit(not good)


if __name__ == "__main__":
    main()
