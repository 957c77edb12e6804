"""From a reminder to what templates see of it: its status now, how certain its date is, its data cleaned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from heapq import merge
from itertools import chain, islice, repeat, takewhile
from types import MappingProxyType
from typing import Any

from alerts.core.commitments import ENDS, NOTICE_ANSWERS, Citation, Commitment, Party, Source
from alerts.core.notice_answers import answer_in, end_in
from alerts.core.notifications import Notification, ReminderContext
from alerts.core.stages import stage_of
from alerts.core.tracked import Occurrence, Revision, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.durations import parse_lead
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import references
from alerts.deadlines.grammar import parse
from alerts.deadlines.points import Point
from alerts.deadlines.recurrence import Recurrence
from alerts.deadlines.resolution import ROLLED_FROM
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.wording import UNDATED_TEXTS
from alerts.rendering.answer_facts import acknowledged, own_snoozes, sent, silence, snoozed
from alerts.rendering.fact_parts import (
    Certainty,
    ChangeFacts,
    SourceFacts,
    Standing,
    Window,
)
from alerts.rendering.shell_commands import commands
from alerts.rendering.template_facts import Facts
from alerts.rendering.template_filters import clean, known_zone, line, on_day
from alerts.rendering.timeline import DAYS

UNDATED: tuple[Certainty, ...] = ("not stated", "to be decided", "explicitly none")


def facts(notification: Notification) -> tuple[Facts, ...]:
    """Return the facts of each reminder."""
    reader = known_zone(notification.zone)
    return tuple(
        _facts(context, notification.now, reader, notification.answer_url(context)) for context in notification.contexts
    )


def _facts(context: ReminderContext, now: datetime, reader: str, answer_url: str | None) -> Facts:
    cited = tuple(_sources(context))
    return Facts(
        **_identity(context),
        **_sending(context, now),
        **_dates(context, now, reader),
        **_answers(context, now),
        source=cited[0] if cited else None,
        sources=cited,
        reader=reader,
        now=now,
        commands=commands(context),
        is_test=context.is_test,
        answer_url=answer_url,
    )


def _identity(context: ReminderContext) -> dict[str, Any]:
    """Return which commitment it is, and who is concerned."""
    commitment = context.tracked.commitment
    return {
        "key": line(commitment.key) or "?",
        "title": line(commitment.title) or "(untitled)",
        "what": "obligation" if commitment.kind == "notice" else commitment.kind,
        "priority": commitment.priority,
        "status": commitment.status,
        "ended": _ended(context),
        "owner": line(context.owner.name if context.owner else commitment.owner),
        "tags": _lines(commitment.tags),
        "tracked_since": context.tracked.recorded_at,
        "by": _lines(_names(context.by, commitment.by)),
        "to": _lines(_names(context.to, commitment.to)),
        "note": clean(commitment.note).strip() or None if commitment.note else None,
    }


def _sending(context: ReminderContext, now: datetime) -> dict[str, Any]:
    """Return which reminder it is, and when it goes out."""
    reminder = context.reminder
    return {
        "kind": reminder.kind,
        "occurrence": line(reminder.occurrence) or "",
        "rule": line(reminder.rule) or "?",
        "offset": line(reminder.offset),
        "lead": _lead(line(reminder.offset)),
        "moment": reminder.moment,
        "send_at": reminder.send_at,
        "early": reminder.early,
        "hours_begin": context.hours_begin if context.hours_begin and context.hours_begin > now else None,
        "catching_up": reminder.catching_up,
        "late_by": reminder.late_by(now),
        "next_alert_at": context.next_alert_at,
        "following": context.tracked.following,
    }


def _dates(context: ReminderContext, now: datetime, reader: str) -> dict[str, Any]:
    """Return the deadline, its dates, and where now is relative to them."""
    commitment, bounds = context.tracked.commitment, context.tracked.bounds
    window = window_of(bounds, now, context.tracked.occurrences)
    standing = _standing(window, now)
    counted = window.first if standing == "opened" else window.counted
    counting_zone = (counted.zone or "UTC") if counted else reader
    today = on_day(now, counting_zone)
    return {
        "deadline": line(commitment.deadline) or "?",
        "window": window,
        "earliest": bounds.earliest,
        "latest": bounds.latest,
        "zone": bounds.zone,
        "today": today,
        "counting_zone": counting_zone,
        "days": (counted.date - today).days if counted else 0,
        "standing": standing,
        "opened": bool(bounds.opens and bounds.first and bounds.first.counted_start <= now),
        "stage": stage_of(bounds, now),
        "depends_on": _lines(_dependencies(commitment)) if window.certainty == "open" else (),
        "explanation": _lines(bounds.explanation),
        "assumptions": _lines(dict.fromkeys((*commitment.assumptions, *bounds.assumptions))),
    }


def _answers(context: ReminderContext, now: datetime) -> dict[str, Any]:
    """Return the answers so far, and the change that is reported."""
    return {
        "acknowledged": acknowledged(context),
        "snoozed": snoozed(context.tracked, now),
        "own_snoozes": own_snoozes(context, now),
        "unanswered": tuple(map(sent, context.unanswered)),
        "silence": silence(context, now),
        "change": _change(context.change, context.tracked, now) if context.change else None,
    }


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(found for text in texts if (found := line(text)))


def window_of(bounds: Bounds, now: datetime, occurrences: Mapping[str, Occurrence] = MappingProxyType({})) -> Window:
    """Return the dates of a deadline as templates see them; `occurrences` are those that were moved or closed."""
    recurs = bounds.recurrence
    coming = _coming(bounds, recurs, now, occurrences) if recurs else ()
    return Window(
        first=bounds.first,
        last=bounds.last,
        named=bounds.named,
        form=bounds.form,
        certainty=_certainty(bounds),
        recurs=recurs.to_text if recurs else None,
        coming=coming[:3],
        charted=coming,
    )


def _coming(
    bounds: Bounds, recurs: Recurrence, now: datetime, occurrences: Mapping[str, Occurrence]
) -> tuple[Point, ...]:
    """Return what a chart has room for of a series, and at least the next three."""
    own = {name: one for name, one in occurrences.items() if recurs.has(name)}
    moved = [
        point
        for one in own.values()
        if one.bounds and one.status == "open" and (point := one.bounds.named or one.bounds.last or one.bounds.first)
    ]
    if recurs.open_name:
        return tuple(moved[-1:]) or (recurs.point(recurs.open_name),)
    ahead = sorted((point for point in moved if point.counted_end > now), key=_by_date)
    gone = {name for name, one in own.items() if one.bounds or one.status != "open"}
    points, end = merge(_points(bounds, recurs, now, gone), ahead, key=_by_date), now.toordinal() + DAYS
    return (*islice(points, 3), *takewhile(lambda point: point.date.toordinal() <= end, points))


def _by_date(point: Point) -> date:
    return point.date


def _points(bounds: Bounds, recurs: Recurrence, now: datetime, gone: Collection[str]) -> Iterator[Point]:
    """Yield the days from which the leads of coming occurrences count, but for those that were moved or closed.

    Those of a series by itself are before any roll.
    """
    if not isinstance(recurs, DependentSeries):
        yield from (recurs.point(name) for name in recurs.names(now.replace(tzinfo=None)) if name not in gone)
        return
    for name in recurs.names_about(now):
        named = occurrence_bounds(bounds, name).named if name not in gone else None
        if named and named.counted_end > now:
            yield named


def _certainty(bounds: Bounds) -> Certainty:
    if bounds.recurrence is not None:
        return "recurring"
    if bounds.first is None and bounds.last is None:
        return next((known for known in UNDATED if UNDATED_TEXTS.get(known) in bounds.explanation), "open")
    if bounds.last is None:
        return "no end"
    if bounds.opens:
        return "window"
    rolled = any(text.startswith(ROLLED_FROM) for text in bounds.explanation)
    return "stated" if bounds.form in ("on", "by", "until") and not rolled else "worked out"


def _standing(window: Window, now: datetime) -> Standing:
    """Return where now is relative to the window. In an unknown zone days are UTC's; past means past everywhere."""
    first, last, named = window.first, window.last, window.named
    if last is not None:
        if now >= last.end:
            return "past"
        begun = now >= last.counted_start or on_day(now, last.zone or "UTC") == last.date
        return "today" if begun else "ahead"
    if first is None:
        return "undated"
    if now >= first.counted_start:
        return "opened"
    if window.form != "after" or named is None:
        return "opens"
    return "holds_today" if on_day(now, named.zone or "UTC") == named.date else "holds"


def _ended(context: ReminderContext) -> str | None:
    if context.tracked.commitment.status != "open":
        return context.tracked.ended_as
    if context.reminder.kind != "closed":
        return None
    detail = end_in(context.tracked.commitment.kind, context.change) if context.change else None
    return next((end for end in (*ENDS, *NOTICE_ANSWERS) if detail and detail.startswith(end)), "closed")


def _closed_as(change: Revision) -> str | None:
    return next((end for end in (*ENDS, *NOTICE_ANSWERS) if change.detail and change.detail.endswith(end)), None)


def _lead(offset: str | None) -> str | None:
    try:
        return parse_lead(offset).to_text if offset else None
    except InputError:
        return offset


def _dependencies(commitment: Commitment) -> list[str]:
    try:
        return sorted(references(parse(commitment.deadline)))
    except InputError:
        return []


def _names(parties: tuple[Party, ...], keys: tuple[str, ...]) -> list[str]:
    return [party.name for party in parties] or list(keys)


def _sources(context: ReminderContext) -> Iterator[SourceFacts]:
    commitment = context.tracked.commitment
    if context.source is not None or commitment.source is not None:
        yield _source(context.source, commitment.source)
    known = chain(context.earlier_sources, repeat(None))
    for source, citation in zip(known, commitment.earlier_sources, strict=False):
        yield _source(source, citation)


def _source(source: Source | None, citation: Citation | None) -> SourceFacts:
    url = line(source.url) if source else None
    followed = url and url.lower().startswith(("https://", "http://")) and not set(url) & set(' "|\\')
    return SourceFacts(
        title=line(source.title if source else citation.key if citation else None),
        publisher=line(source.publisher) if source else None,
        published=source.published if source else None,
        url=url,
        link=url if followed else None,
        locator=line(citation.locator) if citation else None,
        quote=line(citation.quote) if citation else None,
    )


def _change(change: Revision, tracked: Tracked, now: datetime) -> ChangeFacts:
    return ChangeFacts(
        recorded_at=change.recorded_at,
        recorded_by=line(change.recorded_by) or "somebody",
        reason=line(answer_in(tracked.commitment.kind, change)[1]),
        source=line(change.source),
        cause=line(change.cause),
        before=window_of(change.before, now) if change.before else None,
        after=window_of(change.after, now, tracked.occurrences) if change.after else None,
        was=_closed_as(change) if change.what == "reopened" else None,
    )
