"""The table that `make faults` ends with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.plays import Tally

SHAPE = "{:<11} {:<28} {:>10} {:>6} {:>6} {:>6} {:>5} {:>8} {:>7} {:>6} {:>8}"
HEADINGS = "database|scene|boundaries|plays|kills|kinds|lost|repeats|bound|worst|seconds".split("|")


@dataclass
class Report:
    """What was counted: kills by scene, and lines about the chaos."""

    tallies: list[Tally] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[str]:
        if self.tallies:
            yield SHAPE.format(*HEADINGS)
        for one in self.tallies:
            kills = (one.boundaries, one.plays, one.kills, len(one.kinds))
            ends = (one.lost, one.repeats, one.bound, one.worst, f"{one.seconds:.0f}")
            yield SHAPE.format(one.database, one.scene, *kills, *ends)
        yield from self.lines


REPORT = Report()
