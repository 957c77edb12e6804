"""A watch looks at its commitment: what must be said by now, and when it next has something to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.core.rules import Rule
from alerts.core.schedule.answers import resumes_at, resuming_moment
from alerts.core.schedule.changes_reported import (
    announces_move,
    announces_reopening,
    changes_to_report,
    reopening_unseen,
)
from alerts.core.schedule.evaluation_context import Context, position
from alerts.core.schedule.missed_moments import due_repeats, latest_missed, merge_due, next_alert_at
from alerts.core.schedule.moments import (
    ONE_SECOND,
    Firings,
    one_time_moments,
    repeating_moments,
)
from alerts.core.schedule.occurrence_expansion import expand_occurrences, latest_missed_position
from alerts.core.schedule.reopenings import ended_by
from alerts.core.schedule.snoozed_watches import ChangesSeen, during_snooze, postponed, snooze_ends_at
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.tracked import Tracked


def evaluate(rule: Rule, tracked: Tracked, watch: Watch, now: datetime, firings: Firings) -> Evaluation:
    """Work out what a watch has to say by `now`, and when it is to look again.

    Several missed moments of the kinds in MERGED become one: the latest. Nothing is said twice, whatever the times at
    which it is called; what is new speaks of the latest moment that it missed.
    """
    moved = watch.fingerprint is not None and watch.fingerprint != tracked.bounds.fingerprint
    if moved:  # whoever has seen the old date has not seen the new one
        tracked = replace(tracked, acknowledged=tracked.current_acknowledgement)
    reopened = reopening_unseen(tracked, watch)
    if reopened:
        tracked = ended_by(reopened, tracked)
    context = Context(rule, tracked, firings)
    reminders, skipped = changes_to_report(context, watch)
    if tracked.recurs:
        return expand_occurrences(context, watch, now, Evaluation(watch, tuple(reminders), tuple(skipped)))
    # What went out up to `served_until` is served; of what lies before it, only something new is still to be said.
    since = (tracked.stated_at or watch.since) if moved else watch.since
    served_until = watch.cursor if watch.cursor is not None else since - ONE_SECOND
    if reopened:
        since = max(since, reopened.recorded_at) if moved else reopened.recorded_at
    if moved or reopened:  # the new bounds have nothing to say of the time before they were known
        served_until = max(served_until, since - ONE_SECOND)
    resumes = resumes_at(tracked.snooze, tracked.bounds, firings) if tracked.open and tracked.snooze else None
    horizon = max(now, served_until)
    next_at = None
    latest_moment = None if moved else watch.latest_moment
    if tracked.open:
        once = one_time_moments(rule, tracked.bounds, firings)
        repeats = repeating_moments(rule, tracked, firings)
        again = resuming_moment(rule, tracked, repeats, firings) if repeats else None
        once += [again] if again else []
        due = [moment for moment in once if served_until < moment.send_at <= now]
        due += due_repeats(context, repeats, served_until, now)
        missed = None
        if watch.cursor is None or watch.changed or moved or reopened:
            missed = latest_missed(context, once, repeats, served_until, latest_moment)
        announced = (moved and announces_move(context, watch)) or announces_reopening(context, watch)
        if missed is not None and announced:  # that word says where the new bounds stand
            latest_moment, missed = position(missed.kind, missed.at), None
        if resumes is not None and now < resumes:
            changes = ChangesSeen(
                moved, reopened is not None, announced, missed is not None, served_until, latest_moment
            )
            return Evaluation(during_snooze(context, watch, resumes, changes), tuple(reminders), tuple(skipped))
        if latest_moment is not None:  # a cron that is now later means again what has gone out
            due = [
                moment for moment in due if moment.kind == "opens" or position(moment.kind, moment.at) > latest_moment
            ]
        due_reminders, merged = merge_due(context, due, missed, since)
        if resumes is not None and served_until < resumes:
            due_reminders = [
                postponed(reminder, resumes, early=resumes < snooze_ends_at(tracked)) for reminder in due_reminders
            ]
        reminders, skipped = [*reminders, *due_reminders], [*skipped, *merged]
        latest_moment = max(
            (
                at
                for at in (latest_moment, *(position(reminder.kind, reminder.moment) for reminder in due_reminders))
                if at
            ),
            default=None,
        )
        next_at = next_alert_at(context, once, repeats, horizon)
    elif moved and any(reminder.kind == "moved" for reminder in reminders):
        # That alert says where the new bounds stand, so a reopening has missed nothing of them.
        latest_moment = latest_missed_position(context, replace(watch, since=since, occurrence=""))
    after = replace(
        watch,
        cursor=horizon,
        next_at=next_at,
        latest_moment=latest_moment,
        fingerprint=tracked.bounds.fingerprint,
        revision=tracked.revision,
        changed=False,
    )
    return Evaluation(after, tuple(reminders), tuple(skipped))
