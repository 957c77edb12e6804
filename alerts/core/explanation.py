"""Why an alert went out or did not: each moment that a rule means, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from typing import Literal

from alerts.core.known_spans import Span, spans
from alerts.core.notice_answers import end_in
from alerts.core.reminders import Kind
from alerts.core.rules import Rule
from alerts.core.schedule.answers import parse_acknowledgement, pause_ends, resumes_at, resuming_moment, silences
from alerts.core.schedule.evaluation_context import Context
from alerts.core.schedule.moments import ONE_SECOND, Firings, Moment, one_time_moments, repeating_moments
from alerts.core.schedule.unanswered import next_unanswered
from alerts.core.tracked import Acknowledgement, Revision, Tracked
from alerts.deadlines.bounds import Bounds, describe_bounds

MAX_REPEATS_EXPLAINED = 1000  # of a series under the same bounds
NOT_RECORDED = "no tick has recorded it yet"
ALREADY_PAST = "already past when"  # the date, or the rule, was added
Outcome = Literal["sent", "skipped", "scheduled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A reminder that was recorded. `skipped` is the reason why it was not sent, if it was not."""

    kind: Kind
    bounds_version: int
    moment: datetime
    send_at: datetime
    offset: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What became of one moment. `bounds` are those that it was about; `recorded` is its reminder, if there is one."""

    kind: Kind
    moment: datetime
    send_at: datetime
    offset: str | None
    outcome: Outcome
    bounds: Bounds | None = None
    reason: str | None = None
    recorded: Recorded | None = None


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
    """Return what became of each moment of a rule, for a commitment or for one occurrence (`tracked.at(name)`).

    `history` are all its revisions, oldest first; `recorded` its reminders of this rule and occurrence.
    """
    ends = [revision for revision in history if revision.what in ("closed", "reopened")]
    ends = [revision for revision in ends if revision.occurrence in ("", tracked.occurrence)]
    own = [revision for revision in history if revision.occurrence == tracked.occurrence]
    acknowledgements = _Acknowledgements(rule, tracked, own)
    subject = _Subject(rule, tracked, firings, ends, acknowledgements, registered_at, now)
    found = _explain_moments(subject, spans(tracked, history), recorded)
    found = [*found, *_changes(rule, tracked, history, found, registered_at)]
    return sorted(found, key=lambda explanation: (explanation.send_at, explanation.moment))


def _explain_moments(subject: _Subject, spans: Iterable[Span], recorded: Iterable[Recorded]) -> list[Explanation]:
    """Return an explanation of each moment under each of its bounds, and of every other reminder recorded."""
    unused = {(reminder.kind, reminder.bounds_version, reminder.moment): reminder for reminder in recorded}
    found: list[Explanation] = []
    for span in spans:
        about = replace(subject.tracked, bounds=span.bounds)
        horizon = _horizon(span, subject.ends, subject.now)
        moments = (*_moments(subject.rule, about, subject.firings, horizon), *_awaiting_answers(subject, span))
        for moment in dict.fromkeys(moments):
            keys = [(moment.kind, version, moment.at) for version in span.versions]
            reminders = [unused.pop(key) for key in keys if key in unused]
            if not reminders:
                found.append(_explain_unrecorded(subject, span, moment))
            found += [as_recorded(one, span.bounds) for one in reminders]
    return found + [as_recorded(reminder) for reminder in unused.values()]


def _explain_unrecorded(subject: _Subject, span: Span, moment: Moment) -> Explanation:
    outcome, reason = _outcome(subject, span, moment)
    kind, at, send_at, offset = moment.kind, moment.at, moment.send_at, moment.offset
    return Explanation(
        kind=kind, moment=at, send_at=send_at, offset=offset, outcome=outcome, bounds=span.bounds, reason=reason
    )


def _outcome(subject: _Subject, span: Span, moment: Moment) -> tuple[Outcome, str | None]:
    """Return what became of a moment without a record, and why."""
    reason = _reason_not_sent(moment, span, subject)
    if reason is not None:
        return "skipped", reason
    snooze = subject.tracked.snooze
    held_back = snooze and moment.send_at < snooze.until and snooze.at <= subject.now
    if snooze and held_back and subject.now < resumes_at(snooze, span.bounds, subject.firings):
        return "scheduled", f"snoozed by {snooze.by} until {_day(snooze.until)}"
    return ("scheduled", None) if moment.send_at > subject.now else ("skipped", _reason_not_recorded(span, subject))


def _reason_not_recorded(span: Span, subject: _Subject) -> str:
    """Return why no tick has recorded what was due: once its date has moved or it has ended, it does not go out."""
    if span.known_to is not None and span.moved_to is not None:
        return f"moved before an alert went out ({_day(span.known_to)}), to {describe_bounds(span.moved_to)}"
    if not subject.tracked.open:
        return "closed before an alert went out"
    return NOT_RECORDED


def _horizon(span: Span, ends: Sequence[Revision], now: datetime) -> datetime:
    """Return the instant up to which repeats are listed: while the bounds were known and it was open."""
    closed = [some[-1].recorded_at for some in _own_and_of_whole(ends) if some and some[-1].what == "closed"]
    return min([now, *([span.known_to] if span.known_to else []), *closed])


def _closed_at(at: datetime, ends: Sequence[Revision]) -> tuple[Revision, Revision | None] | None:
    """Return the end that held at an instant, and the reopening after it, if there was one."""
    for some in _own_and_of_whole(ends):
        before = [revision for revision in some if revision.recorded_at <= at]
        if before and before[-1].what == "closed":
            later = (revision for revision in some if revision.what == "reopened" and revision.recorded_at > at)
            return before[-1], next(later, None)
    return None


def _own_and_of_whole(ends: Sequence[Revision]) -> tuple[list[Revision], list[Revision]]:
    """Return the ends and reopenings of an occurrence by itself, and those of the whole: neither undoes the other."""
    return [one for one in ends if one.occurrence], [one for one in ends if not one.occurrence]


def _moments(rule: Rule, tracked: Tracked, firings: Firings, horizon: datetime) -> Iterator[Moment]:
    yield from one_time_moments(rule, tracked.bounds, firings)
    repeats = repeating_moments(rule, tracked, firings)
    if repeats is not None:
        past = takewhile(lambda moment: moment.send_at <= horizon, repeats.after(None))
        yield from islice(past, MAX_REPEATS_EXPLAINED)
        yield from islice(repeats.due_after(horizon), 1)


def _awaiting_answers(subject: _Subject, span: Span) -> Iterator[Moment]:
    """Yield what depends on answers: the report that there is none, and what follows an acknowledgement."""
    rule, tracked, firings = subject.rule, replace(subject.tracked, bounds=span.bounds), subject.firings
    if not tracked.open or span.known_to is not None:
        return
    if report := next_unanswered(Context(rule, tracked, firings), subject.now):
        yield report
    repeats = repeating_moments(rule, tracked, firings)
    end = pause_ends(rule, tracked) if repeats else None
    if repeats and end:
        resuming = resuming_moment(rule, tracked, repeats, firings)
        found = [resuming] if resuming else [*islice(repeats.due_after(end - ONE_SECOND), 1)]
        yield from (moment for moment in found if moment.send_at > subject.now)


@dataclass(frozen=True, slots=True)
class _Acknowledgements:
    """The acknowledgements of a commitment, which pause the repeats of a rule for a time."""

    rule: Rule
    tracked: Tracked
    history: Sequence[Revision]

    def by(self, moment: Moment, bounds: Bounds) -> Acknowledgement | None:
        """Return the acknowledgement that silenced a repeat when it was due, or before a tick reached it."""
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


@dataclass(frozen=True, slots=True)
class _Subject:
    """A rule and a commitment, and all that decides about its moments. `ends`: its ends and reopenings."""

    rule: Rule
    tracked: Tracked
    firings: Firings
    ends: Sequence[Revision]
    acknowledgements: _Acknowledgements
    registered_at: datetime
    now: datetime


def _seen(revision: Revision, before: Acknowledgement | None) -> Acknowledgement | None:
    if revision.what == "acknowledged":
        return parse_acknowledgement(revision)
    return None if revision.what in ("moved", "reopened") else before


def _reason_not_sent(moment: Moment, span: Span, subject: _Subject) -> str | None:
    """Return why a moment without a record was not sent; None where it can still be sent."""
    if moment.send_at < span.known_from:
        return f"{ALREADY_PAST} this date was added ({_day(span.known_from)})"
    if moment.send_at < subject.registered_at:
        return f"{ALREADY_PAST} the rule was added ({_day(subject.registered_at)})"
    if span.known_to is not None and span.moved_to is not None and span.known_to <= moment.send_at:
        return f"moved before that ({_day(span.known_to)}), to {describe_bounds(span.moved_to)}"
    if closed := _closed_at(moment.send_at, subject.ends):
        end, reopening = closed
        until = f", reopened after it ({_day(reopening.recorded_at)})" if reopening else ""
        return f"closed before that ({_day(end.recorded_at)}, {end_in(subject.tracked.commitment.kind, end)}){until}"
    if seen := subject.acknowledgements.by(moment, span.bounds):
        return f"acknowledged by {seen.by} ({_day(seen.at)})"
    return None


def _changes(
    rule: Rule,
    tracked: Tracked,
    history: Sequence[Revision],
    explanations: Sequence[Explanation],
    registered_at: datetime,
) -> Iterator[Explanation]:
    """Yield the moves, ends and reopenings without a reminder: the rule does not report them, or is newer."""
    announced = {(explanation.kind, explanation.moment) for explanation in explanations}
    since = max((at for kind, at in announced if kind == "moved"), default=registered_at)
    moves = _moves_to_report(tracked, history, max(since, registered_at))
    reports: Mapping[Kind, bool] = {
        "moved": rule.remind.moved, "closed": rule.remind.closed, "reopened": rule.remind.closed
    }  # fmt: skip
    kinds: Mapping[str, Kind] = {"moved": "moved", "closed": "closed", "reopened": "reopened"}
    for revision in history:
        kind, at = kinds.get(revision.what), revision.recorded_at
        if kind is None or revision.occurrence != tracked.occurrence or (kind, at) in announced:
            continue
        setting = "closed" if kind == "reopened" else kind
        reason = NOT_RECORDED if reports[kind] else f"the rule sends no alert of it: `{setting}` is not set"
        if reports[kind] and _undone(revision, history, explanations):
            reason = "closed and reopened before an alert went out"
        elif reports[kind] and revision in moves:
            reason = _reason_of_move(revision, moves, tracked)
        if reports[kind] and at <= registered_at:
            reason = f"already there when the rule was added ({_day(registered_at)})"
        yield Explanation(kind=kind, moment=at, send_at=at, offset=None, outcome="skipped", reason=reason)


def _moves_to_report(tracked: Tracked, history: Sequence[Revision], since: datetime) -> list[Revision]:
    """Return the moves after an instant, oldest first."""
    moves = [one for one in history if one.what == "moved" and one.occurrence == tracked.occurrence]
    return [one for one in moves if one.recorded_at > since]


def _reason_of_move(move: Revision, moves: Sequence[Revision], tracked: Tracked) -> str:
    """Return why a move is not reported by itself: the next tick reports all that came since the last as one."""
    before = moves[0].before
    if before and before.fingerprint == tracked.bounds.fingerprint:
        return "moved back before an alert went out"
    last = moves[-1]
    return NOT_RECORDED if move is last else f"moved again before an alert went out ({_day(last.recorded_at)})"


def _undone(revision: Revision, history: Sequence[Revision], explanations: Sequence[Explanation]) -> bool:
    """Return whether an end or a reopening was followed by another before an alert went out."""
    if revision.what == "moved":
        return False
    own = [other for other in history if other.occurrence == revision.occurrence]
    announced = {explanation.moment for explanation in explanations if explanation.kind in ("closed", "reopened")}
    if revision.what == "closed":
        return any(other.what == "reopened" and other.number > revision.number for other in own)
    earlier = [other for other in own if other.number < revision.number]
    return any(other.what == "closed" and other.recorded_at not in announced for other in earlier[-1:])


def as_recorded(reminder: Recorded, bounds: Bounds | None = None) -> Explanation:
    """Return what became of a reminder that was recorded; `bounds` are those that it was about, if they are known."""
    return Explanation(
        kind=reminder.kind,
        moment=reminder.moment,
        send_at=reminder.send_at,
        offset=reminder.offset,
        outcome="skipped" if reminder.skipped else "sent",
        bounds=bounds,
        reason=reminder.skipped,
        recorded=reminder,
    )


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"
