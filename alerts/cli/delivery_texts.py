"""A delivery as commands show it with its alert: for machines, and that it did not wait for office hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.cli.output import as_rfc3339
from alerts.views.shown_times import shown


def delivery_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a delivery of an alert as JSON has it."""
    times = {name: as_rfc3339(row[name]) for name in ("ended_at", "hours_begin")}
    return {**row, "id": str(row["id"]), **times}


def before_hours(row: Mapping[str, Any], zone: str) -> str:
    """Return that it goes out before the office hours of its recipient, and why; empty where it did not."""
    begin, ended = row["hours_begin"], row["ended_at"]
    if begin is None or (ended is not None and ended >= begin):
        return ""
    return f"before office hours begin {shown(begin, zone)}, as the deadline passes before then"
