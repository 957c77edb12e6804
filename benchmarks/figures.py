"""The figures that a benchmark gives to `python -m benchmarks`, apart from the table that it prints."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

VARIABLE = "BENCHMARK_FIGURES"  # names the file for them


class Unit(StrEnum):
    """What a figure counts. CPU and time depend on the machine, so they are divided by its calibration."""

    CPU = "s of CPU"
    TIME = "s"
    MEGABYTES = "MB"
    COUNT = "count"
    RATIO = "×"

    @property
    def is_calibrated(self) -> bool:
        return self in {Unit.CPU, Unit.TIME}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure. A noisy one is shown, and not compared: it swings by more than what would be named."""

    name: str
    value: float
    unit: Unit = Unit.CPU
    lower_is_better: bool = True
    noisy: bool = False


FIGURES = TypeAdapter(list[Figure])


def give(figures: Iterable[Figure]) -> None:
    """Hand over the figures of a run that went to its end, or of a part of it; nobody may have asked for them."""
    if name := os.environ.get(VARIABLE):
        path = Path(name)
        path.write_bytes(FIGURES.dump_json([*taken(path), *figures]))


def taken(path: Path) -> list[Figure]:
    """Return the figures that were handed over there; none where the run did not come to its end."""
    return FIGURES.validate_json(path.read_bytes()) if path.exists() else []
