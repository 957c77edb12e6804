"""A delivery with its alert, as JSON has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.cli.output import as_rfc3339


def delivery_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a delivery of an alert as JSON has it."""
    times = {name: as_rfc3339(row[name]) for name in ("ended_at", "hours_begin")}
    return {**row, "id": str(row["id"]), **times}
