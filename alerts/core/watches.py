"""A watch looks at its commitment: what must be said by now, and when it next has something to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from alerts.core.answers import pause_ends, resumes_at, resumption, silences
from alerts.core.commitments import Revision, Tracked
from alerts.core.merging import reason
from alerts.core.moments import TICK, Firings, Moment, Series, series, single
from alerts.core.occurrences import before_moves, exists, kept, names, passed
from alerts.core.reminders import MERGED, REPEATED, Kind, Reminder
from alerts.core.reopening import Ends, ended_by
from alerts.core.rules import Rule

JUST_AFTER = timedelta(microseconds=1)  # moments lie on whole seconds
SKIPPED_AT_MOST = 100  # of a long outage, the latest so many merged moments are recorded one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One rule's eye on one commitment, or on one occurrence of it; what recurs has one eye that opens the others.

    `cursor`: all that went out up to here has been served (None: never looked). `since`: when it became there, or its
    rule last changed. `changed`: the rule has changed, so look behind the cursor, too. `spoken`: the latest
    moment told under the present bounds (of what recurs: the last occurrence that has a watch); `mark`: those bounds;
    `revision`: the last change it has seen.
    """

    rule: str
    commitment_id: int
    occurrence: str = ""
    since: datetime
    next_at: datetime | None = None
    cursor: datetime | None = None
    spoken: datetime | None = None
    mark: str | None = None
    revision: int = 0
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look: the watch as it goes on, what is to be said, and what is skipped, with reasons.

    `unfolded`: watches for occurrences that have something to say by now, to be looked at next.
    """

    watch: Watch
    said: tuple[Reminder, ...] = ()
    skipped: tuple[Reminder, ...] = ()
    unfolded: tuple[Watch, ...] = ()


@dataclass(frozen=True, slots=True)
class _Eye:
    rule: Rule
    tracked: Tracked
    firings: Firings

    def reminder(self, moment: Moment, **more: object) -> Reminder:
        """Phrase a moment as something to be said of the present bounds."""
        told = Reminder(
            rule=self.rule.name,
            commitment=self.tracked.commitment.key,
            commitment_id=self.tracked.id,
            occurrence=self.tracked.occurrence,
            bounds_version=self.tracked.bounds_version,
            mark=self.tracked.bounds.mark,
            kind=moment.kind,
            moment=moment.at,
            send_at=moment.send_at,
            offset=moment.offset,
            early=moment.early,
        )
        return replace(told, **more) if more else told  # type: ignore[arg-type]  # keyword by keyword above

    def change(self, revision: Revision) -> Reminder:
        """Phrase a revision: it goes out at once."""
        after = revision.after or self.tracked.bounds
        at = revision.recorded_at
        kinds: dict[str, Kind] = {"moved": "moved", "reopened": "reopened"}
        moment = Moment(kinds.get(revision.what, "closed"), at, at)
        told = self.reminder(moment, revision=revision.number, occurrence=revision.occurrence)
        return replace(told, bounds_version=revision.bounds_version, mark=after.mark)

    def silent(self, moment: Moment) -> bool:
        """Whether an acknowledgement silences a repeat."""
        return silences(self.rule, self.tracked, moment.kind, moment.at, moment.send_at)


@dataclass(frozen=True, slots=True)
class _Anew:
    """What has changed since a watch looked: whether a word says so, what was missed, and up to where that lies."""

    moved: bool
    reopened: bool
    told: bool
    missed: bool
    seen: datetime
    spoken: datetime | None


def look(rule: Rule, tracked: Tracked, watch: Watch, now: datetime, firings: Firings) -> Look:
    """Work out what a watch has to say by `now`, and when it is to look again.

    Several missed moments of the kinds in MERGED become one: the latest. Nothing is said twice, whatever the times at
    which it is called; what is new speaks of the latest moment that it missed.
    """
    moved = watch.mark is not None and watch.mark != tracked.bounds.mark
    if moved:  # whoever has seen the old date has not seen the new one
        tracked = replace(tracked, acknowledged=tracked.seen)
    reopened = _reopened(tracked, watch)
    if reopened:
        tracked = ended_by(reopened, tracked)
    eye = _Eye(rule, tracked, firings)
    said, skipped = _changes(eye, watch)
    if tracked.recurs:
        return _unfold(eye, watch, now, Look(watch, tuple(said), tuple(skipped)))
    # What went out up to `seen` is served; of what lies before it, only something new is still to be said.
    since = (tracked.stated_at or watch.since) if moved else watch.since
    seen = watch.cursor if watch.cursor is not None else since - TICK
    if reopened:
        since = max(since, reopened.recorded_at) if moved else reopened.recorded_at
    if moved or reopened:  # the new bounds have nothing to say of the time before they were known
        seen = max(seen, since - TICK)
    resumes = resumes_at(tracked.snooze, tracked.bounds, firings) if tracked.open and tracked.snooze else None
    horizon = max(now, seen)
    next_at = None
    spoken = None if moved else watch.spoken
    if tracked.open:
        once = single(rule, tracked.bounds, firings)
        repeats = series(rule, tracked, firings)
        again = resumption(rule, tracked, repeats, firings) if repeats else None
        once += [again] if again else []
        due = [moment for moment in once if seen < moment.send_at <= now]
        due += _due_repeats(eye, repeats, seen, now)
        missed = None
        if watch.cursor is None or watch.changed or moved or reopened:
            missed = _missed(eye, once, repeats, seen, spoken)
        told_of = (moved and _tells_of_move(eye, watch)) or _tells_of_reopening(eye, watch)
        if missed is not None and told_of:  # that word says where the new bounds stand
            spoken, missed = _place(missed.kind, missed.at), None
        if resumes is not None and now < resumes:
            anew = _Anew(moved, reopened is not None, told_of, missed is not None, seen, spoken)
            return Look(_held(eye, watch, resumes, anew), tuple(said), tuple(skipped))
        if spoken is not None:  # a cron that is now later means again what has gone out
            due = [moment for moment in due if moment.kind == "opens" or _place(moment.kind, moment.at) > spoken]
        told, merged = _merge(eye, due, missed, since)
        if resumes is not None and seen < resumes:
            told = [_after_snooze(word, resumes, early=resumes < _end_of_snooze(tracked)) for word in told]
        said, skipped = [*said, *told], [*skipped, *merged]
        spoken = max((at for at in (spoken, *(_place(word.kind, word.moment) for word in told)) if at), default=None)
        next_at = _next(eye, once, repeats, horizon)
    elif moved and any(word.kind == "moved" for word in said):  # it stands for what the new bounds had missed
        spoken = _stood_for(eye, replace(watch, since=since, occurrence=""))
    after = replace(
        watch,
        cursor=horizon,
        next_at=next_at,
        spoken=spoken,
        mark=tracked.bounds.mark,
        revision=tracked.revision,
        changed=False,
    )
    return Look(after, tuple(said), tuple(skipped))


def _held(eye: _Eye, watch: Watch, resumes: datetime, anew: _Anew) -> Watch:
    """The watch while a snooze lasts: what goes out meanwhile is not served, so the latest of it is told at the end.

    What new bounds, or a reopening, had missed is told then, too, unless a word of the change says it.
    """
    after = replace(watch, next_at=resumes, mark=eye.tracked.bounds.mark, revision=eye.tracked.revision)
    if anew.told:
        return replace(after, cursor=anew.seen, spoken=anew.spoken, changed=False)
    if anew.moved:
        return replace(after, mark=watch.mark)
    return replace(after, cursor=anew.seen, changed=anew.missed) if anew.reopened else after


def _after_snooze(word: Reminder, resumes: datetime, *, early: bool) -> Reminder:
    """A word that a snooze has held back goes out when that ends."""
    return replace(word, send_at=resumes, early=word.early or early) if word.send_at < resumes else word


def _end_of_snooze(tracked: Tracked) -> datetime:
    assert tracked.snooze is not None
    return tracked.snooze.until


def _changes(eye: _Eye, watch: Watch) -> tuple[list[Reminder], list[Reminder]]:
    """What has moved or closed since the watch last looked; a new watch has seen all that was before it."""
    if watch.mark is None:
        return [], []
    fresh = [revision for revision in _unseen(eye, watch) if revision.occurrence == eye.tracked.occurrence]
    moving = eye.rule.remind.moved and (eye.tracked.open or any(revision.what == "closed" for revision in fresh))
    moves = [eye.change(revision) for revision in fresh if revision.what == "moved"] if moving else []
    told = Ends.among(fresh, eye.tracked.occurrence).told(eye.tracked) if eye.rule.remind.closed else ()
    ends = [eye.change(revision) for revision in told]
    if _tells_of_reopening(eye, watch):  # that word says where it stands
        return ends, [replace(move, skipped="told with the reopening") for move in moves]
    if watch.mark == eye.tracked.bounds.mark:
        return ends, [replace(move, skipped="moved there and back before it was told") for move in moves]
    if len(moves) < 2:
        return [*moves, *ends], []
    *early, last = moves  # told as one, from the old date to the present one
    merged = [replace(move, skipped=reason(last)) for move in early]
    return [replace(last, first_revision=moves[0].revision), *ends], merged


def _tells_of_move(eye: _Eye, watch: Watch) -> bool:
    """Whether a word of the move goes out: by this watch or, for an occurrence, by the one of the whole."""
    return eye.rule.remind.moved and any(revision.what == "moved" for revision in _unseen(eye, watch))


def _reopened(tracked: Tracked, watch: Watch) -> Revision | None:
    """The reopening that a watch has not seen, of what was closed when it last looked."""
    if watch.mark is None:
        return None
    unseen = [revision for revision in tracked.changes if revision.number > watch.revision]
    return Ends.among(unseen, tracked.occurrence).reopening(tracked)


def _tells_of_reopening(eye: _Eye, watch: Watch) -> bool:
    """Whether a word of the reopening goes out by this watch; that of a recurrence says nothing of each occurrence."""
    ends = Ends.among(_unseen(eye, watch), eye.tracked.occurrence) if watch.mark is not None else Ends(own=())
    return eye.rule.remind.closed and any(one.what == "reopened" for one in ends.told(eye.tracked))


def _place(kind: Kind, at: datetime) -> datetime:
    """Where a moment stands among those told: what is late comes after the day itself, where both begin at once."""
    return at + JUST_AFTER if kind in REPEATED else at


def _unseen(eye: _Eye, watch: Watch) -> list[Revision]:
    return [revision for revision in eye.tracked.changes if revision.number > watch.revision]


def _unfold(eye: _Eye, watch: Watch, now: datetime, told: Look) -> Look:
    """Give each occurrence that has something to say by `now` a watch of its own, and wake for the next one.

    It makes no difference to what is said when that happens: an occurrence that nobody watched had nothing to say up to
    the cursor. What had passed when the recurrence was stated is history; what was tracked before a move stays so.
    """
    tracked, recurs = eye.tracked, eye.tracked.bounds.recurrence
    assert recurs is not None
    moved = watch.mark is not None and watch.mark != tracked.bounds.mark
    anew = watch.cursor is None or watch.changed or moved
    last = None if anew else watch.spoken
    since = (tracked.stated_at or watch.since) if moved else watch.since
    told_of = moved and _tells_of_move(eye, watch)  # that word stands for what is missed
    reopened = _reopened(tracked, watch)  # what came while it was closed is missed, too
    if reopened and not moved:
        since = reopened.recorded_at
    fresh = Watch(
        rule=watch.rule,
        commitment_id=watch.commitment_id,
        since=since,
        next_at=now,
        cursor=None if anew or reopened else watch.cursor,
        revision=tracked.revision,
    )
    before = before_moves(tracked, watch.revision, watch.spoken) if watch.mark is not None else None

    def start(name: str) -> Watch:
        own = replace(fresh, occurrence=name)
        if moved:  # of several moves since the last look, one that left it alone is none of its own
            known = tracked.at(name).stated_at or since
            own = replace(own, since=known, cursor=known - TICK if told_of else None)
        mark = before.mark(name) if before and anew else None
        served = None if watch.changed else watch.cursor
        if mark:
            return replace(own, cursor=served, mark=mark, revision=watch.revision)
        return replace(own, spoken=_stood_for(eye, own)) if moved and told_of else own

    unfolded = _told_by_themselves(eye, watch, start, anew=anew and tracked.open)
    for name in kept(tracked, before) if tracked.open and before else ():
        unfolded.setdefault(name, start(name))
    next_at = None
    for name in names(tracked, last) if tracked.open else ():
        one = tracked.at(name)
        here = tracked.occurrences.get(name)
        if here is not None and here.bounds is not None:  # moved by itself: `_told_by_themselves` has seen to it
            continue
        wake = first = _first_word(eye, one)
        if wake is None:
            wake = one.bounds.latest  # of what has no moment, when it has passed
        if wake is None or wake > now:
            next_at = wake
            break
        if first is not None:
            unfolded.setdefault(name, start(name))
        last = recurs.order(name)
    after = replace(
        watch,
        cursor=now if watch.cursor is None else max(now, watch.cursor),
        next_at=next_at,
        spoken=last,
        mark=tracked.bounds.mark,
        revision=tracked.revision,
        changed=False,
    )
    return replace(told, watch=after, unfolded=tuple(unfolded.values()))


def _stood_for(eye: _Eye, own: Watch) -> datetime | None:
    """The latest moment of an occurrence for which the word of a move stands: a reopening does not say it either."""
    one = eye.tracked.at(own.occurrence)
    repeats = series(eye.rule, one, eye.firings)
    missed = _missed(
        replace(eye, tracked=one), single(eye.rule, one.bounds, eye.firings), repeats, own.since - TICK, None
    )
    return _place(missed.kind, missed.at) if missed else None


def _told_by_themselves(eye: _Eye, watch: Watch, start: Callable[[str], Watch], *, anew: bool) -> dict[str, Watch]:
    """Watches for occurrences that have moved or ended by themselves, perhaps long before they speak."""
    changes: dict[str, list[Revision]] = {}
    for change in _unseen(eye, watch) if watch.mark is not None else ():
        if exists(eye.tracked, change.occurrence):
            changes.setdefault(change.occurrence, []).append(change)
    moved = [name for name, here in eye.tracked.occurrences.items() if here.bounds is not None] if anew else []
    found = {name: start(name) for name in moved if exists(eye.tracked, name)}
    for name, mine in changes.items():
        own, now = start(name), eye.tracked.at(name).bounds.mark
        mark = own.mark or (mine[0].before.mark if mine[0].before else now)
        found[name] = replace(own, mark=mark, revision=watch.revision)
        if mark == now and mine[-1].what == "moved" and passed(eye.tracked, name):
            del found[name]  # it was history, and has only moved there and back since
    return found


def _first_word(eye: _Eye, one: Tracked) -> datetime | None:
    """When the rule first speaks of an occurrence, whatever was served before.

    So it rises from one occurrence to the next: where one has nothing to say yet, neither have those after it.
    """
    moments = single(eye.rule, one.bounds, eye.firings)
    if (repeats := series(eye.rule, one, eye.firings)) is not None:
        moments += islice(repeats.after(None), 1)
    return min((moment.send_at for moment in moments), default=None)


def _due_repeats(eye: _Eye, repeats: Series | None, seen: datetime, now: datetime) -> list[Moment]:
    if repeats is None or now <= seen:
        return []
    gone_out = takewhile(lambda moment: moment.send_at <= now, repeats.going_out_after(seen))
    return [moment for moment in gone_out if not eye.silent(moment)]


def _missed(
    eye: _Eye, once: list[Moment], repeats: Series | None, seen: datetime, spoken: datetime | None
) -> Moment | None:
    """The latest moment that would have gone out by `seen`, unless something as late has been told already."""
    gone = [moment for moment in once if moment.send_at <= seen]
    if repeats is not None:
        first = next(repeats.after(None), None)  # that of an escalation goes out though the later ones are silenced
        ends = (first if first and first.send_at <= seen else None, repeats.last_gone_out(seen))
        gone += [moment for moment in ends if moment and not eye.silent(moment)]
    latest = max(gone, key=lambda moment: (moment.at, moment.send_at), default=None)
    if latest is None or (spoken is not None and _place(latest.kind, latest.at) <= spoken):
        return None
    return latest


def _merge(
    eye: _Eye, due: list[Moment], missed: Moment | None, since: datetime
) -> tuple[list[Reminder], list[Reminder]]:
    """Let one word stand for several: the latest of those that may be merged; the others are recorded."""
    told = [eye.reminder(moment) for moment in due]
    if missed is not None:
        told.append(eye.reminder(missed, send_at=since, catching_up=True))
    mergeable = [word for word in told if word.kind in MERGED or word.catching_up]
    if len(mergeable) < 2:
        return told, []
    latest = max(mergeable, key=lambda word: (word.moment, word.send_at))
    skipped = [replace(word, skipped=reason(latest)) for word in mergeable if word is not latest]
    kept = [word for word in told if word is latest or word not in mergeable]
    return kept, sorted(skipped, key=lambda word: word.moment)[-SKIPPED_AT_MOST:]


def _next(eye: _Eye, once: list[Moment], repeats: Series | None, horizon: datetime) -> datetime | None:
    """When the watch next has something to say, as things stand."""
    coming = [moment.send_at for moment in once if moment.send_at > horizon]
    if repeats is not None:
        found = [moment for moment in islice(repeats.going_out_after(horizon), 1) if not eye.silent(moment)]
        if not found and (end := pause_ends(eye.rule, eye.tracked)):
            found = list(islice(repeats.going_out_after(max(horizon, end - TICK)), 1))
        coming += [moment.send_at for moment in found]
    return min(coming, default=None)
