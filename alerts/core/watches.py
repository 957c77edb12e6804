"""A watch looks at its commitment: what must be said by now, and when it next has something to say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile

from alerts.core.commitments import Revision, Tracked
from alerts.core.moments import TICK, Firings, Moment, Series, series, single
from alerts.core.reminders import MERGED, Reminder
from alerts.core.rules import Rule

SKIPPED_AT_MOST = 100  # of a long outage, the latest so many merged moments are recorded one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One rule's eye on one commitment.

    `cursor`: all that went out up to here has been served (None: never looked). `since`: when it, its rule or its
    commitment last changed. `changed`: the rule has changed, so look behind the cursor, too. `spoken`: the latest
    moment told under the present bounds; `mark`: those bounds; `revision`: the last change it has seen.
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
    """What came of a look: the watch as it goes on, what is to be said, and what is skipped, with reasons."""

    watch: Watch
    said: tuple[Reminder, ...] = ()
    skipped: tuple[Reminder, ...] = ()


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
        moment = Moment("moved" if revision.what == "moved" else "closed", at, at)
        told = self.reminder(moment, revision=revision.number)
        return replace(told, bounds_version=revision.bounds_version, mark=after.mark)

    def silent(self, moment: Moment) -> bool:
        """Whether an acknowledgement silences a repeat."""
        seen = self.tracked.acknowledged
        return seen is not None and (seen.until is None or moment.send_at < seen.until)


def look(rule: Rule, tracked: Tracked, watch: Watch, now: datetime, firings: Firings) -> Look:
    """Work out what a watch has to say by `now`, and when it is to look again.

    Several missed moments of the kinds in MERGED become one: the latest. Nothing is said twice, whatever the times at
    which it is called; what is new speaks of the latest moment that it missed.
    """
    eye = _Eye(rule, tracked, firings)
    said, skipped = _changes(eye, watch)
    # What went out up to `seen` is served; of what lies before it, only something new is still to be said.
    seen = watch.cursor if watch.cursor is not None else watch.since - TICK
    moved = watch.mark is not None and watch.mark != tracked.bounds.mark
    if moved:  # the new bounds have nothing to say of the time before they were known
        seen = max(seen, watch.since - TICK)
    horizon = max(now, seen)
    next_at = None
    spoken = None if moved else watch.spoken
    if tracked.open:
        once = single(rule, tracked.bounds, firings)
        repeats = series(rule, tracked, firings)
        due = [moment for moment in once if seen < moment.send_at <= now]
        due += _due_repeats(eye, repeats, seen, now)
        missed = None
        if watch.cursor is None or watch.changed or moved:
            missed = _missed(eye, once, repeats, seen, spoken)
        if missed is not None and moved and said:  # the `moved` word itself says where the new bounds stand
            spoken, missed = missed.at, None
        if spoken is not None:  # a cron that is now later means again what has gone out
            due = [moment for moment in due if moment.kind not in MERGED or moment.at > spoken]
        told, merged = _merge(eye, due, missed, watch)
        said, skipped = [*said, *told], [*skipped, *merged]
        spoken = max((at for at in (spoken, *(word.moment for word in told)) if at), default=None)
        next_at = _next(eye, once, repeats, horizon)
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


def _changes(eye: _Eye, watch: Watch) -> tuple[list[Reminder], list[Reminder]]:
    """What has moved or closed since the watch last looked; a new watch has seen all that was before it."""
    if watch.mark is None:
        return [], []
    fresh = [revision for revision in eye.tracked.changes if revision.number > watch.revision]
    moving = eye.rule.remind.moved and (eye.tracked.open or any(revision.what == "closed" for revision in fresh))
    moves = [eye.change(revision) for revision in fresh if revision.what == "moved"] if moving else []
    ends = [eye.change(revision) for revision in fresh if revision.what == "closed"] if eye.rule.remind.closed else []
    if watch.mark == eye.tracked.bounds.mark:
        return ends, [replace(move, skipped="moved there and back before it was told") for move in moves]
    return [*moves, *ends], []


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
        last = repeats.last_gone_out(seen)
        gone += [last] if last and not eye.silent(last) else []
    latest = max(gone, key=lambda moment: (moment.at, moment.send_at), default=None)
    if latest is None or (spoken is not None and latest.at <= spoken):
        return None
    return latest


def _merge(eye: _Eye, due: list[Moment], missed: Moment | None, watch: Watch) -> tuple[list[Reminder], list[Reminder]]:
    """Let one word stand for several: the latest of those that may be merged; the others are recorded."""
    told = [eye.reminder(moment) for moment in due]
    if missed is not None:
        told.append(eye.reminder(missed, send_at=watch.since, catching_up=True))
    mergeable = [word for word in told if word.kind in MERGED or word.catching_up]
    if len(mergeable) < 2:
        return told, []
    latest = max(mergeable, key=lambda word: (word.moment, word.send_at))
    reason = f"merged into the later one of {latest.moment:%Y-%m-%dT%H:%MZ}"
    skipped = [replace(word, skipped=reason) for word in mergeable if word is not latest]
    kept = [word for word in told if word is latest or word not in mergeable]
    return kept, sorted(skipped, key=lambda word: word.moment)[-SKIPPED_AT_MOST:]


def _next(eye: _Eye, once: list[Moment], repeats: Series | None, horizon: datetime) -> datetime | None:
    """When the watch next has something to say, as things stand."""
    coming = [moment.send_at for moment in once if moment.send_at > horizon]
    if repeats is not None:
        seen = eye.tracked.acknowledged
        if seen is None or seen.until is not None:
            start = max(horizon, seen.until - TICK) if seen and seen.until else horizon
            coming += [moment.send_at for moment in islice(repeats.going_out_after(start), 1)]
    return min(coming, default=None)
