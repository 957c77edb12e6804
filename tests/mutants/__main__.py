"""Takes guards out of the product, one at a time, and shows that a test turns red for each: `make mutants`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.mutants.checkout import copy, without
from tests.mutants.guards import GUARDS, Guard

AT_ONCE = 2
PATIENCE = 120.0  # seconds that the few tests of a guard may take
ALL_PATIENCE = 600.0  # and all of them, with nothing taken out
BROKEN = re.compile(r"(\w+\.)*(ImportError|ModuleNotFoundError|NameError|SyntaxError|CompileError)\b")


@dataclass(frozen=True, slots=True)
class Run:
    """How tests went: pytest's exit code, the first that failed, what it said, and how long it all took."""

    code: int
    failed: str
    said: str
    seconds: float

    @property
    def caught(self) -> bool:
        """Whether a test turned red, and not merely because the mutated code cannot be run."""
        return self.code == 1 and bool(self.failed) and not BROKEN.match(self.said)


def run(folder: Path, tests: Sequence[str], patience: float = PATIENCE) -> Run:
    """Run some tests in a copy of the checkout, up to the first that fails."""
    report = folder / "report.xml"
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    began = time.monotonic()
    try:
        done = subprocess.run(
            [*words, f"--basetemp={folder / 'tmp'}", *(f"tests/{test}" for test in tests)],
            cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False,
            timeout=patience,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Run(-1, "", f"hung for {patience:g} s", patience)
    seconds = time.monotonic() - began
    failures = ElementTree.parse(report).iterfind(".//testcase") if report.exists() else ()
    for case in failures:
        if (failure := case.find("failure")) is not None:
            return Run(done.returncode, case.get("name", ""), failure.get("message", ""), seconds)
    return Run(done.returncode, "", (done.stdout + done.stderr)[-3000:], seconds)


def take_out(guard: Guard) -> Run:
    """Run the tests that should notice without the guard."""
    with tempfile.TemporaryDirectory(prefix="alerts-mutant-", dir="/tmp") as folder:
        return run(copy(Path(folder), guard), guard.tests.split())


def main(wanted: Sequence[str]) -> int:
    """Take out all guards, or those whose names hold one of the words; 1 where one is not missed."""
    console = Console(width=None if sys.stdout.isatty() else 240, highlight=False)
    guards = [one for one in GUARDS if not wanted or any(word in one.name for word in wanted)]
    if not guards:
        console.print(f"no guard has {' or '.join(wanted)} in its name", markup=False)
        return 1
    try:
        for guard in guards:
            without(guard)
    except ValueError as error:
        console.print(str(error), markup=False)
        return 1
    tests = list(dict.fromkeys(test for one in guards for test in one.tests.split()))
    with tempfile.TemporaryDirectory(prefix="alerts-mutant-", dir="/tmp") as folder:
        whole = run(copy(Path(folder)), tests, ALL_PATIENCE)
    if whole.code:
        console.print(f"the tests fail with nothing taken out: {whole.failed} {whole.said}", markup=False)
        return 1
    console.print(f"{len(tests)} tests pass with nothing taken out ({whole.seconds:.0f} s); now without each guard")
    table = Table("guard", "file", "tests", "caught by", "s", box=box.SIMPLE_HEAD)
    began, survived = time.monotonic(), 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for guard, found in zip(guards, pool.map(take_out, guards), strict=True):
            files = dict.fromkeys(test.partition("::")[0] for test in guard.tests.split())
            missed = Text(found.failed.partition("[")[0]) if found.caught else Text("NOT MISSED", "bold red")
            table.add_row(guard.name, guard.file, " ".join(files), missed, f"{found.seconds:.0f}")
            if not found.caught:
                survived += 1
                console.print(f"NOT MISSED: {guard.name}: pytest ended with {found.code}: {found.said}", markup=False)
    console.print(table)
    console.print(f"{len(guards)} guards, {survived} not missed, {time.monotonic() - began:.0f} s")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
