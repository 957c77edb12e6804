"""Moments that are due or were missed, and which of them goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import islice, takewhile

from alerts.core.reminder_merging import reason
from alerts.core.reminders import MERGEABLE_KINDS, Reminder
from alerts.core.schedule.answers import pause_ends
from alerts.core.schedule.evaluation_context import Context, position
from alerts.core.schedule.moments import (
    ONE_SECOND,
    Moment,
    RepeatingMoments,
)
from alerts.core.schedule.unanswered import next_unanswered

MAX_SKIPPED_RECORDED = 100  # the latest merged moments of a long outage that are recorded one by one


def due_repeats(
    context: Context, repeats: RepeatingMoments | None, served_until: datetime, now: datetime
) -> list[Moment]:
    if repeats is None or now <= served_until:
        return []
    sent_by_now = takewhile(lambda moment: moment.send_at <= now, repeats.due_after(served_until))
    return [moment for moment in sent_by_now if not context.is_silenced(moment)]


def latest_missed(
    context: Context,
    once: list[Moment],
    repeats: RepeatingMoments | None,
    served_until: datetime,
    latest_moment: datetime | None,
) -> Moment | None:
    """Return the latest moment due by `served_until`, unless one as late has been sent already."""
    served = [moment for moment in once if moment.send_at <= served_until]
    if repeats is not None:
        first = next(
            repeats.after(None), None
        )  # the first of an escalation goes out even if the later ones are silenced
        ends = (first if first and first.send_at <= served_until else None, repeats.last_due_by(served_until))
        served += [moment for moment in ends if moment and not context.is_silenced(moment)]
    latest = max(served, key=lambda moment: (moment.at, moment.send_at), default=None)
    if latest is None or (latest_moment is not None and position(latest.kind, latest.at) <= latest_moment):
        return None
    return latest


def merge_due(
    context: Context, due: list[Moment], missed: Moment | None, since: datetime
) -> tuple[list[Reminder], list[Reminder]]:
    """Return the reminders to send, the latest of those that may be merged; and those skipped, which are recorded."""
    reminders = [context.reminder(moment) for moment in due]
    if missed is not None:
        reminders.append(context.reminder(missed, send_at=since, catching_up=True))
    mergeable = [reminder for reminder in reminders if _is_mergeable(reminder)]
    if len(mergeable) < 2:
        return reminders, []
    latest = max(mergeable, key=lambda reminder: (reminder.moment, reminder.send_at))
    earlier = sorted((one for one in mergeable if one is not latest), key=lambda reminder: reminder.moment)
    kept = [reminder for reminder in reminders if reminder is latest or not _is_mergeable(reminder)]
    return kept, [replace(one, skipped=reason(latest)) for one in earlier[-MAX_SKIPPED_RECORDED:]]


def _is_mergeable(reminder: Reminder) -> bool:
    return reminder.kind in MERGEABLE_KINDS or reminder.catching_up


def next_alert_at(
    context: Context, once: list[Moment], repeats: RepeatingMoments | None, horizon: datetime
) -> datetime | None:
    """Return when the watch sends its next alert, if nothing changes."""
    coming = [moment.send_at for moment in once if moment.send_at > horizon]
    if repeats is not None:
        found = [moment for moment in islice(repeats.due_after(horizon), 1) if not context.is_silenced(moment)]
        if not found and (end := pause_ends(context.rule, context.tracked)):
            found = list(islice(repeats.due_after(max(horizon, end - ONE_SECOND)), 1))
        coming += [moment.send_at for moment in found]
    if report := next_unanswered(context, horizon):
        coming.append(report.send_at)
    return min(coming, default=None)
