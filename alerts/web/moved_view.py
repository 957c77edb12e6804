"""What a new date would mean, as the preview of a move shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.core.changes import Move, Report
from alerts.rendering.fact_parts import Window
from alerts.rendering.reminder_facts import window_of
from alerts.rendering.template_filters import clean, flat


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedWindow:
    """A commitment that would move: from one window to another. `own`: the one that is moved; others follow it."""

    key: str
    own: bool
    before: Window
    after: Window


def moved_windows(report: Report, now: datetime) -> list[MovedWindow]:
    """Return all that would move, what is moved itself first."""
    own = [_moved(one, now, own=True) for one in report.moved]
    return own + [_moved(one, now, own=False) for one in report.moved_dependants]


def _moved(move: Move, now: datetime, *, own: bool) -> MovedWindow:
    return MovedWindow(
        key=flat(clean(move.key)),
        own=own,
        before=window_of(move.before, now),
        after=window_of(move.after, now),
    )
