"""Runs the benchmarks in a short form, and compares their figures with those of an earlier commit.

`make bench` prints a table; exit code 1 if a figure got worse by more than 15 %, or is missing. CPU and time are
divided by the CPU of a fixed piece of work on this machine, measured right before and right after. What seems to be
worse is measured once more at the end. NAMES runs only these benchmarks. `--keep` makes the figures of this run those
to compare with. Ctrl-C ends it with exit code 130, and compares nothing.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks.comparison import Verdict, benchmark_of, compare, table
from benchmarks.kept_figures import KeptFigures, KeptFiguresError, read_kept, write_kept
from benchmarks.peers import PROGRAM
from benchmarks.runs import Benchmark, Runs, run_all
from tests import postgres

PATH = Path(__file__).with_name("figures.json")
MOST_COLUMNS = 140  # of a terminal, and where there is none, as in a file
INTERRUPTED = 130
TOOLS: dict[str, Callable[[], object]] = {  # what some figures need, by what stands in their names
    "PostgreSQL": postgres.binaries,
    "Alertmanager": lambda: shutil.which(PROGRAM),
}

BENCHMARKS = (  # ten minutes at most, on two idle cores
    Benchmark("command_starts", "--rounds 5", rounds=2),
    Benchmark("idle_tick", "--large 5000", rounds=2),
    Benchmark("loads", "--count 2000 --large 0", rounds=2),
    Benchmark("million", "--loaded 2000 --copies 25", rounds=2),
    Benchmark("listings", "--commitments 2000", rounds=2),
    Benchmark("site_pages", "--commitments 2000 --deliveries 5000", rounds=2),
    Benchmark("write_transactions", "--watches 2000 --dependants 500", rounds=3),
    Benchmark("deliveries", "--count 500"),
    Benchmark("peers", "--count 500", rounds=2),
    Benchmark("waits", "--large 3000 --due 300"),
    Benchmark("replicas", "--replicas 1 4 --each 100", needs="PostgreSQL"),
)


def kept_of(runs: Runs) -> KeptFigures:
    """Return all that is kept of a run."""
    describe = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(describe, check=False, cwd=PATH.parent, capture_output=True, text=True).stdout
    return KeptFigures(
        commit=commit.strip() or "unknown",
        date=datetime.now(UTC).date().isoformat(),
        python=platform.python_version(),
        calibration=round(statistics.median(runs.calibrations), 4),
        figures=runs.figures,
    )


def known(path: Path, *, is_renewed: bool) -> KeptFigures:
    """Return the kept figures; none where they are renewed and cannot be read. Raises KeptFiguresError."""
    try:
        return read_kept(path)
    except KeptFiguresError:
        if not is_renewed:
            raise
        return KeptFigures("none", "", "", 0.0, {})


def compared(runs: Runs, kept: KeptFigures, given: argparse.Namespace, absent: Sequence[str], out: Console) -> Verdict:
    """Print the table and what follows from it."""
    wanted = {name: one for name, one in kept.figures.items() if not given.names or benchmark_of(name) in given.names}
    verdict, new = Verdict(compare(runs.figures, wanted), absent, sorted(runs.failed)), kept_of(runs)
    out.print(table(verdict, f"compared with {kept.commit} ({kept.date})"))
    for at, one in (("here", new), ("kept", kept)):
        out.print(
            f"{at}: commit {one.commit}, Python {one.python}, the calibration takes {one.calibration:.3f} s of CPU"
        )
    for line in [
        *(f"an aim of its own is missed, see its table: {one}" for one in sorted(runs.missed)),
        *verdict.lines(),
    ]:
        out.print(line)
    return verdict


def console() -> Console:
    """Return a console as wide as the terminal, so that no line of the table is broken."""
    return Console(width=min(shutil.get_terminal_size((MOST_COLUMNS, 0)).columns, MOST_COLUMNS), soft_wrap=True)


def benched(given: argparse.Namespace, absent: Sequence[str], kept: KeptFigures, out: Console) -> int:
    """Run and compare; return the exit code."""
    began = time.monotonic()
    named = [one for one in BENCHMARKS if one.name in (given.names or [one.name])]
    chosen = [one for one in named if one.needs not in absent]
    for tool in absent:
        without = ", ".join(one.name for one in named if one.needs == tool)
        out.print(f"[red]{tool} is not installed: what needs it is left out{f' ({without} whole)' * bool(without)}[/]")
    runs = Runs()
    run_all(runs, chosen, kept.figures, out)
    verdict = compared(runs, kept, given, absent, out)
    out.print(f"in {time.monotonic() - began:.0f} s")
    if given.keep and not runs.failed:
        write_kept(PATH, kept_of(runs))
        return 0
    return verdict.exit_code


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAMES", help=", ".join(one.name for one in BENCHMARKS))
    parser.add_argument("--keep", action="store_true", help=f"write the figures to benchmarks/{PATH.name}")
    given = parser.parse_args()
    absent = [tool for tool, found in TOOLS.items() if not found()]
    if unknown := set(given.names) - {one.name for one in BENCHMARKS}:
        known_names = ", ".join(one.name for one in BENCHMARKS)
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {known_names}")
    if given.keep and (given.names or absent):
        parser.error("--keep needs all benchmarks" + "".join(f", and {tool} is missing" for tool in absent))
    try:
        kept, out = known(PATH, is_renewed=given.keep), console()
        raise SystemExit(benched(given, absent, kept, out))
    except KeptFiguresError as error:
        raise SystemExit(str(error)) from error
    except KeyboardInterrupt:
        out.print("[red]interrupted: nothing is compared, and nothing is kept[/]")
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
