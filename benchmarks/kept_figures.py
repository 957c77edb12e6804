"""The figures of an earlier commit, as `benchmarks/figures.json` keeps them: one a line, sorted by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from benchmarks.figures import Figure, Unit

AGAIN = "put back the file of the last commit, or measure anew with `python -m benchmarks --keep`"


class KeptFiguresError(Exception):
    """The kept figures cannot be read; the text says where and what to do."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure as it is compared (`ratio`: divided by the calibration where its unit is), and as it was measured."""

    ratio: float
    value: float
    unit: Unit
    lower_is_better: bool = True
    noisy: bool = False

    @classmethod
    def of(cls, figure: Figure, calibration: float) -> Measured:
        """Divide a figure by the seconds of the calibration around it."""
        ratio = figure.value / calibration if figure.unit.is_calibrated else figure.value
        return cls(ratio, figure.value, figure.unit, figure.lower_is_better, figure.noisy)

    def better_of(self, other: Measured) -> Measured:
        """Return the better of two runs: what else the machine does makes a run worse, and never better."""
        return min(self, other, key=lambda one: one.ratio if one.lower_is_better else -one.ratio)


@dataclass(frozen=True, slots=True)
class KeptFigures:
    """Figures by name, with the commit and the day on which they were measured."""

    commit: str
    date: str
    python: str
    calibration: float  # CPU seconds, the median of all
    figures: Mapping[str, Measured]


def read_kept(path: Path) -> KeptFigures:
    """Read kept figures. Raises KeptFiguresError."""
    try:
        return TypeAdapter(KeptFigures).validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise KeptFiguresError(f"{path} cannot be read ({error.strerror}): {AGAIN}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = " → ".join(map(str, first["loc"]))
        raise KeptFiguresError(f"{path}: {place and place + ': '}{first['msg']}; {AGAIN}") from error


def write_kept(path: Path, kept: KeptFigures) -> None:
    """Write figures so that a comparison of two versions shows a line for each that has changed."""
    head = {name: value for name, value in asdict(kept).items() if name != "figures"}
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    rows = [
        f"    {json.dumps(name, ensure_ascii=False)}: {json.dumps(_rounded(one), ensure_ascii=False)}"
        for name, one in sorted(kept.figures.items())
    ]
    path.write_text("\n".join(["{", *lines, '  "figures": {', ",\n".join(rows), "  }", "}", ""]), encoding="utf-8")


def _rounded(one: Measured) -> dict[str, object]:
    """Return the fields of a figure; a flag that is as for most figures says nothing."""
    flags = {"lower_is_better": False} if not one.lower_is_better else {}
    flags |= {"noisy": True} if one.noisy else {}
    return {"ratio": float(f"{one.ratio:.4g}"), "value": float(f"{one.value:.4g}"), "unit": one.unit} | flags
