"""Compares figures with kept ones, and says which got worse."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from benchmarks.figures import Unit
from benchmarks.kept_figures import Measured

WORSE_BY = 0.15


@dataclass(frozen=True, slots=True)
class Row:
    """A figure here and as it was kept; None where one of them is missing."""

    name: str
    here: Measured | None
    kept: Measured | None

    @property
    def change(self) -> float | None:
        """Return by which part of the kept one the figure has changed, above 0 where that is worse."""
        if self.here is None or self.kept is None:
            return None
        if self.kept.ratio == self.here.ratio:
            return 0.0
        part = (self.here.ratio - self.kept.ratio) / self.kept.ratio if self.kept.ratio else math.inf
        return part if self.here.lower_is_better else -part

    @property
    def is_compared(self) -> bool:
        return self.change is not None and not (self.here and self.here.noisy)

    @property
    def is_worse(self) -> bool:
        return self.is_compared and (self.change or 0.0) > WORSE_BY


@dataclass(frozen=True, slots=True)
class Verdict:
    """What there is to say about a run.

    Of kept figures that are not here, those that need an absent tool (its name stands in theirs) are counted, and have
    neither failed nor passed. `failed` are benchmarks that did not come to their end.
    """

    rows: Sequence[Row]
    absent: Sequence[str] = ()
    failed: Sequence[str] = ()

    @property
    def worse(self) -> list[Row]:
        return [row for row in self.rows if row.is_worse]

    @property
    def left_out(self) -> list[str]:
        return [row.name for row in self.rows if row.here is None and any(tool in row.name for tool in self.absent)]

    @property
    def missing(self) -> list[str]:
        return [row.name for row in self.rows if row.here is None and row.name not in self.left_out]

    @property
    def exit_code(self) -> int:
        return int(bool(self.worse or self.missing or self.failed))

    def _missed_tools(self) -> list[tuple[str, int]]:
        """Return each absent tool, and how many figures are left out for it."""
        counted = ((tool, sum(tool in name for name in self.left_out)) for tool in self.absent)
        return [(tool, number) for tool, number in counted if number]

    def lines(self) -> list[str]:
        """Return what is said below the table, the worst last."""
        new = [row.name for row in self.rows if row.kept is None]
        compared = sum(row.is_compared for row in self.rows)
        noisy = sum(row.here is not None and row.here.noisy for row in self.rows)
        return [
            f"{compared} figures compared, {len(self.worse)} worse by more than {WORSE_BY:.0%}; {noisy} are too noisy",
            *([f"new, not kept yet: {', '.join(new)}"] if new else []),
            *(f"[red]NOT compared, as {tool} is missing: {number} figures[/]" for tool, number in self._missed_tools()),
            *(f"[red]missing, kept but not measured: {name}[/]" for name in self.missing),
            *(f"[red]failed: {name}[/]" for name in self.failed),
            *(f"[red]worse by {row.change:.0%}: {row.name}[/]" for row in self.worse),
        ]


def compare(here: Mapping[str, Measured], kept: Mapping[str, Measured]) -> list[Row]:
    """Return a row for each figure that is here or was kept, sorted by name."""
    return [Row(name, here.get(name), kept.get(name)) for name in sorted(here.keys() | kept.keys())]


def benchmark_of(name: str) -> str:
    """Return which benchmark gave the figure of this name."""
    return name.partition(":")[0]


def to_repeat(rows: Sequence[Row]) -> set[str]:
    """Return the benchmarks to run once more: those with a figure that seems to be worse."""
    return {benchmark_of(row.name) for row in rows if row.is_worse}


def table(verdict: Verdict, title: str) -> Table:
    """Return a table of the rows."""
    caption = (
        "Compared: as measured, but CPU and time are divided by the calibration. "
        f"Red: worse by more than {WORSE_BY:.0%}. Noisy: shown, not compared"
    )
    found = Table(title=title, caption=caption)
    found.add_column("figure", overflow="fold")
    for heading in ("measured", "compared", "kept", "change"):
        found.add_column(heading, justify="right", no_wrap=True)
    for row in verdict.rows:
        found.add_row(row.name, *_cells(row, verdict.left_out), style="red" if row.is_worse else "")
    return found


def _cells(row: Row, left_out: Sequence[str]) -> tuple[str, ...]:
    ratios = [f"{one.ratio:.4g}" if one else "" for one in (row.here, row.kept)]
    change = row.change
    if row.here is None:
        text = "left out" if row.name in left_out else "[red]missing[/]"
    elif change is None:
        text = "new"
    else:
        signed = change if row.here.lower_is_better else -change
        text = f"{signed:+.0%}" + (" noisy" if row.here.noisy else "")
    return _absolute(row.here), *ratios, text


def _absolute(one: Measured | None) -> str:
    if one is None:
        return ""
    if one.unit.is_calibrated and one.value < 1:
        return f"{one.value * 1000:.3g} m{one.unit}"
    return f"{one.value:.3g} {'' if one.unit is Unit.COUNT else one.unit}".strip()
