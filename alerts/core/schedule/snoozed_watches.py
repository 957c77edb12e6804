"""Watches while a snooze lasts, and what goes out when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.core.reminders import Reminder
from alerts.core.schedule.evaluation_context import Context
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen


@frozen
class ChangesSeen:
    """What has changed since a watch was evaluated last.

    `announced`: an alert reports it. `missed`: a moment was missed. Up to `served_until` all has gone out.
    """

    moved: bool
    reopened: bool
    announced: bool
    missed: bool
    served_until: datetime
    latest_moment: datetime | None


def during_snooze(context: Context, watch: Watch, resumes: datetime, changes: ChangesSeen) -> Watch:
    """Return the watch while a snooze lasts: of what is due meanwhile the latest goes out at the end.

    What new bounds or a reopening had missed goes out then too, unless an alert of the change reports it.
    """
    after = replace(
        watch, next_at=resumes, fingerprint=context.tracked.bounds.fingerprint, revision=context.tracked.revision
    )
    if changes.announced:
        return replace(after, cursor=changes.served_until, latest_moment=changes.latest_moment, changed=False)
    if changes.moved:
        return replace(after, fingerprint=watch.fingerprint)
    return replace(after, cursor=changes.served_until, changed=changes.missed) if changes.reopened else after


def postponed(reminder: Reminder, resumes: datetime, *, early: bool) -> Reminder:
    """Return a reminder that a snooze has held back, to go out when the snooze ends."""
    return replace(reminder, send_at=resumes, early=reminder.early or early) if reminder.send_at < resumes else reminder


def snooze_ends_at(tracked: Tracked) -> datetime:
    assert tracked.snooze is not None
    return tracked.snooze.until
