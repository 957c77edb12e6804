"""What a load changes, commitment by commitment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.core.changes import Report
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.moved_bounds import describe_move


def changes_of_load(report: Report, missing: Mapping[str, Sequence[str]]) -> list[tuple[str, str, str]]:
    """Return a row for each commitment that would change: its key, what happens to it, and how."""
    rows = [(key, "new", describe_bounds(report.planned_state[key].bounds)) for key in report.new]
    rows += [(key, "changed", ", ".join(report.fields[key])) for key in report.edited]
    for verb, moves in (("moved", report.moved), ("follows", report.moved_dependants)):
        for move in moves:
            others = ", ".join(name for name in report.fields.get(move.key, ()) if name != "deadline")
            moved = describe_move(move.before, move.after) + (f" (also {others})" if others else "")
            rows.append((move.key, verb, moved))
    rows += [(key, "reopened", "closed, but listed again") for key in report.reopened]
    rows += [(one.key, "conflict", "moved by hand since it was loaded") for one in report.conflicts]
    rows += [(key, "missing", f"no longer in {path}") for path, keys in missing.items() for key in keys]
    return rows
