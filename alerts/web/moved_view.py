"""What a new date would mean, as the preview of a move shows it."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.core.changes import Move, Report
from alerts.rendering.fact_parts import Window
from alerts.rendering.reminder_facts import window_of
from alerts.rendering.template_filters import clean, flat
from alerts.web.opened_link import OpenedLink


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedWindow:
    """A commitment that would move: from one window to another. `own`: the one that is moved; others follow it."""

    key: str
    own: bool
    before: Window
    after: Window


def moved_windows(report: Report, opened: OpenedLink) -> list[MovedWindow]:
    """Return all that would move, what is moved itself first."""
    own = [_moved(one, opened, own=True) for one in report.moved]
    return own + [_moved(one, opened, own=False) for one in report.moved_dependants]


def _moved(move: Move, opened: OpenedLink, *, own: bool) -> MovedWindow:
    return MovedWindow(
        key=flat(clean(move.key)),
        own=own,
        before=window_of(move.before, opened.now),
        after=window_of(move.after, opened.now),
    )
