"""Which bounds of a commitment or an occurrence were known when, from its revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.moved_bounds import with_recurrence
from alerts.deadlines.series_bounds import occurrence_bounds


@dataclass(frozen=True, slots=True)
class Span:
    """Bounds, and the time for which they were known.

    `versions` are their versions in that time. The version of an occurrence also rises with each move of the series.
    """

    bounds: Bounds
    versions: range
    known_from: datetime
    known_to: datetime | None = None
    moved_to: Bounds | None = None


def counted_from(bounds: Bounds, revision: Revision) -> Bounds:
    """Return the bounds of a series after a closing, or a reopening, from which its next occurrence counts."""
    recurs = bounds.recurrence
    if isinstance(recurs, DoneSeries) and revision.what == "closed":
        return with_recurrence(bounds, recurs.done_at(revision.recorded_at))
    if isinstance(recurs, DoneSeries) and revision.what == "reopened" and recurs.last_done:
        return with_recurrence(bounds, recurs.reopened())
    return bounds


def spans(tracked: Tracked, history: Sequence[Revision]) -> list[Span]:
    """Return which bounds were known when; for an occurrence, its own."""
    found: list[Span] = []
    alone = False  # an occurrence that was moved by itself stays where it is when the series moves
    ahead = 0  # each reopening of the occurrence by itself puts its version ahead of the series
    whole: Bounds | None = None  # of what counts from when it was last done: with the closings up to here
    version = 1
    for revision in history:
        after = _bounds_after(revision, tracked.occurrence)
        if revision.after is not None and not revision.occurrence:
            whole, version = revision.after, revision.bounds_version
        elif whole is not None and revision.occurrence:
            whole = counted_from(whole, revision)
            after = after or _following(whole, revision, tracked.occurrence)
        ahead += revision.what == "reopened" and revision.occurrence != ""
        if found and (revision.after is not None or revision.what == "reopened"):
            span = found[-1]
            stop = max(span.versions.stop, revision.bounds_version + 1 + ahead)
            found[-1] = replace(span, versions=range(span.versions.start, stop))
        if after is None:
            alone = alone and (revision.occurrence != "" or revision.after is None)
            continue
        alone = alone or revision.occurrence != ""
        if found and ((alone and not revision.occurrence) or found[-1].bounds.fingerprint == after.fingerprint):
            continue
        first = revision.bounds_version if revision.after is not None else version
        if found:
            known = range(found[-1].versions.start, first)
            found[-1] = replace(found[-1], versions=known, known_to=revision.recorded_at, moved_to=after)
        found.append(Span(after, range(first, first + 1), revision.recorded_at))
    return found


def _bounds_after(revision: Revision, name: str) -> Bounds | None:
    if revision.after is None or revision.occurrence not in ("", name):
        return None
    if not name or revision.occurrence:
        return None if name == "" and revision.after.recurrence else revision.after
    try:
        return occurrence_bounds(revision.after, name) if revision.after.recurrence else None
    except InputError:
        return None


def _following(whole: Bounds, revision: Revision, name: str) -> Bounds | None:
    """Return the bounds of an occurrence that follows a closing; None for another revision."""
    recurs = whole.recurrence
    if isinstance(recurs, DoneSeries) and revision.what == "closed" and recurs.open_name == name:
        return occurrence_bounds(whole, name)
    return None
