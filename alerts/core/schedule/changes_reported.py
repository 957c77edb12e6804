"""Which moves, closings and reopenings a watch still has to report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerts.core.reminder_merging import reason
from alerts.core.reminders import Reminder
from alerts.core.schedule.evaluation_context import Context, unseen_revisions
from alerts.core.schedule.reopenings import Ends
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Revision, Tracked


def changes_to_report(context: Context, watch: Watch) -> tuple[list[Reminder], list[Reminder]]:
    """Return the moves and ends since the last evaluation, and those skipped; a new watch has seen all before it."""
    if watch.fingerprint is None:
        return [], []
    fresh = [
        revision for revision in unseen_revisions(context, watch) if revision.occurrence == context.tracked.occurrence
    ]
    moving = context.rule.remind.moved and (
        context.tracked.open or any(revision.what == "closed" for revision in fresh)
    )
    moves = [context.change(revision) for revision in fresh if revision.what == "moved"] if moving else []
    ended = (
        Ends.among(fresh, context.tracked.occurrence).ends_to_announce(context.tracked)
        if context.rule.remind.closed
        else ()
    )
    ends = [context.change(revision) for revision in ended]
    if announces_reopening(context, watch):  # that alert gives the present state
        return ends, [replace(move, skipped="sent with the reopening") for move in moves]
    if watch.fingerprint == context.tracked.bounds.fingerprint:
        return ends, [replace(move, skipped="moved back before an alert went out") for move in moves]
    if len(moves) < 2:
        return [*moves, *ends], []
    *early, last = moves  # sent as one, from the old date to the present one
    merged = [replace(move, skipped=reason(last)) for move in early]
    return [replace(last, first_revision=moves[0].revision), *ends], merged


def announces_move(context: Context, watch: Watch) -> bool:
    """Return whether an alert of the move goes out: by this watch or, for an occurrence, by the series' own."""
    return context.rule.remind.moved and any(revision.what == "moved" for revision in unseen_revisions(context, watch))


def is_move_reported(context: Context, watch: Watch, reminders: Sequence[Reminder]) -> bool:
    """Return whether the alert of a move goes out with an end: among these or, for an occurrence, that of the whole."""
    if any(reminder.kind == "moved" for reminder in reminders):
        return True
    whole = any(one.what == "moved" and not one.occurrence for one in unseen_revisions(context, watch))
    return context.rule.remind.moved and bool(context.tracked.occurrence) and whole


def reopening_unseen(tracked: Tracked, watch: Watch) -> Revision | None:
    """Return the reopening that a watch has not seen, of what was closed at its last evaluation."""
    if watch.fingerprint is None:
        return None
    unseen = [revision for revision in tracked.changes if revision.number > watch.revision]
    return Ends.among(unseen, tracked.occurrence).reopening(tracked)


def announces_reopening(context: Context, watch: Watch) -> bool:
    """Return whether an alert of the reopening goes out by this watch; a series' own covers no occurrence."""
    ends = (
        Ends.among(unseen_revisions(context, watch), context.tracked.occurrence)
        if watch.fingerprint is not None
        else Ends(own=())
    )
    return context.rule.remind.closed and any(one.what == "reopened" for one in ends.ends_to_announce(context.tracked))
