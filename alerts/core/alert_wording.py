"""What an alert is about, as listings show it: `7 days before`, `on the day`, `6 days overdue`."""

from __future__ import annotations

from datetime import datetime

from alerts.core.commitments import Commitment
from alerts.core.reminders import Kind
from alerts.core.stage_wording import describe_past
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.durations import parse_lead

KIND_TEXTS: dict[Kind, str] = {
    "before": "ahead of time",
    "on_the_day": "on the day",
    "opens": "when it opens",
    "overdue": "overdue",
    "review": "status review",
    "moved": "moved",
    "closed": "closed",
    "reopened": "reopened",
    "unanswered": "unanswered",
}


def describe_alert(
    about: Commitment, kind: Kind, offset: str | None, bounds: Bounds | None, *, at: datetime, zone: str
) -> str:
    """Return what an alert that goes out at a time says. Days overdue are counted up to that time.

    What only ends or takes place owes nothing: it has expired, or was some days ago. Without `bounds` days are left
    out: those that the alert was about are not known any more.
    """
    if kind == "before" and offset:
        return f"{parse_lead(offset).to_text} before"
    if kind == "overdue" and bounds is not None and bounds.last is not None:
        return describe_past(about.kind, bounds, at, zone)
    return KIND_TEXTS[kind]
