"""The evaluation of a watch: which reminders it has by now, and when it is evaluated next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from alerts.core.rules import Rule
from alerts.core.schedule.answers import resumes_at, resuming_moment
from alerts.core.schedule.changes_reported import (
    announces_move,
    announces_reopening,
    changes_to_report,
    is_move_reported,
    reopening_unseen,
)
from alerts.core.schedule.evaluation_context import Context, position
from alerts.core.schedule.missed_moments import due_repeats, latest_missed, merge_due, next_alert_at
from alerts.core.schedule.moments import (
    ONE_SECOND,
    Firings,
    Moment,
    one_time_moments,
    repeating_moments,
)
from alerts.core.schedule.occurrence_expansion import (
    begun_anew,
    expand_occurrences,
    latest_missed_position,
    watch_begins_at,
)
from alerts.core.schedule.occurrences import stands_elsewhere
from alerts.core.schedule.reopenings import acknowledgement_ended_at, ended_by
from alerts.core.schedule.snoozed_watches import ChangesSeen, during_snooze, postponed, snooze_ends_at
from alerts.core.schedule.unanswered import due_unanswered
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.values import frozen


@frozen(kw_only=True)
class _Seen:
    """What a watch has seen of its commitment.

    Up to `served_until` all has gone out; what it missed before goes out late, as due at `since`. `latest_moment` is
    the latest one for which an alert went out under the present bounds.
    """

    moved: bool
    reopened: bool
    since: datetime
    served_until: datetime
    latest_moment: datetime | None


def evaluate(rule: Rule, tracked: Tracked, watch: Watch, now: datetime, firings: Firings) -> Evaluation:
    """Return which reminders a watch has by `now`, and when it must be evaluated next.

    Several missed moments of the kinds that merge become one: the latest. No reminder comes twice, whatever the times
    of the calls. A new commitment gets a reminder of the latest moment that it missed.
    """
    context, watch = begun_anew(Context(rule, tracked, firings), watch)
    tracked = context.tracked
    moved = watch.fingerprint is not None and watch.fingerprint != tracked.bounds.fingerprint
    if moved:  # an acknowledgement of the old date does not count for the new one
        tracked = replace(tracked, acknowledged=tracked.current_acknowledgement)
    reopened = reopening_unseen(tracked, watch)
    if reopened:
        tracked = ended_by(reopened, tracked)
    begun = watch
    is_first = watch.cursor is None or watch.cursor == watch_begins_at(tracked)
    if is_first and (ended := acknowledgement_ended_at(tracked, now)):  # before any alert that it silenced
        watch = replace(watch, cursor=None)
        tracked, begun = replace(tracked, acknowledged=None), replace(watch, since=max(watch.since, ended))
    context = Context(rule, tracked, firings)
    reminders, skipped = changes_to_report(context, watch)
    evaluation = Evaluation(watch, tuple(reminders), tuple(skipped))
    if tracked.recurs:
        return expand_occurrences(context, watch, now, evaluation)
    seen = _seen(tracked, begun, reopened, moved=moved)
    if tracked.open:
        return _evaluate_open(context, seen, now, evaluation)
    latest_moment = seen.latest_moment
    if moved and is_move_reported(context, watch, reminders):
        # That alert gives the state of the new bounds, so a reopening has missed nothing of them.
        latest_moment = latest_missed_position(context, replace(watch, since=seen.since, occurrence=""))
    return replace(evaluation, watch=_watch_after(context, watch, max(now, seen.served_until), None, latest_moment))


def _seen(tracked: Tracked, watch: Watch, reopened: Revision | None, *, moved: bool) -> _Seen:
    since = (tracked.stated_at or watch.since) if moved else watch.since
    served_until = watch.cursor if watch.cursor is not None else since - ONE_SECOND
    if reopened:
        since = max(since, reopened.recorded_at) if moved else reopened.recorded_at
    if moved or reopened:  # under the new bounds nothing was due before they were known
        served_until = max(served_until, since - ONE_SECOND)
    elif tracked.stated_at and watch.fingerprint is not None and stands_elsewhere(tracked, watch.revision):
        served_until = max(served_until, tracked.stated_at - ONE_SECOND)
    return _Seen(
        moved=moved,
        reopened=reopened is not None,
        since=since,
        served_until=served_until,
        latest_moment=None if moved else watch.latest_moment,
    )


def _evaluate_open(context: Context, seen: _Seen, now: datetime, evaluation: Evaluation) -> Evaluation:
    """Add to an evaluation what is due of an open commitment."""
    rule, tracked, firings, watch = context.rule, context.tracked, context.firings, evaluation.watch
    once = one_time_moments(rule, tracked.bounds, firings)
    repeats = repeating_moments(rule, tracked, firings)
    resuming = resuming_moment(rule, tracked, repeats, firings) if repeats else None
    once += [resuming] if resuming else []
    due = [moment for moment in once if seen.served_until < moment.send_at <= now]
    due += due_repeats(context, repeats, seen.served_until, now)
    missed, latest_moment = None, seen.latest_moment
    if watch.cursor is None or watch.changed or seen.moved or seen.reopened:
        missed = latest_missed(context, once, repeats, seen.served_until, latest_moment)
    announced = (seen.moved and announces_move(context, watch)) or announces_reopening(context, watch)
    if missed is not None and announced:  # that alert gives the state of the new bounds
        latest_moment, missed = position(missed.kind, missed.at), None
    resumes = resumes_at(tracked.snooze, tracked.bounds, firings) if tracked.snooze else None
    if resumes is not None and now < resumes:
        changes = ChangesSeen(
            seen.moved, seen.reopened, announced, missed is not None, seen.served_until, latest_moment
        )
        return replace(evaluation, watch=during_snooze(context, watch, resumes, changes))
    reminders, merged = merge_due(context, _not_sent(due, latest_moment), missed, seen.since)
    if resumes is not None and seen.served_until < resumes:
        early = resumes < snooze_ends_at(tracked)
        reminders = [postponed(reminder, resumes, early=early) for reminder in reminders]
    sent = (latest_moment, *(position(reminder.kind, reminder.moment) for reminder in reminders))
    served_until = None if watch.cursor is None or watch.changed else seen.served_until
    reports = due_unanswered(context, served_until, seen.since, now)
    horizon = max(now, seen.served_until)
    next_at = next_alert_at(context, once, repeats, horizon)
    return Evaluation(
        _watch_after(context, watch, horizon, next_at, max((at for at in sent if at), default=None)),
        (*evaluation.reminders, *reminders, *reports),
        (*evaluation.skipped, *merged),
    )


def _not_sent(due: list[Moment], latest_moment: datetime | None) -> list[Moment]:
    """Return the moments that have not gone out: where a cron is later now, it means again what has gone out."""
    if latest_moment is None:
        return due
    return [moment for moment in due if moment.kind == "opens" or position(moment.kind, moment.at) > latest_moment]


def _watch_after(
    context: Context, watch: Watch, horizon: datetime, next_at: datetime | None, latest_moment: datetime | None
) -> Watch:
    return replace(
        watch,
        cursor=horizon,
        next_at=next_at,
        latest_moment=latest_moment,
        fingerprint=context.tracked.bounds.fingerprint,
        revision=context.tracked.revision,
        changed=False,
    )
