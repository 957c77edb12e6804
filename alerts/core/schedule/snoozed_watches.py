"""Watches while a snooze lasts, and what goes out when it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from alerts.core.reminders import Reminder
from alerts.core.schedule.evaluation_context import Context
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked


@dataclass(frozen=True, slots=True)
class ChangesSeen:
    """What has changed since a watch looked: whether a word says so, what was missed, and up to where that lies."""

    moved: bool
    reopened: bool
    announced: bool
    missed: bool
    current_acknowledgement: datetime
    latest_moment: datetime | None


def during_snooze(context: Context, watch: Watch, resumes: datetime, changes: ChangesSeen) -> Watch:
    """The watch while a snooze lasts: what goes out meanwhile is not served, so the latest of it is told at the end.

    What new bounds, or a reopening, had missed is told then, too, unless a word of the change says it.
    """
    after = replace(
        watch, next_at=resumes, fingerprint=context.tracked.bounds.fingerprint, revision=context.tracked.revision
    )
    if changes.announced:
        return replace(
            after, cursor=changes.current_acknowledgement, latest_moment=changes.latest_moment, changed=False
        )
    if changes.moved:
        return replace(after, fingerprint=watch.fingerprint)
    return replace(after, cursor=changes.current_acknowledgement, changed=changes.missed) if changes.reopened else after


def postponed(reminder: Reminder, resumes: datetime, *, early: bool) -> Reminder:
    """A word that a snooze has held back goes out when that ends."""
    return replace(reminder, send_at=resumes, early=reminder.early or early) if reminder.send_at < resumes else reminder


def snooze_ends_at(tracked: Tracked) -> datetime:
    assert tracked.snooze is not None
    return tracked.snooze.until
