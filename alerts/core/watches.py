"""A watch looks at its commitment: what must be said by now, and when it next has something to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from alerts.core.answers import pause_ends, resumes_at, resuming_moment, silences
from alerts.core.commitments import Revision, Tracked
from alerts.core.merging import reason
from alerts.core.moments import ONE_SECOND, Firings, Moment, RepeatingMoments, repeating_moments, one_time_moments
from alerts.core.occurrences import before_moves, exists, kept, names, passed
from alerts.core.reminders import MERGEABLE_KINDS, REPEATING_KINDS, Kind, Reminder
from alerts.core.reopening import Ends, ended_by
from alerts.core.rules import Rule

JUST_AFTER = timedelta(microseconds=1)  # moments lie on whole seconds
MAX_SKIPPED_RECORDED = 100  # of a long outage, the latest so many merged moments are recorded one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One rule's eye on one commitment, or on one occurrence of it; what recurs has one eye that opens the others.

    `cursor`: all that went out up to here has been served (None: never looked). `since`: when it became there, or its
    rule last changed. `changed`: the rule has changed, so look behind the cursor, too. `latest_moment`: the latest
    moment told under the present bounds (of what recurs: the last occurrence that has a watch); `fingerprint`: those bounds;
    `revision`: the last change it has seen.
    """

    rule: str
    commitment_id: int
    occurrence: str = ""
    since: datetime
    next_at: datetime | None = None
    cursor: datetime | None = None
    latest_moment: datetime | None = None
    fingerprint: str | None = None
    revision: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of a look: the watch as it goes on, what is to be said, and what is skipped, with reasons.

    `new_watches`: watches for occurrences that have something to say by now, to be looked at next.
    """

    watch: Watch
    reminders: tuple[Reminder, ...] = ()
    skipped: tuple[Reminder, ...] = ()
    new_watches: tuple[Watch, ...] = ()


@dataclass(frozen=True, slots=True)
class _Context:
    rule: Rule
    tracked: Tracked
    firings: Firings

    def reminder(self, moment: Moment, **more: object) -> Reminder:
        """Phrase a moment as something to be said of the present bounds."""
        reminder = Reminder(
            rule=self.rule.name,
            commitment=self.tracked.commitment.key,
            commitment_id=self.tracked.id,
            occurrence=self.tracked.occurrence,
            bounds_version=self.tracked.bounds_version,
            fingerprint=self.tracked.bounds.fingerprint,
            kind=moment.kind,
            moment=moment.at,
            send_at=moment.send_at,
            offset=moment.offset,
            early=moment.early,
        )
        return replace(reminder, **more) if more else reminder  # type: ignore[arg-type]  # keyword by keyword above

    def change(self, revision: Revision) -> Reminder:
        """Phrase a revision: it goes out at once."""
        after = revision.after or self.tracked.bounds
        at = revision.recorded_at
        kinds: dict[str, Kind] = {"moved": "moved", "reopened": "reopened"}
        moment = Moment(kinds.get(revision.what, "closed"), at, at)
        reminder = self.reminder(moment, revision=revision.number, occurrence=revision.occurrence)
        return replace(reminder, bounds_version=revision.bounds_version, fingerprint=after.fingerprint)

    def is_silenced(self, moment: Moment) -> bool:
        """Whether an acknowledgement silences a repeat."""
        return silences(self.rule, self.tracked, moment.kind, moment.at, moment.send_at)


@dataclass(frozen=True, slots=True)
class _ChangesSeen:
    """What has changed since a watch looked: whether a word says so, what was missed, and up to where that lies."""

    moved: bool
    reopened: bool
    announced: bool
    missed: bool
    current_acknowledgement: datetime
    latest_moment: datetime | None


def evaluate(rule: Rule, tracked: Tracked, watch: Watch, now: datetime, firings: Firings) -> Evaluation:
    """Work out what a watch has to say by `now`, and when it is to look again.

    Several missed moments of the kinds in MERGED become one: the latest. Nothing is said twice, whatever the times at
    which it is called; what is new speaks of the latest moment that it missed.
    """
    moved = watch.fingerprint is not None and watch.fingerprint != tracked.bounds.fingerprint
    if moved:  # whoever has seen the old date has not seen the new one
        tracked = replace(tracked, acknowledged=tracked.current_acknowledgement)
    reopened = _reopened(tracked, watch)
    if reopened:
        tracked = ended_by(reopened, tracked)
    context = _Context(rule, tracked, firings)
    reminders, skipped = _changes(context, watch)
    if tracked.recurs:
        return _expand_occurrences(context, watch, now, Evaluation(watch, tuple(reminders), tuple(skipped)))
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
        due += _due_repeats(context, repeats, served_until, now)
        missed = None
        if watch.cursor is None or watch.changed or moved or reopened:
            missed = _latest_missed(context, once, repeats, served_until, latest_moment)
        announced = (moved and _announces_move(context, watch)) or _announces_reopening(context, watch)
        if missed is not None and announced:  # that word says where the new bounds stand
            latest_moment, missed = _position(missed.kind, missed.at), None
        if resumes is not None and now < resumes:
            changes = _ChangesSeen(
                moved, reopened is not None, announced, missed is not None, served_until, latest_moment
            )
            return Evaluation(_during_snooze(context, watch, resumes, changes), tuple(reminders), tuple(skipped))
        if latest_moment is not None:  # a cron that is now later means again what has gone out
            due = [
                moment for moment in due if moment.kind == "opens" or _position(moment.kind, moment.at) > latest_moment
            ]
        due_reminders, merged = _merge(context, due, missed, since)
        if resumes is not None and served_until < resumes:
            due_reminders = [
                _postponed(reminder, resumes, early=resumes < _snooze_ends_at(tracked)) for reminder in due_reminders
            ]
        reminders, skipped = [*reminders, *due_reminders], [*skipped, *merged]
        latest_moment = max(
            (
                at
                for at in (latest_moment, *(_position(reminder.kind, reminder.moment) for reminder in due_reminders))
                if at
            ),
            default=None,
        )
        next_at = _next_alert_at(context, once, repeats, horizon)
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


def _during_snooze(context: _Context, watch: Watch, resumes: datetime, changes: _ChangesSeen) -> Watch:
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


def _postponed(reminder: Reminder, resumes: datetime, *, early: bool) -> Reminder:
    """A word that a snooze has held back goes out when that ends."""
    return replace(reminder, send_at=resumes, early=reminder.early or early) if reminder.send_at < resumes else reminder


def _snooze_ends_at(tracked: Tracked) -> datetime:
    assert tracked.snooze is not None
    return tracked.snooze.until


def _changes(context: _Context, watch: Watch) -> tuple[list[Reminder], list[Reminder]]:
    """What has moved or closed since the watch last looked; a new watch has seen all that was before it."""
    if watch.fingerprint is None:
        return [], []
    fresh = [
        revision for revision in _unseen_revisions(context, watch) if revision.occurrence == context.tracked.occurrence
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
    if _announces_reopening(context, watch):  # that word says where it stands
        return ends, [replace(move, skipped="told with the reopening") for move in moves]
    if watch.fingerprint == context.tracked.bounds.fingerprint:
        return ends, [replace(move, skipped="moved there and back before it was told") for move in moves]
    if len(moves) < 2:
        return [*moves, *ends], []
    *early, last = moves  # told as one, from the old date to the present one
    merged = [replace(move, skipped=reason(last)) for move in early]
    return [replace(last, first_revision=moves[0].revision), *ends], merged


def _announces_move(context: _Context, watch: Watch) -> bool:
    """Whether a word of the move goes out: by this watch or, for an occurrence, by the one of the whole."""
    return context.rule.remind.moved and any(revision.what == "moved" for revision in _unseen_revisions(context, watch))


def _reopened(tracked: Tracked, watch: Watch) -> Revision | None:
    """The reopening that a watch has not seen, of what was closed when it last looked."""
    if watch.fingerprint is None:
        return None
    unseen = [revision for revision in tracked.changes if revision.number > watch.revision]
    return Ends.among(unseen, tracked.occurrence).reopening(tracked)


def _announces_reopening(context: _Context, watch: Watch) -> bool:
    """Whether a word of the reopening goes out by this watch; that of a recurrence says nothing of each occurrence."""
    ends = (
        Ends.among(_unseen_revisions(context, watch), context.tracked.occurrence)
        if watch.fingerprint is not None
        else Ends(own=())
    )
    return context.rule.remind.closed and any(one.what == "reopened" for one in ends.ends_to_announce(context.tracked))


def _position(kind: Kind, at: datetime) -> datetime:
    """Where a moment stands among those told: what is late comes after the day itself, where both begin at once."""
    return at + JUST_AFTER if kind in REPEATING_KINDS else at


def _unseen_revisions(context: _Context, watch: Watch) -> list[Revision]:
    return [revision for revision in context.tracked.changes if revision.number > watch.revision]


def _expand_occurrences(context: _Context, watch: Watch, now: datetime, evaluation: Evaluation) -> Evaluation:
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
    announced = moved and _announces_move(context, watch)  # that word stands for what is missed
    reopened = _reopened(tracked, watch)  # what came while it was closed is missed, too
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
        return replace(own, latest_moment=_latest_missed_position(context, own)) if moved and announced else own

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


def _latest_missed_position(context: _Context, watch_of_occurrence: Watch) -> datetime | None:
    """The latest moment of an occurrence for which the word of a move stands: a reopening does not say it either."""
    one = context.tracked.at(watch_of_occurrence.occurrence)
    repeats = repeating_moments(context.rule, one, context.firings)
    missed = _latest_missed(
        replace(context, tracked=one),
        one_time_moments(context.rule, one.bounds, context.firings),
        repeats,
        watch_of_occurrence.since - ONE_SECOND,
        None,
    )
    return _position(missed.kind, missed.at) if missed else None


def _watches_of_changed_occurrences(
    context: _Context, watch: Watch, new_watch: Callable[[str], Watch], *, from_start: bool
) -> dict[str, Watch]:
    """Watches for occurrences that have moved or ended by themselves, perhaps long before they speak."""
    changes: dict[str, list[Revision]] = {}
    for change in _unseen_revisions(context, watch) if watch.fingerprint is not None else ():
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


def _first_alert_at(context: _Context, one: Tracked) -> datetime | None:
    """When the rule first speaks of an occurrence, whatever was served before.

    So it rises from one occurrence to the next: where one has nothing to say yet, neither have those after it.
    """
    moments = one_time_moments(context.rule, one.bounds, context.firings)
    if (repeats := repeating_moments(context.rule, one, context.firings)) is not None:
        moments += islice(repeats.after(None), 1)
    return min((moment.send_at for moment in moments), default=None)


def _due_repeats(
    context: _Context, repeats: RepeatingMoments | None, served_until: datetime, now: datetime
) -> list[Moment]:
    if repeats is None or now <= served_until:
        return []
    sent_by_now = takewhile(lambda moment: moment.send_at <= now, repeats.due_after(served_until))
    return [moment for moment in sent_by_now if not context.is_silenced(moment)]


def _latest_missed(
    context: _Context,
    once: list[Moment],
    repeats: RepeatingMoments | None,
    served_until: datetime,
    latest_moment: datetime | None,
) -> Moment | None:
    """The latest moment that would have gone out by `served_until`, unless something as late has been told already."""
    served = [moment for moment in once if moment.send_at <= served_until]
    if repeats is not None:
        first = next(repeats.after(None), None)  # that of an escalation goes out though the later ones are silenced
        ends = (first if first and first.send_at <= served_until else None, repeats.last_due_by(served_until))
        served += [moment for moment in ends if moment and not context.is_silenced(moment)]
    latest = max(served, key=lambda moment: (moment.at, moment.send_at), default=None)
    if latest is None or (latest_moment is not None and _position(latest.kind, latest.at) <= latest_moment):
        return None
    return latest


def _merge(
    context: _Context, due: list[Moment], missed: Moment | None, since: datetime
) -> tuple[list[Reminder], list[Reminder]]:
    """Let one word stand for several: the latest of those that may be merged; the others are recorded."""
    reminders = [context.reminder(moment) for moment in due]
    if missed is not None:
        reminders.append(context.reminder(missed, send_at=since, catching_up=True))
    mergeable = [reminder for reminder in reminders if reminder.kind in MERGEABLE_KINDS or reminder.catching_up]
    if len(mergeable) < 2:
        return reminders, []
    latest = max(mergeable, key=lambda reminder: (reminder.moment, reminder.send_at))
    skipped = [replace(reminder, skipped=reason(latest)) for reminder in mergeable if reminder is not latest]
    kept = [reminder for reminder in reminders if reminder is latest or reminder not in mergeable]
    return kept, sorted(skipped, key=lambda reminder: reminder.moment)[-MAX_SKIPPED_RECORDED:]


def _next_alert_at(
    context: _Context, once: list[Moment], repeats: RepeatingMoments | None, horizon: datetime
) -> datetime | None:
    """When the watch next has something to say, as things stand."""
    coming = [moment.send_at for moment in once if moment.send_at > horizon]
    if repeats is not None:
        found = [moment for moment in islice(repeats.due_after(horizon), 1) if not context.is_silenced(moment)]
        if not found and (end := pause_ends(context.rule, context.tracked)):
            found = list(islice(repeats.due_after(max(horizon, end - ONE_SECOND)), 1))
        coming += [moment.send_at for moment in found]
    return min(coming, default=None)
