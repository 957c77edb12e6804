"""Runs the benchmarks in a short form, and compares their figures with those of an earlier commit.

`make bench` prints a table; exit code 1 if a figure got worse by more than 15 %, or is missing. CPU and time are
divided by the CPU of a fixed piece of work on this machine, right before and right after. NAMES runs some benchmarks
only, `--keep` makes the figures of this run the ones to compare with.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.calibration import calibrate
from benchmarks.comparison import Verdict, compare, table
from benchmarks.figures import VARIABLE, Figure, taken
from benchmarks.kept_figures import KeptFigures, KeptFiguresError, Measured, read_kept, write_kept
from benchmarks.peers import PROGRAM
from tests import postgres

PATH = Path(__file__).with_name("figures.json")
CALIBRATIONS = 3  # before and after each run
TOOLS: dict[str, Callable[[], object]] = {  # what some figures need, by what stands in their names
    "PostgreSQL": postgres.binaries,
    "Alertmanager": lambda: shutil.which(PROGRAM),
}


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package, its arguments for a short run, how often it runs, and a tool that all of it needs."""

    name: str
    arguments: str = ""
    rounds: int = 1
    needs: str = ""


BENCHMARKS = (  # ten minutes at most, on two idle cores
    Benchmark("command_starts", "--rounds 5", rounds=2),
    Benchmark("idle_tick", "--large 5000", rounds=2),
    Benchmark("loads", "--count 2000 --large 0", rounds=2),
    Benchmark("million", "--loaded 2000 --copies 25", rounds=2),
    Benchmark("listings", "--commitments 2000", rounds=2),
    Benchmark("site_pages", "--commitments 2000 --deliveries 5000", rounds=2),
    Benchmark("write_transactions", "--watches 2000 --dependants 500", rounds=2),
    Benchmark("deliveries", "--count 500"),
    Benchmark("peers", "--count 500", rounds=2),
    Benchmark("waits", "--large 3000 --due 300"),
    Benchmark("replicas", "--replicas 1 4 --each 100", needs="PostgreSQL"),
)


class Runs:
    """What the benchmarks of a run found. `missed` are those with an aim of their own that was missed."""

    def __init__(self) -> None:
        self.figures: dict[str, Measured] = {}
        self.failed: set[str] = set()
        self.missed: set[str] = set()
        self.calibrations = calibrate(CALIBRATIONS)

    def add(self, one: Benchmark) -> None:
        """Run a benchmark, each time between two calibrations, and keep the better of each of its figures."""
        for _ in range(one.rounds):
            before = self.calibrations[-CALIBRATIONS:]
            given, aims_met = measured(one)
            self.calibrations += calibrate(CALIBRATIONS)
            calibration = statistics.median(before + self.calibrations[-CALIBRATIONS:])
            for figure in given:
                name, found = f"{one.name}: {figure.name}", Measured.of(figure, calibration)
                self.figures[name] = found.better_of(self.figures.get(name, found))
            if not given:
                self.failed.add(one.name)
            elif not aims_met:
                self.missed.add(one.name)

    def kept(self) -> KeptFigures:
        """Return all that is kept of this run."""
        describe = ["git", "describe", "--always", "--dirty", "--exclude=*"]
        commit = subprocess.run(describe, check=False, cwd=PATH.parent, capture_output=True, text=True).stdout
        return KeptFigures(
            commit=commit.strip() or "unknown",
            date=datetime.now(UTC).date().isoformat(),
            python=platform.python_version(),
            calibration=round(statistics.median(self.calibrations), 4),
            figures=self.figures,
        )


def measured(one: Benchmark) -> tuple[list[Figure], bool]:
    """Run a benchmark in a process of its own; return its figures, and whether it met its aims."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "figures"
        line = [sys.executable, "-m", f"benchmarks.{one.name}", *one.arguments.split()]
        done = subprocess.run(line, check=False, env=os.environ | {VARIABLE: str(path)})
        return taken(path), done.returncode == 0


def known(path: Path, *, is_renewed: bool) -> KeptFigures:
    """Return the kept figures; none where they are renewed and cannot be read. Raises KeptFiguresError."""
    try:
        return read_kept(path)
    except KeptFiguresError:
        if not is_renewed:
            raise
        return KeptFigures("none", "", "", 0.0, {})


def run_all(names: Sequence[str], absent: Sequence[str], out: Console) -> Runs:
    """Run the benchmarks of these names, or all; those that need an absent tool are named as left out."""
    runs = Runs()
    for one in BENCHMARKS:
        if one.name not in (names or [one.name]):
            continue
        if one.needs in absent:
            out.print(f"[red]{one.name} is left out: {one.needs} is missing[/]")
            continue
        out.rule(f"{one.name} {one.arguments}")
        runs.add(one)
    return runs


def compared(runs: Runs, kept: KeptFigures, given: argparse.Namespace, absent: Sequence[str], out: Console) -> Verdict:
    """Print the table and what follows from it."""
    wanted = {name: one for name, one in kept.figures.items() if not given.names or name.split(":")[0] in given.names}
    verdict, new = Verdict(compare(runs.figures, wanted), absent, sorted(runs.failed)), runs.kept()
    out.print(table(verdict.rows, f"compared with {kept.commit} ({kept.date})"))
    for at, one in (("here", new), ("kept", kept)):
        out.print(f"{at}: commit {one.commit}, Python {one.python}, the calibration takes {one.calibration:.3f} s")
    for line in [
        *(f"an aim of its own is missed, see its table: {one}" for one in sorted(runs.missed)),
        *verdict.lines(),
    ]:
        out.print(line)
    return verdict


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAMES")
    parser.add_argument("--keep", action="store_true", help=f"write the figures to benchmarks/{PATH.name}")
    given = parser.parse_args()
    absent = [tool for tool, found in TOOLS.items() if not found()]
    if unknown := set(given.names) - {one.name for one in BENCHMARKS}:
        parser.error(f"no benchmark of these is called {', '.join(sorted(unknown))}")
    if given.keep and (given.names or absent):
        parser.error("--keep needs all benchmarks" + "".join(f", and {tool} is missing" for tool in absent))
    out, began = Console(width=140, soft_wrap=True), time.monotonic()
    try:
        kept = known(PATH, is_renewed=given.keep)
    except KeptFiguresError as error:
        raise SystemExit(str(error)) from error
    runs = run_all(given.names, absent, out)
    verdict = compared(runs, kept, given, absent, out)
    out.print(f"in {time.monotonic() - began:.0f} s")
    if given.keep and not runs.failed:
        write_kept(PATH, runs.kept())
        raise SystemExit(0)
    raise SystemExit(verdict.exit_code)


if __name__ == "__main__":
    main()
