"""What `make bench` compares, and what it names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.comparison import Verdict, compare, table
from benchmarks.figures import VARIABLE, Figure, Unit, give, taken
from benchmarks.kept_figures import KeptFigures, KeptFiguresError, Measured, read_kept, write_kept
from benchmarks.runs import Benchmark, Runs, measured, run_all

ROOT = Path(__file__).parent.parent


def verdict(here: dict[str, Figure], kept: dict[str, Figure], *absent: str, calibration: float = 1.0) -> Verdict:
    """Compare figures of a machine with those of one whose calibration takes a second."""
    rows = compare(
        {name: Measured.of(one, calibration) for name, one in here.items()},
        {name: Measured.of(one, 1.0) for name, one in kept.items()},
    )
    return Verdict(rows, absent)


def one(value: float, unit: Unit = Unit.CPU, **how: bool) -> dict[str, Figure]:
    return {"load": Figure("load", value, unit, **how)}


def shown(found: Verdict, width: int = 80) -> list[str]:
    """Return the lines of the table, without what holds its columns apart."""
    written = StringIO()
    Console(width=width, file=written).print(table(found, "compared"))
    return [" ".join(line.replace("│", " ").split()) for line in written.getvalue().splitlines()]


def played(rounds: dict[str, list[float]], kept: dict[str, float]) -> tuple[Runs, list[str]]:
    """Run benchmarks of two rounds that find these values in turn; return also in which order they ran."""
    order: list[str] = []

    def measure(one: Benchmark) -> tuple[list[Figure], bool]:
        order.append(one.name)
        value = rounds[one.name][order.count(one.name) - 1]
        return ([Figure("tick", value)] if value else []), value < 2.0

    runs = Runs(measure, lambda times: [1.0] * times)
    chosen = [Benchmark(name, rounds=2) for name in rounds]
    run_all(
        runs, chosen, {f"{name}: tick": Measured(one, one, Unit.CPU) for name, one in kept.items()}, Console(quiet=True)
    )
    return runs, order


@pytest.mark.parametrize(
    ("here", "kept", "lower_is_better", "is_worse"),
    [
        (1.16, 1.0, True, True),
        (1.14, 1.0, True, False),
        (0.50, 1.0, True, False),
        (0.84, 1.0, False, True),
        (0.86, 1.0, False, False),
        (2.00, 1.0, False, False),
        (1, 0, True, True),  # a deadlock where there was none
        (0, 0, True, False),
    ],
)
def test_what_is_worse_by_more_than_15_percent_is_named_and_fails(here, kept, lower_is_better, is_worse):
    found = verdict(one(here, lower_is_better=lower_is_better), one(kept, lower_is_better=lower_is_better))
    assert found.exit_code == is_worse
    assert any("worse by" in line and line.endswith(": load[/]") for line in found.lines()) == is_worse


def test_a_figure_that_swings_is_shown_and_not_compared():
    found = verdict(one(9.0, Unit.TIME, noisy=True), one(1.0, Unit.TIME, noisy=True))
    assert found.exit_code == 0
    assert found.lines() == ["0 figures compared, 0 worse by more than 15%; 1 are too noisy"]


def test_the_time_of_a_slower_machine_is_not_worse_and_its_memory_is():
    assert verdict(one(2.0), one(1.0), calibration=2.0).exit_code == 0
    assert verdict(one(2.0, Unit.MEGABYTES), one(1.0, Unit.MEGABYTES), calibration=2.0).exit_code == 1


def test_what_is_missing_is_named_and_fails():
    found = verdict({}, one(1.0))
    assert found.exit_code == 1
    assert "[red]missing, kept but not measured: load[/]" in found.lines()


def test_what_needs_a_missing_tool_is_named_and_neither_fails_nor_counts_as_compared():
    kept = one(1.0) | {"mail, PostgreSQL": Figure("mail, PostgreSQL", 1.0)}
    found = verdict(one(1.0), kept, "PostgreSQL")
    assert found.exit_code == 0
    assert found.lines()[0].startswith("1 figures compared")
    assert "[red]NOT compared, as PostgreSQL is missing: 1 figures[/]" in found.lines()
    assert [cell for cell in shown(found) if "left out" in cell] == ["mail, PostgreSQL 1 left out"]


def test_what_is_new_is_named():
    found = verdict(one(1.0), {})
    assert found.exit_code == 0
    assert "new, not kept yet: load" in found.lines()


def test_a_benchmark_that_did_not_end_is_named_and_fails():
    found = Verdict([], failed=["peers"])
    assert found.exit_code == 1
    assert "[red]failed: peers[/]" in found.lines()


def test_what_seems_to_be_worse_is_measured_once_more_after_all_others_and_then_named():
    runs, order = played({"load": [1.5, 1.3, 1.1], "tick": [1.0, 1.0], "page": [1.2, 1.2, 1.3]}, dict.fromkeys(
        ("load", "tick", "page"), 1.0
    ))  # fmt: skip
    assert order == ["load", "load", "tick", "tick", "page", "page", "load", "page"]
    assert {name: one.ratio for name, one in runs.figures.items()} == {
        "load: tick": 1.1, "tick: tick": 1.0, "page: tick": 1.2,
    }  # fmt: skip
    kept = {name: Measured(1.0, 1.0, Unit.CPU) for name in runs.figures}
    assert [row.name for row in Verdict(compare(runs.figures, kept)).worse] == ["page: tick"]


def test_what_is_noisy_or_new_is_not_measured_once_more():
    assert played({"load": [9.0, 9.0]}, {})[1] == ["load", "load"]


def test_a_benchmark_that_ends_in_one_of_its_rounds_only_has_failed():
    runs, _ = played({"load": [1.0, 0.0]}, {"load": 1.0})
    assert runs.failed == {"load"}
    assert runs.figures["load: tick"].ratio == 1.0


def test_an_aim_is_missed_where_no_round_met_it():
    runs, _ = played({"load": [2.5, 1.0], "page": [2.5, 3.0]}, {})
    assert runs.missed == {"page"}


@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_shows_names_and_figures_whole_at_each_width(width):
    name = "write_transactions: plan them: half in one digest, half in 1,000 deliveries, PostgreSQL"
    found = verdict({name: Figure(name, 1.2)}, {name: Figure(name, 1.0)})
    lines = shown(found, width)
    assert max(map(len, lines)) <= width
    row = " ".join(line for line in lines if line.startswith(("write", "half", "1,000", "deliveries", "Postgre")))
    assert "1.2 s of CPU 1.2 1 +20%" in row
    assert name.replace(" ", "") in row.replace("1.2 s of CPU 1.2 1 +20%", "").replace(" ", "")


def test_ctrl_c_says_that_nothing_is_compared_once_the_benchmark_has_stopped(tmp_path: Path):
    line = [sys.executable, "-m", "benchmarks", "listings"]
    env = os.environ | {"TMPDIR": str(tmp_path), "COLUMNS": "80"}
    with subprocess.Popen(line, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        next(line for line in process.stdout if "1 of 1: listings" in line)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert rest.splitlines()[-1] == "interrupted: nothing is compared, and nothing is kept"
    assert process.returncode == 130
    assert list(tmp_path.glob("tmp*")) == []


def test_ctrl_c_while_a_benchmark_is_started_stops_it(monkeypatch: pytest.MonkeyPatch):
    started: list[int] = []

    class Pressed(subprocess.Popen[bytes]):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            started.append(self.pid)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(subprocess, "Popen", Pressed)
    with pytest.raises(KeyboardInterrupt):
        measured(Benchmark("listings"))
    assert len(started) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_the_better_of_two_runs_counts():
    runs = [Measured.of(Figure("load", value), 1.0) for value in (2.0, 1.0)]
    assert runs[0].better_of(runs[1]).ratio == 1.0
    runs = [Measured.of(Figure("x linear", value, Unit.RATIO, lower_is_better=False), 1.0) for value in (0.8, 0.9)]
    assert runs[0].better_of(runs[1]).ratio == 0.9


def test_kept_figures_are_sorted_one_a_line_and_read_back(tmp_path: Path):
    figures = {
        "tick": Measured(0.25, 0.05, Unit.CPU),
        "load": Measured(50.0, 50.0, Unit.MEGABYTES, lower_is_better=True, noisy=True),
    }
    kept = KeptFigures("abc1234", "2025-11-09", "3.11.7", 0.2, figures)
    write_kept(tmp_path / "figures.json", kept)
    assert read_kept(tmp_path / "figures.json") == kept
    lines = (tmp_path / "figures.json").read_text().splitlines()
    assert [line.split('"')[1] for line in lines if '"ratio"' in line] == ["load", "tick"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "EOF"),
        ('{"commit": "abc1234"}', "date: Field required"),
        (
            '{"commit": "a", "date": "b", "python": "c", "calibration": 1.0, "figures": {"load": {"ratio": "much"}}}',
            "figures → load → ratio: Input should be a valid number",
        ),
    ],
)
def test_broken_kept_figures_are_an_error_in_words(tmp_path: Path, text: str, problem: str):
    path = tmp_path / "figures.json"
    path.write_text(text)
    with pytest.raises(KeptFiguresError) as caught:
        read_kept(path)
    assert str(path) in str(caught.value)
    assert problem in str(caught.value)
    assert str(caught.value).endswith("measure anew with `python -m benchmarks --keep`")


def test_kept_figures_that_are_not_there_are_an_error_in_words(tmp_path: Path):
    with pytest.raises(KeptFiguresError, match=r"figures\.json cannot be read \(No such file or directory\): put back"):
        read_kept(tmp_path / "figures.json")


def test_a_benchmark_gives_its_figures_only_where_they_are_asked_for(tmp_path: Path, monkeypatch):
    figures = [Figure("load", 1.5), Figure("deadlocks", 0, Unit.COUNT)]
    give(figures)
    assert taken(tmp_path / "figures") == []
    monkeypatch.setenv(VARIABLE, str(tmp_path / "figures"))
    give(figures[:1])
    give(figures[1:])
    assert taken(tmp_path / "figures") == figures
