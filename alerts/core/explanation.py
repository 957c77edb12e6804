"""Why something was said or was not: each moment that a rule means, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Literal

from alerts.core.reminders import Kind
from alerts.core.rules import Rule
from alerts.core.schedule.answers import parse_acknowledgement, resumes_at, silences
from alerts.core.schedule.moments import Firings, Moment, one_time_moments, repeating_moments
from alerts.core.tracked import Acknowledgement, Revision, Tracked
from alerts.deadlines.bounds import Bounds, describe_bounds, occurrence_bounds
from alerts.deadlines.errors import InputError

MAX_REPEATS_EXPLAINED = 1000  # of a series under the same bounds
Outcome = Literal["sent", "skipped", "scheduled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A reminder that was written down; `skipped` is the reason where it was not said."""

    kind: Kind
    bounds_version: int
    moment: datetime
    send_at: datetime
    offset: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What became of one moment. `recorded` is there where it was written down."""

    kind: Kind
    moment: datetime
    send_at: datetime
    offset: str | None
    outcome: Outcome
    reason: str | None = None
    recorded: Recorded | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """Bounds, and the time for which they were the ones that were known.

    `versions`: those that they had meanwhile; of an occurrence, the version rises with every move of the whole, too.
    """

    bounds: Bounds
    versions: range
    known_from: datetime
    known_to: datetime | None = None
    moved_to: Bounds | None = None


def explain(
    rule: Rule,
    tracked: Tracked,
    history: Sequence[Revision],
    recorded: Iterable[Recorded],
    firings: Firings,
    *,
    registered_at: datetime,
    now: datetime,
) -> list[Explanation]:
    """Tell of a commitment, or of one occurrence (`tracked.at(name)`), what became of each moment of a rule.

    `history` are all its revisions, oldest first; `recorded` its reminders of this rule and occurrence.
    """
    written = {(reminder.kind, reminder.bounds_version, reminder.moment): reminder for reminder in recorded}
    ends = [one for one in history if one.what in ("closed", "reopened")]
    ends = [one for one in ends if one.occurrence in ("", tracked.occurrence)]
    acknowledgements = _Acknowledgements(
        rule, tracked, [one for one in history if one.occurrence == tracked.occurrence]
    )
    found: list[Explanation] = []
    for span in _spans(tracked, history):
        for moment in _moments(rule, replace(tracked, bounds=span.bounds), firings, _horizon(span, ends, now)):
            keys = [(moment.kind, version, moment.at) for version in span.versions]
            reminders = [written.pop(key) for key in keys if key in written]
            if reminders:
                found += map(_from_recorded, reminders)
                continue
            reason = _reason_not_sent(moment, span, ends, acknowledgements, registered_at)
            outcome: Outcome = "scheduled" if reason is None and moment.send_at > now else "skipped"
            if reason is None and (snooze := tracked.snooze) and moment.send_at < snooze.until:
                resumes = resumes_at(snooze, span.bounds, firings)
                if now < resumes and snooze.at <= now:
                    outcome, reason = "scheduled", f"snoozed by {snooze.by} until {_day(snooze.until)}"
            reason = reason or (None if outcome == "scheduled" else "no tick has recorded it yet")
            found.append(
                Explanation(
                    kind=moment.kind, moment=moment.at, send_at=moment.send_at, offset=moment.offset,
                    outcome=outcome, reason=reason,
                )
            )  # fmt: skip
    found += [_from_recorded(reminder) for reminder in written.values()]
    found += _changes(rule, tracked, history, found, registered_at)
    return sorted(found, key=lambda one: (one.send_at, one.moment))


def _spans(tracked: Tracked, history: Sequence[Revision]) -> list[_Span]:
    """Which bounds were known when; of an occurrence, its own."""
    found: list[_Span] = []
    alone = False  # moved by itself, it stays where it is when the whole moves
    ahead = 0  # reopened by itself, its version is ahead of that of the whole
    for revision in history:
        after = _bounds_after(revision, tracked.occurrence)
        ahead += revision.what == "reopened" and revision.occurrence != ""
        if found and (revision.after is not None or revision.what == "reopened"):
            span = found[-1]
            stop = max(span.versions.stop, revision.bounds_version + 1 + ahead)
            found[-1] = replace(span, versions=range(span.versions.start, stop))
        if after is None:
            alone = alone and (revision.occurrence != "" or revision.after is None)
            continue
        alone = alone or revision.occurrence != ""
        if found and ((alone and not revision.occurrence) or found[-1].bounds.fingerprint == after.fingerprint):
            continue
        version = revision.bounds_version
        if found:
            known = range(found[-1].versions.start, version)
            found[-1] = replace(found[-1], versions=known, known_to=revision.recorded_at, moved_to=after)
        found.append(_Span(after, range(version, version + 1), revision.recorded_at))
    return found


def _bounds_after(revision: Revision, name: str) -> Bounds | None:
    if revision.after is None or revision.occurrence not in ("", name):
        return None
    if not name or revision.occurrence:
        return None if name == "" and revision.after.recurrence else revision.after
    try:
        return occurrence_bounds(revision.after, name) if revision.after.recurrence else None
    except InputError:
        return None


def _horizon(span: _Span, ends: Sequence[Revision], now: datetime) -> datetime:
    """Up to where repeats are listed: as long as the bounds were known, and it was open."""
    closed = [ends[-1].recorded_at] if ends and ends[-1].what == "closed" else []
    return min([now, *([span.known_to] if span.known_to else []), *closed])


def _closed_at(at: datetime, ends: Sequence[Revision]) -> tuple[Revision, Revision | None] | None:
    """The end that held at an instant, and the reopening after it, if there was one."""
    before = [one for one in ends if one.recorded_at <= at]
    if not before or before[-1].what != "closed":
        return None
    return before[-1], next((one for one in ends if one.what == "reopened" and one.recorded_at > at), None)


def _moments(rule: Rule, tracked: Tracked, firings: Firings, horizon: datetime) -> Iterator[Moment]:
    yield from one_time_moments(rule, tracked.bounds, firings)
    repeats = repeating_moments(rule, tracked, firings)
    if repeats is not None:
        gone = takewhile(lambda moment: moment.send_at <= horizon, repeats.after(None))
        yield from islice(gone, MAX_REPEATS_EXPLAINED)
        yield from islice(repeats.due_after(horizon), 1)


@dataclass(frozen=True, slots=True)
class _Acknowledgements:
    """Acknowledgements, and the times for which each of them silences repeats."""

    rule: Rule
    tracked: Tracked
    history: Sequence[Revision]

    def by(self, moment: Moment, bounds: Bounds) -> Acknowledgement | None:
        """Who had acknowledged when a repeat should have gone out, or before a tick came to it."""
        seen: Acknowledgement | None = None
        for revision in self.history:
            late = revision.recorded_at > moment.send_at
            if late and (seen is not None or revision.what == "moved"):
                break
            if revision.what == "unacknowledged" and seen is not None:
                seen = replace(seen, until=revision.recorded_at)
            else:
                seen = _seen(revision, seen)
        about = replace(self.tracked, bounds=bounds, acknowledged=seen)
        return seen if silences(self.rule, about, moment.kind, moment.at, moment.send_at) else None


def _seen(revision: Revision, before: Acknowledgement | None) -> Acknowledgement | None:
    if revision.what == "acknowledged":
        return parse_acknowledgement(revision)
    return None if revision.what in ("moved", "reopened") else before


def _reason_not_sent(
    moment: Moment, span: _Span, ends: Sequence[Revision], acknowledgements: _Acknowledgements, registered_at: datetime
) -> str | None:
    """Why a moment that was not written down was not said; nothing where it is still to come."""
    if moment.send_at < span.known_from:
        return f"had gone by when this date was recorded ({_day(span.known_from)})"
    if moment.send_at < registered_at:
        return f"had gone by when the rule was registered ({_day(registered_at)})"
    if span.known_to is not None and span.moved_to is not None and span.known_to <= moment.send_at:
        return f"moved before that ({_day(span.known_to)}), to {describe_bounds(span.moved_to)}"
    if closed := _closed_at(moment.send_at, ends):
        end, again = closed
        until = f", reopened after it ({_day(again.recorded_at)})" if again else ""
        return f"closed before that ({_day(end.recorded_at)}, {end.detail}){until}"
    if seen := acknowledgements.by(moment, span.bounds):
        return f"acknowledged by {seen.by} ({_day(seen.at)})"
    return None


def _changes(
    rule: Rule, tracked: Tracked, history: Sequence[Revision], found: Sequence[Explanation], registered_at: datetime
) -> Iterator[Explanation]:
    """Moves and ends that the rule was not asked to tell of, or that were there before it."""
    announced = {(one.kind, one.moment) for one in found}
    tells: Mapping[Kind, bool] = {
        "moved": rule.remind.moved, "closed": rule.remind.closed, "reopened": rule.remind.closed
    }  # fmt: skip
    kinds: Mapping[str, Kind] = {"moved": "moved", "closed": "closed", "reopened": "reopened"}
    for revision in history:
        kind, at = kinds.get(revision.what), revision.recorded_at
        if kind is None or revision.occurrence != tracked.occurrence or (kind, at) in announced:
            continue
        setting = "closed" if kind == "reopened" else kind
        reason = "no tick has recorded it yet" if tells[kind] else f"the rule does not say so: `{setting}: true`"
        if tells[kind] and _undone(revision, history, found):
            reason = "closed and reopened before it was told"
        if tells[kind] and at <= registered_at:
            reason = f"was there when the rule was registered ({_day(registered_at)})"
        yield Explanation(kind=kind, moment=at, send_at=at, offset=None, outcome="skipped", reason=reason)


def _undone(revision: Revision, history: Sequence[Revision], found: Sequence[Explanation]) -> bool:
    """Return whether an end or a reopening was followed by another before an alert went out."""
    if revision.what == "moved":
        return False
    later = [one for one in history if one.number > revision.number and one.occurrence == revision.occurrence]
    earlier = [one for one in history if one.number < revision.number and one.occurrence == revision.occurrence]
    announced = {one.moment for one in found if one.kind in ("closed", "reopened")}
    if revision.what == "closed":
        return any(one.what == "reopened" for one in later)
    return any(one.what == "closed" and one.recorded_at not in announced for one in earlier[-1:])


def _from_recorded(reminder: Recorded) -> Explanation:
    return Explanation(
        kind=reminder.kind,
        moment=reminder.moment,
        send_at=reminder.send_at,
        offset=reminder.offset,
        outcome="skipped" if reminder.skipped else "sent",
        reason=reminder.skipped,
        recorded=reminder,
    )


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"
