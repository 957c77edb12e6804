"""What is said of a delivery: what it carries, and that it did not wait for office hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from alerts.core.alert_wording import KIND_TEXTS
from alerts.core.deliveries import OPEN
from alerts.core.reminders import Kind
from alerts.views.shown_times import shown


def before_hours(row: Mapping[str, Any], zone: str) -> str:
    """Return that it goes out before the office hours of its recipient, and why; empty where it did not."""
    begin, ended = row["hours_begin"], row["ended_at"]
    if begin is None or (ended is not None and ended >= begin):
        return ""
    return f"before office hours begin {shown(begin, zone)}, as the deadline passes before then"


def carried_text(row: Mapping[str, Any], zone: str, now: datetime) -> str:
    """Return what a delivery carries, with its fallback, snooze and last error."""
    carries = [_alert_text(one) for one in row["carries"]] if not row["event"] else []
    what = ", ".join(carries[:3]) + (f" and {len(carries) - 3} more" if len(carries) > 3 else "")
    if row["event"]:
        what = f"event: {row['event']['key']} {row['event']['name']}"
    if row["notice"] and row["notice"].get("restored"):
        what = "notice that the database was restored"
    elif row["notice"] and row["notice"].get("changed_address"):
        what = "notice to the old address of somebody"
    elif row["notice"]:
        count = len(row["notice"]["troubles"]) + row["notice"]["more"]
        what = f"notice about {count} failed {'delivery' if count == 1 else 'deliveries'}"
    if row["summary"]:
        what = f"summary of rule {row['summary']['rule']['name']}"
    if row["fallback_for"]:
        what += f" (fallback for {row['fallback_for']['channel']})"
    if row["held_until"] and row["state"] in OPEN and row["held_until"] > now:
        what += f" (snoozed until {shown(row['held_until'], zone)})"
    if row["last_error"]:
        what += f" – {row['last_error']}"
    return what


def _alert_text(carried: str) -> str:
    """Return what an alert is about: `summit on_the_day` becomes `summit: on the day`."""
    key, _, kind = carried.rpartition(" ")
    return f"{key}: {KIND_TEXTS[cast('Kind', kind)]}"
