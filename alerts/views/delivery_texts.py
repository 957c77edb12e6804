"""What is said of a delivery with its alert: that it did not wait for office hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.views.shown_times import shown


def before_hours(row: Mapping[str, Any], zone: str) -> str:
    """Return that it goes out before the office hours of its recipient, and why; empty where it did not."""
    begin, ended = row["hours_begin"], row["ended_at"]
    if begin is None or (ended is not None and ended >= begin):
        return ""
    return f"before office hours begin {shown(begin, zone)}, as the deadline passes before then"
