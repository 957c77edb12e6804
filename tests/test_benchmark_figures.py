"""What `make bench` compares, and what it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.comparison import Verdict, compare
from benchmarks.figures import VARIABLE, Figure, Unit, give, taken
from benchmarks.kept_figures import KeptFigures, KeptFiguresError, Measured, read_kept, write_kept


def verdict(here: dict[str, Figure], kept: dict[str, Figure], *absent: str, calibration: float = 1.0) -> Verdict:
    """Compare figures of a machine with those of one whose calibration takes a second."""
    rows = compare(
        {name: Measured.of(one, calibration) for name, one in here.items()},
        {name: Measured.of(one, 1.0) for name, one in kept.items()},
    )
    return Verdict(rows, absent)


def one(value: float, unit: Unit = Unit.CPU, **how: bool) -> dict[str, Figure]:
    return {"load": Figure("load", value, unit, **how)}


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
    assert "[red]NOT compared, its tool is missing: mail, PostgreSQL[/]" in found.lines()


def test_what_is_new_is_named():
    found = verdict(one(1.0), {})
    assert found.exit_code == 0
    assert "new, not kept yet: load" in found.lines()


def test_a_benchmark_that_did_not_end_is_named_and_fails():
    found = Verdict([], failed=["peers"])
    assert found.exit_code == 1
    assert "[red]failed: peers[/]" in found.lines()


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
    give(figures)
    assert taken(tmp_path / "figures") == figures
