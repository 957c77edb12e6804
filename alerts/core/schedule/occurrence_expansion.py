"""Watches for the occurrences of what recurs, made when they are first due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from alerts.core.schedule.changes_reported import announces_move, reopening_unseen
from alerts.core.schedule.evaluation_context import JUST_AFTER, Context, position, unseen_revisions
from alerts.core.schedule.missed_moments import latest_missed
from alerts.core.schedule.moments import (
    ONE_SECOND,
    one_time_moments,
    repeating_moments,
)
from alerts.core.schedule.occurrences import PreviousRecurrence, before_moves, exists, kept, names, passed, was_history
from alerts.core.schedule.watches import Evaluation, Watch
from alerts.core.stages import has_passed
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.values import frozen


@frozen(kw_only=True)
class _Changes:
    """What has changed since the watch of a recurrence was evaluated last.

    `from_start`: all occurrences are evaluated again. `announced`: an alert of the move replaces what is missed.
    `since`: from when on something can be missed. `before`: the recurrence before its moves.
    """

    moved: bool
    from_start: bool
    announced: bool
    reopened: bool
    since: datetime
    before: PreviousRecurrence | None


def expand_occurrences(context: Context, watch: Watch, now: datetime, evaluation: Evaluation) -> Evaluation:
    """Give each occurrence that has reminders by `now` a watch of its own, and wake for the next one.

    When that happens makes no difference: an occurrence without a watch had no reminders up to the cursor. What had
    passed when the recurrence was stated is history; what was tracked before a move stays so.
    """
    tracked = context.tracked
    changes = _changes(context, watch)

    def new_watch(name: str) -> Watch:
        return _new_watch(context, watch, changes, name, now)

    new_watches = _watches_of_changed_occurrences(
        context, watch, new_watch, from_start=changes.from_start and tracked.open
    )
    last, next_at = None if changes.from_start else watch.latest_moment, None
    if tracked.open:
        for name in kept(tracked, changes.before) if changes.before else ():
            new_watches.setdefault(name, new_watch(name))
        for name in _alerted_occurrences(context):
            new_watches.setdefault(name, new_watch(name))
        for name, since in _undated_that_followed(tracked):
            new_watches.setdefault(name, replace(new_watch(name), since=since, cursor=None))
        due, last, next_at = _due_occurrences(context, last, now)
        for name in due:
            new_watches.setdefault(name, new_watch(name))
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


def _changes(context: Context, watch: Watch) -> _Changes:
    tracked = context.tracked
    moved = watch.fingerprint is not None and watch.fingerprint != tracked.bounds.fingerprint
    since = (tracked.stated_at or watch.since) if moved else watch.since
    reopened = reopening_unseen(tracked, watch)  # what was due while it was closed is missed, too
    if reopened and not moved:
        since = reopened.recorded_at
    return _Changes(
        moved=moved,
        from_start=watch.cursor is None or watch.changed or moved,
        announced=moved and announces_move(context, watch),
        reopened=reopened is not None,
        since=since,
        before=before_moves(tracked, watch.revision, watch.latest_moment) if watch.fingerprint is not None else None,
    )


def _new_watch(context: Context, watch: Watch, changes: _Changes, name: str, now: datetime) -> Watch:
    """Return the first watch of an occurrence."""
    own = Watch(
        rule=watch.rule,
        commitment_id=watch.commitment_id,
        occurrence=name,
        since=_known_since(context, watch, changes, name),
        next_at=now,
        cursor=None if changes.reopened else _served_until(context, watch, changes, name),
        revision=context.tracked.revision,
    )
    if changes.moved:  # a move since the last evaluation that left it unchanged is not one of its own
        known = context.tracked.at(name).stated_at or changes.since
        own = replace(own, since=known, cursor=known - ONE_SECOND if changes.announced else None)
    fingerprint = changes.before.fingerprint(name) if changes.before and changes.from_start else None
    if fingerprint:
        served_until = None if watch.changed else watch.cursor
        return replace(own, cursor=served_until, fingerprint=fingerprint, revision=watch.revision)
    if changes.announced:
        return replace(own, latest_moment=latest_missed_position(context, own))
    if changes.reopened and context.rule.remind.moved and (moved_at := _moved_at(context, name)):
        # That move was reported with an end: an occurrence that was open then has a watch if it had missed anything.
        return replace(own, latest_moment=latest_missed_position(context, replace(own, since=moved_at)))
    closed_at, state = context.tracked.at(name).counted_from, context.tracked.occurrences.get(name)
    if closed_at is None or (state and state.bounds):
        return own
    return replace(own, latest_moment=latest_missed_position(context, replace(own, since=closed_at)))


def _moved_at(context: Context, name: str) -> datetime | None:
    """Return when a move of the whole gave an occurrence its bounds, if one did."""
    stated_at = context.tracked.at(name).stated_at
    return stated_at if stated_at and stated_at > context.tracked.recorded_at else None


def _known_since(context: Context, watch: Watch, changes: _Changes, name: str) -> datetime:
    """Return from when on something of an occurrence can be missed."""
    stated_at = context.tracked.at(name).stated_at if watch.fingerprint is None else None
    return max(changes.since, stated_at) if stated_at else changes.since


def watch_begins_at(occurrence: Tracked) -> datetime | None:
    """Return the first cursor of the watch of an occurrence that counts from a closing; None for any other.

    What is due at the instant of the closing is still sent.
    """
    return occurrence.counted_from - JUST_AFTER if occurrence.counted_from else None


def begun_anew(context: Context, watch: Watch) -> tuple[Context, Watch]:
    """Return the watch of an occurrence that counts from a closing since the last evaluation as it begins.

    One of the same name was withdrawn before, as the closing that it counted from was taken back. No change of that
    one is reported.
    """
    closed_at, begins = context.tracked.counted_from, watch_begins_at(context.tracked)
    if closed_at is None or begins is None or not context.tracked.open:
        return context, watch
    if watch.cursor is None or begins <= watch.cursor:
        return context, watch
    changes = tuple(change for change in context.tracked.changes if change.recorded_at > closed_at)
    before = next((change.before for change in changes if change.before and change.occurrence), None)
    context = replace(context, tracked=replace(context.tracked, changes=changes))
    latest = latest_missed_position(context, replace(watch, since=closed_at, occurrence=""))
    begun = replace(watch, since=closed_at, cursor=begins, fingerprint=None, latest_moment=latest)
    return context, replace(begun, fingerprint=before.fingerprint, latest_moment=None) if before else begun


def _served_until(context: Context, watch: Watch, changes: _Changes, name: str) -> datetime | None:
    """Return up to when nothing of an occurrence can have been missed; one that follows a closing begins with that."""
    recurs = context.tracked.bounds.recurrence
    if recurs and name == recurs.open_name and (begins := watch_begins_at(context.tracked.at(name))):
        return begins
    return None if changes.from_start else watch.cursor


def _alerted_occurrences(context: Context) -> list[str]:
    """Return the open occurrences whose alerts may go unanswered: another rule may have sent them."""
    tracked = context.tracked
    if context.rule.remind.unanswered is None:
        return []
    names = dict.fromkeys(one.occurrence for one in tracked.sent_alerts if one.occurrence)
    return [name for name in names if exists(tracked, name) and tracked.at(name).open]


def _undated_that_followed(tracked: Tracked) -> Iterator[tuple[str, datetime]]:
    """Yield the occurrences without a date that were moved along, and since when: no revision tells of such a move."""
    for name, state in tracked.occurrences.items():
        undated = state.bounds is not None and not state.bounds.has_date
        if undated and state.follows and state.stated_at and exists(tracked, name):
            yield name, state.stated_at


def _due_occurrences(
    context: Context, last: datetime | None, now: datetime
) -> tuple[list[str], datetime | None, datetime | None]:
    """Return the occurrences after `last` with reminders by `now`, the last one seen, and when the next one has."""
    recurs, due = context.tracked.bounds.recurrence, list[str]()
    assert recurs is not None
    for name in names(context.tracked, last):
        state = context.tracked.occurrences.get(name)
        if state is not None and state.bounds is not None:  # it moved by itself, and has its watch already
            last = recurs.order(name) if recurs.open_name else last  # the one that was withdrawn may come again
            continue
        one = context.tracked.at(name)
        first = _first_alert_at(context, one)
        wake = one.bounds.latest if first is None else first  # without a moment: when it has passed
        if wake is None or wake > now:
            return due, last, wake
        if first is not None:
            due.append(name)
        last = recurs.order(name)
    return due, last, None


def latest_missed_position(context: Context, watch_of_occurrence: Watch) -> datetime | None:
    """Return the latest moment that the alert of a move replaces: a reopening does not repeat it either."""
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
    """Return watches of occurrences that have moved or ended by themselves, perhaps long before their reminders."""
    changes: dict[str, list[Revision]] = {}
    for change in unseen_revisions(context, watch) if watch.fingerprint is not None else ():
        if exists(context.tracked, change.occurrence):
            changes.setdefault(change.occurrence, []).append(change)
    states, stated_at = context.tracked.occurrences, context.tracked.stated_at or context.tracked.recorded_at
    moved = [
        name
        for name, state in states.items()
        if from_start and state.bounds and not (state.follows and has_passed(state.bounds, stated_at))
    ]
    found = {name: new_watch(name) for name in moved if exists(context.tracked, name)}
    for name, own_changes in changes.items():
        if was_history(context.tracked, name, own_changes[0].recorded_at):
            found.pop(name, None)
            continue
        own, now = new_watch(name), context.tracked.at(name).bounds.fingerprint
        before = next((change.before for change in own_changes if change.before), None)  # the first may be an end
        fingerprint = own.fingerprint or (before.fingerprint if before else now)
        found[name] = replace(own, fingerprint=fingerprint, revision=watch.revision)
        if fingerprint == now and own_changes[-1].what == "moved" and passed(context.tracked, name):
            del found[name]  # it had passed, and has only moved there and back since
    return found


def _first_alert_at(context: Context, occurrence: Tracked) -> datetime | None:
    """Return when the first reminder of an occurrence goes out, whatever was served before.

    It rises from one occurrence to the next: where one has no reminder yet, none has after it.
    """
    moments = one_time_moments(context.rule, occurrence.bounds, context.firings)
    if (repeats := repeating_moments(context.rule, occurrence, context.firings)) is not None:
        moments += islice(repeats.after(None), 1)
    return min((moment.send_at for moment in moments), default=None)
