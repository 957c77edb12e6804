"""Watches for the occurrences of what recurs, made when they are first due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice

from alerts.core.schedule.changes_reported import announces_move, reopening_unseen
from alerts.core.schedule.evaluation_context import Context, position, unseen_revisions
from alerts.core.schedule.missed_moments import latest_missed
from alerts.core.schedule.moments import (
    ONE_SECOND,
    one_time_moments,
    repeating_moments,
)
from alerts.core.schedule.occurrences import before_moves, exists, kept, names, passed
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.tracked import Revision, Tracked


def expand_occurrences(context: Context, watch: Watch, now: datetime, evaluation: Evaluation) -> Evaluation:
    """Give each occurrence that has something to say by `now` a watch of its own, and wake for the next one.

    It makes no difference to what is said when that happens: an occurrence that nobody watched had nothing to say up to
    the cursor. What had passed when the recurrence was stated is history; what was tracked before a move stays so.
    """
    tracked, recurs = context.tracked, context.tracked.bounds.recurrence
    assert recurs is not None
    moved = watch.fingerprint is not None and watch.fingerprint != tracked.bounds.fingerprint
    from_start = watch.cursor is None or watch.changed or moved
    last = None if from_start else watch.latest_moment
    since = (tracked.stated_at or watch.since) if moved else watch.since
    announced = moved and announces_move(context, watch)  # that word stands for what is missed
    reopened = reopening_unseen(tracked, watch)  # what came while it was closed is missed, too
    if reopened and not moved:
        since = reopened.recorded_at
    fresh = Watch(
        rule=watch.rule,
        commitment_id=watch.commitment_id,
        since=since,
        next_at=now,
        cursor=None if from_start or reopened else watch.cursor,
        revision=tracked.revision,
    )
    before = before_moves(tracked, watch.revision, watch.latest_moment) if watch.fingerprint is not None else None

    def new_watch(name: str) -> Watch:
        own = replace(fresh, occurrence=name)
        if moved:  # of several moves since the last look, one that left it alone is none of its own
            known = tracked.at(name).stated_at or since
            own = replace(own, since=known, cursor=known - ONE_SECOND if announced else None)
        fingerprint = before.fingerprint(name) if before and from_start else None
        served = None if watch.changed else watch.cursor
        if fingerprint:
            return replace(own, cursor=served, fingerprint=fingerprint, revision=watch.revision)
        return replace(own, latest_moment=latest_missed_position(context, own)) if moved and announced else own

    new_watches = _watches_of_changed_occurrences(context, watch, new_watch, from_start=from_start and tracked.open)
    for name in kept(tracked, before) if tracked.open and before else ():
        new_watches.setdefault(name, new_watch(name))
    next_at = None
    for name in names(tracked, last) if tracked.open else ():
        one = tracked.at(name)
        state = tracked.occurrences.get(name)
        if (
            state is not None and state.bounds is not None
        ):  # moved by itself: `_watches_of_changed_occurrences` has seen to it
            continue
        wake = first = _first_alert_at(context, one)
        if wake is None:
            wake = one.bounds.latest  # of what has no moment, when it has passed
        if wake is None or wake > now:
            next_at = wake
            break
        if first is not None:
            new_watches.setdefault(name, new_watch(name))
        last = recurs.order(name)
    after = replace(
        watch,
        cursor=now if watch.cursor is None else max(now, watch.cursor),
        next_at=next_at,
        latest_moment=last,
        fingerprint=tracked.bounds.fingerprint,
        revision=tracked.revision,
        changed=False,
    )
    return replace(evaluation, watch=after, new_watches=tuple(new_watches.values()))


def latest_missed_position(context: Context, watch_of_occurrence: Watch) -> datetime | None:
    """The latest moment of an occurrence for which the word of a move stands: a reopening does not say it either."""
    one = context.tracked.at(watch_of_occurrence.occurrence)
    repeats = repeating_moments(context.rule, one, context.firings)
    missed = latest_missed(
        replace(context, tracked=one),
        one_time_moments(context.rule, one.bounds, context.firings),
        repeats,
        watch_of_occurrence.since - ONE_SECOND,
        None,
    )
    return position(missed.kind, missed.at) if missed else None


def _watches_of_changed_occurrences(
    context: Context, watch: Watch, new_watch: Callable[[str], Watch], *, from_start: bool
) -> dict[str, Watch]:
    """Watches for occurrences that have moved or ended by themselves, perhaps long before they speak."""
    changes: dict[str, list[Revision]] = {}
    for change in unseen_revisions(context, watch) if watch.fingerprint is not None else ():
        if exists(context.tracked, change.occurrence):
            changes.setdefault(change.occurrence, []).append(change)
    moved = (
        [name for name, state in context.tracked.occurrences.items() if state.bounds is not None] if from_start else []
    )
    found = {name: new_watch(name) for name in moved if exists(context.tracked, name)}
    for name, mine in changes.items():
        own, now = new_watch(name), context.tracked.at(name).bounds.fingerprint
        fingerprint = own.fingerprint or (mine[0].before.fingerprint if mine[0].before else now)
        found[name] = replace(own, fingerprint=fingerprint, revision=watch.revision)
        if fingerprint == now and mine[-1].what == "moved" and passed(context.tracked, name):
            del found[name]  # it was history, and has only moved there and back since
    return found


def _first_alert_at(context: Context, one: Tracked) -> datetime | None:
    """When the rule first speaks of an occurrence, whatever was served before.

    So it rises from one occurrence to the next: where one has nothing to say yet, neither have those after it.
    """
    moments = one_time_moments(context.rule, one.bounds, context.firings)
    if (repeats := repeating_moments(context.rule, one, context.firings)) is not None:
        moments += islice(repeats.after(None), 1)
    return min((moment.send_at for moment in moments), default=None)
