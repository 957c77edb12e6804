"""The table that `make faults` ends with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.plays import Tally

HEADINGS = (
    "database",
    "scene",
    "boundaries",
    "plays",
    "kills",
    "lost",
    "repeats",
    "bound",
    "at most in one",
    "seconds",
)


@dataclass
class Report:
    """What was counted: kills by scene, and lines about the chaos."""

    tallies: list[Tally] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[str]:
        if self.tallies:
            shape = "{:<11} {:<22} {:>10} {:>6} {:>6} {:>6} {:>5} {:>8} {:>7} {:>6} {:>8}"
            yield shape.format(*HEADINGS)
            for one in self.tallies:
                yield shape.format(
                    one.database, one.scene, one.boundaries, one.plays, one.kills, len(one.kinds), one.lost, one.repeats, one.bound,
                    one.worst, f"{one.seconds:.0f}",
                )  # fmt: skip
        yield from self.lines


REPORT = Report()
