"""Deadlines as people state them, and the earliest and latest instants that they mean.

Pure, and usable by itself: `parse` reads a deadline, `resolve` returns its bounds (docs/deadlines-in-python.md).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alerts.deadlines.bounds import Bounds
    from alerts.deadlines.deadline_bounds import resolve
    from alerts.deadlines.errors import InputError
    from alerts.deadlines.expressions import references
    from alerts.deadlines.grammar import parse
    from alerts.deadlines.series_bounds import occurrence_bounds
    from alerts.deadlines.tokens import DeadlineError
    from alerts.deadlines.zone_choice import ZoneChoice

__all__ = [
    "Bounds",
    "DeadlineError",
    "InputError",
    "ZoneChoice",
    "occurrence_bounds",
    "parse",
    "references",
    "resolve",
]

_MODULES = {
    "Bounds": "bounds",
    "DeadlineError": "tokens",
    "InputError": "errors",
    "ZoneChoice": "zone_choice",
    "occurrence_bounds": "series_bounds",
    "parse": "grammar",
    "references": "expressions",
    "resolve": "deadline_bounds",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the holiday calendars are slow to import (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
