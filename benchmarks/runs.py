"""Runs benchmarks, each in a process of its own, and keeps the better of each of their figures."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.calibration import calibrate
from benchmarks.comparison import compare, to_repeat
from benchmarks.figures import VARIABLE, Figure, taken
from benchmarks.kept_figures import Measured

CALIBRATIONS = 3  # before and after each run
STOPS_WITHIN = 60  # seconds


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package, its arguments for a short run, how often it runs, and a tool that all of it needs."""

    name: str
    arguments: str = ""
    rounds: int = 1
    needs: str = ""


def measured(one: Benchmark) -> tuple[list[Figure], bool]:
    """Run a benchmark; return its figures (none if it fails), and whether it met its aims.

    It runs in a session of its own, so Ctrl-C reaches it only from here: then it stops the servers that it has started.
    """
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "figures"
        line = [sys.executable, "-m", f"benchmarks.{one.name}", *one.arguments.split()]
        process, interrupted = _started(line, os.environ | {VARIABLE: str(path)})
        with process:
            try:
                if interrupted:
                    raise KeyboardInterrupt
                status = process.wait()
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
                process.wait(STOPS_WITHIN)
                raise
        return taken(path), status == 0


def _started(line: Sequence[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], bool]:
    """Start a program; return it, and whether Ctrl-C was pressed meanwhile: raised there, nothing would stop it."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        return subprocess.Popen(line, env=env, start_new_session=True), bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


class Runs:
    """What the benchmarks of a run found.

    `failed` are those that gave no figures. `missed` are those with aims of which no round met all.
    """

    def __init__(
        self,
        measure: Callable[[Benchmark], tuple[list[Figure], bool]] = measured,
        times: Callable[[int], list[float]] = calibrate,
    ) -> None:
        self._measure, self._times = measure, times
        self._met: set[str] = set()
        self.ran: set[str] = set()
        self.figures: dict[str, Measured] = {}
        self.failed: set[str] = set()
        self.calibrations = times(CALIBRATIONS)

    def add(self, one: Benchmark, rounds: int) -> None:
        """Run a benchmark, each time between two calibrations, and keep the better of each of its figures."""
        for _ in range(rounds):
            before = self.calibrations[-CALIBRATIONS:]
            given, aims_met = self._measure(one)
            self.calibrations += self._times(CALIBRATIONS)
            calibration = statistics.median(before + self.calibrations[-CALIBRATIONS:])
            for figure in given:
                name, found = f"{one.name}: {figure.name}", Measured.of(figure, calibration)
                self.figures[name] = found.better_of(self.figures.get(name, found))
            self.ran.add(one.name)
            if not given:
                self.failed.add(one.name)
            if aims_met:
                self._met.add(one.name)

    @property
    def missed(self) -> set[str]:
        return self.ran - self._met - self.failed


def run_all(runs: Runs, chosen: Sequence[Benchmark], kept: Mapping[str, Measured], out: Console) -> None:
    """Run benchmarks, then once more those with a figure that seems to be worse: other work may have caused it."""
    for number, one in enumerate(chosen, 1):
        out.rule(f"{number} of {len(chosen)}: {one.name} {one.arguments}")
        runs.add(one, one.rounds)
    again = to_repeat(compare(runs.figures, kept))
    for one in chosen:
        if one.name in again:
            out.rule(f"once more, as a figure seems to be worse: {one.name} {one.arguments}")
            runs.add(one, 1)
