"""The history of a commitment as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from alerts.core.field_changes import FieldChange, field_changes
from alerts.core.notice_answers import answer_in
from alerts.core.tracked import Revision
from alerts.deadlines.bounds import describe_bounds
from alerts.views.shown_times import shown, with_local_times


class HistoryLine(NamedTuple):
    """A revision: when, what was done, what it changed, by whom, and why."""

    at: str
    what: str
    change: str
    by: str
    why: str


def history_lines(history: Sequence[Revision], zone: str, kind: str) -> Iterator[HistoryLine]:
    """Yield a line for each revision, the oldest first. `kind`: that of the commitment, where no revision states it."""
    edits = field_changes(history)
    for revision in history:
        kind = (revision.stated or {}).get("kind", kind)  # an edit later leaves the lines before it as they were
        yield _line(revision, zone, edits.get(revision.number, ()), kind)


def _line(revision: Revision, zone: str, edits: Sequence[FieldChange], kind: str) -> HistoryLine:
    answer, reason = answer_in(kind, revision)
    new = describe_bounds(revision.after) if revision.after else None
    change = f"{describe_bounds(revision.before)} → {new}" if revision.before else ""
    also = "; ".join(str(one) for one in edits if not change or one.name != "deadline")
    change = "; ".join(filter(None, (change, also))) or with_local_times(answer or revision.detail or "", zone)
    source = f"source {revision.source}" if revision.source and revision.what == "moved" else None
    cause = revision.cause and f"because {revision.cause} moved"
    return HistoryLine(
        at=shown(revision.recorded_at, zone),
        what=" ".join(filter(None, (revision.occurrence, revision.what))),
        change=change,
        by=revision.recorded_by + (" (name not verified)" if revision.proof == "claimed" else ""),
        why=" · ".join(filter(None, (reason, source, cause))),
    )
