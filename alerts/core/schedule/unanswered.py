"""Alerts that nobody has answered: since when, and when a rule reports that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from alerts.core.reminders import Reminder
from alerts.core.rules import Rule, Unanswered
from alerts.core.schedule.answers import KIND_PAUSED_AT, acknowledged_stage, pause_ends, shifted, whole_second
from alerts.core.schedule.evaluation_context import Context
from alerts.core.schedule.moments import Moment, RepeatingMoments
from alerts.core.stages import stage_starts
from alerts.core.tracked import Tracked
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Instant


def answered_until(rule: Rule | None, tracked: Tracked) -> datetime | None:
    """Return until when alerts count as answered: by an acknowledgement, or by a snooze, also for one recipient.

    Given ahead of the date or while it is due, an acknowledgement counts until the next stage.
    """
    about = ("", tracked.occurrence)
    ends = [one.until for one in tracked.own_snoozes if one.occurrence in about]
    ends += [tracked.snooze.until] if tracked.snooze else []
    if (acknowledged := _acknowledged_until(rule, tracked)) is not None:
        ends.append(acknowledged)
    return max(ends, default=None)


def unanswered_since(rule: Rule, tracked: Tracked) -> datetime | None:
    """Return when the first alert was sent, since the last move or reopening, that nobody has answered.

    What was not handed over to anybody is no alert.
    """
    answered = answered_until(rule, tracked)
    sent = (one.at for one in tracked.sent_alerts)
    return min((at for at in sent if answered is None or at >= answered), default=None)


def due_unanswered(context: Context, served_until: datetime | None, since: datetime, now: datetime) -> list[Reminder]:
    """Return the latest report that is due by `now`, unless it was served. `since`: when one that was missed is due."""
    moments = [found for stage in _stages(context) if (found := stage.last_due_by(now))]
    if not moments or (served_until is not None and moments[-1].send_at <= served_until):
        return []
    latest = moments[-1]
    if latest.send_at < since:
        return [context.reminder(latest, send_at=since, catching_up=True)]
    return [context.reminder(latest)]


def next_unanswered(context: Context, horizon: datetime) -> Moment | None:
    """Return the first report after an instant, if nobody answers until then."""
    coming = (next(stage.due_after(horizon), None) for stage in _stages(context))
    return next((moment for moment in coming if moment), None)


def _stages(context: Context) -> Iterator[RepeatingMoments]:
    """Yield the reports of each stage: at its start, or when the alert has waited for long enough."""
    setting = context.rule.remind.unanswered
    since = unanswered_since(context.rule, context.tracked) if setting else None
    if setting is None or since is None:
        return
    waited = whole_second(shifted(since, setting.after))
    starts = stage_starts(context.tracked.bounds)
    for begins, ends in zip((None, *starts), (*starts, None), strict=True):
        first = max(waited, begins) if begins else waited
        if ends is None or first < ends:
            yield _reports(context, setting, first, ends)


def _reports(context: Context, setting: Unanswered, first: datetime, ends: datetime | None) -> RepeatingMoments:
    """Return the reports of a stage that ends at an instant."""
    after = Duration.parse(setting.after)
    every = Duration.parse(setting.every) if setting.every else None

    def instant(index: int) -> tuple[datetime, Duration] | None:
        if every is None:
            return (first, after) if index == 0 else None
        try:
            at = Instant(first, "UTC").shift(every.times(index)).at
        except (InputError, OverflowError):
            return None
        return (at, after) if ends is None or at < ends else None

    return RepeatingMoments("unanswered", instant, context.firings)


def _acknowledged_until(rule: Rule | None, tracked: Tracked) -> datetime | None:
    acknowledgement, stage = tracked.acknowledged, acknowledged_stage(tracked)
    if acknowledgement is None or stage is None:
        return None
    if stage in KIND_PAUSED_AT:
        return pause_ends(rule, tracked)
    next_stage = next((at for at in stage_starts(tracked.bounds) if at > acknowledgement.at), None)
    return min(
        (at for at in (next_stage, acknowledgement.until, acknowledgement.ended) if at), default=acknowledgement.at
    )
