"""`/c/KEY`: all that is known of a commitment, as `show`, `why` and `who` have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from alerts.core.alert_recipients import AlertRecipient, RecipientsOfAlerts
from alerts.core.notifications import ReminderContext
from alerts.core.replaced_values import latest_replaced
from alerts.core.schedule.answers import active_answers
from alerts.core.silences import silence_of
from alerts.core.stage_wording import describe_standing
from alerts.core.stages import Stage, stage_of
from alerts.core.tracked import OwnSnooze, Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.stated_text import deadline_in_words
from alerts.deadlines.wording import format_day
from alerts.rendering.template_facts import Facts
from alerts.rendering.template_filters import clean, flat
from alerts.store.relatives import Relative
from alerts.views.alert_explanations import (
    AlertLine,
    Recordings,
    by_outcome,
    explain_alerts,
    line_ahead,
    line_sent,
    lines_skipped,
    rules_not_matching,
    rules_that_send_nothing,
)
from alerts.views.answers_shown import answered
from alerts.views.channel_readers import channel_readers
from alerts.views.history_lines import HistoryLine, history_lines
from alerts.views.next_alert_text import next_alert_line
from alerts.views.next_recipients import alerts_next, recipient_note, recipients_of_next
from alerts.views.occurrences_shown import latest_occurrences
from alerts.views.recipients import everybody
from alerts.web.pages.page_facts import facts_of
from alerts.web.pages.page_reading import PageReading
from alerts.web.silence_view import SilenceView

MAX_LINES = 20  # of alerts that were sent, and of those that were skipped: the latest
MAX_DEPENDANTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who gets the next alert, or does not: `note` says why, or for whom."""

    name: str
    channel: str
    note: str
    gets_it: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A commitment that this one counts from, or that moves with it."""

    key: str
    title: str
    dates: str
    counts_from: str
    steps: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceLine:
    """One date of a series, and how it stands."""

    name: str
    dates: str
    standing: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """What became of the alerts, the next first, and then the latest first. `without`: rules that send nothing."""

    ahead: tuple[AlertLine, ...]
    sent: tuple[AlertLine, ...]
    sent_before: int
    skipped: tuple[AlertLine, ...]
    without: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedLine:
    """What can be taken back: a move, or a handover. `back`: what holds again then."""

    field: str
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentView:
    """All of the page. `tracked`: the commitment, or the one date that the page is about."""

    tracked: Tracked
    t: Facts
    revision: int
    stage: Stage
    answers: tuple[str, ...]
    active: tuple[str, ...]
    next_alert: str
    recipients: tuple[Recipient, ...]
    silence: SilenceView | None
    occurrences: tuple[OccurrenceLine, ...]
    depends_on: tuple[Kin, ...]
    dependants: tuple[Kin, ...]
    more_dependants: int
    alerts: Alerts
    history: tuple[HistoryLine, ...]
    is_notice: bool
    replaced: ReplacedLine | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the database has of it. `occurrence`: the one that is shown."""

    series: Tracked
    occurrence: str
    context: ReminderContext
    recorded: Recordings
    own: Sequence[OwnSnooze]
    known: RecipientsOfAlerts
    next_alert: str
    recipients: Sequence[AlertRecipient]
    depends_on: Sequence[Relative]
    dependants: Sequence[Relative]


def commitment_view(reading: PageReading, key: str, on: str | None) -> CommitmentView:
    """Read and work out the page. `on`: which date of a series; None for what counts now. Raises InputError."""
    with reading.store.database.snapshot():
        found = _read(reading, key, on)
    return _view(reading, found)


def _read(reading: PageReading, key: str, on: str | None) -> _Read:
    store, now = reading.store, reading.now
    series = store.commitments.find(key)
    tracked = series.current if on is None else series.at(on)
    entries, _ = store.linked_deliveries.entries([(series.id, tracked.occurrence)], now)
    own = store.ledger.own_snoozes([series.id]).get(series.id, ())
    known = everybody(reading, now)
    ahead = alerts_next(reading, known, tracked, tracked.occurrence, now) if tracked.open else []
    line, recipients = "", list[AlertRecipient]()
    if ahead:
        addresses = {name: one.recipients for name, one in channel_readers(reading.settings).items()}
        whole = replace(known, recipients=addresses, snoozes=own)
        recipients = recipients_of_next(reading, whole, tracked, ahead, now)
        line = next_alert_line(reading, ahead[0], now, known)
    return _Read(
        series=series,
        occurrence=tracked.occurrence,
        context=entries[series.id, tracked.occurrence].context,
        recorded=Recordings.read(reading, series),
        own=own,
        known=known,
        next_alert=line,
        recipients=recipients,
        depends_on=store.relatives.depends_on(series.id),
        dependants=store.relatives.dependants(series.id, key),
    )


def _view(reading: PageReading, found: _Read) -> CommitmentView:
    tracked, now = found.context.tracked, reading.now
    commitment = tracked.commitment
    (t,) = facts_of(reading, [found.context])
    silence = silence_of(found.known.silences, commitment, now)
    return CommitmentView(
        tracked=tracked,
        t=t,
        revision=tracked.revision,
        stage=stage_of(tracked.bounds, now),
        answers=tuple(map(_line, answered(reading, tracked, found.own, now))),
        active=tuple(map(_line, active_answers(tracked, now) if tracked.open else ())),
        next_alert=_line(found.next_alert.removeprefix("next alert: ")),
        recipients=tuple(_recipients(found.recipients, reading.zone)),
        silence=SilenceView.of(silence) if silence else None,
        occurrences=tuple(_occurrences(reading, found)),
        depends_on=tuple(map(_kin, found.depends_on)),
        dependants=tuple(map(_kin, found.dependants[:MAX_DEPENDANTS])),
        more_dependants=len(found.dependants[MAX_DEPENDANTS:]),
        alerts=_alerts(reading, found),
        history=tuple(history_lines(found.recorded.history, reading.zone, commitment.kind))[::-1],
        is_notice=commitment.kind == "notice",
        replaced=_replaced(reading, found),
    )


def _replaced(reading: PageReading, found: _Read) -> ReplacedLine | None:
    """Return the latest move or handover; None also for the deadline of a series, whose dates move one by one."""
    replaced = latest_replaced(found.recorded.history)
    if replaced is None or (replaced.field == "deadline" and found.series.recurs):
        return None
    if replaced.field == "deadline":
        return ReplacedLine(field="deadline", back=_line(f"back to {_in_words(replaced.before)}"))
    owner = reading.people.get(replaced.before)
    name = owner.name if owner else replaced.before
    return ReplacedLine(field="owner", back=_line(f"back to {name}" if name else "back to no owner"))


def _in_words(deadline: str) -> str:
    """Return a deadline in words, and a day as all other days of the page."""
    try:
        return format_day(date.fromisoformat(deadline))
    except ValueError:
        return deadline_in_words(deadline)


def _alerts(reading: PageReading, found: _Read) -> Alerts:
    series, now = found.series, reading.now
    names = [found.occurrence] if found.occurrence else ["", *latest_occurrences(series, now)]
    explained = explain_alerts(reading, series, found.recorded, names, now)
    outcomes, with_moments = by_outcome(explained), {one.rule for one in explained}
    without = rules_that_send_nothing(reading, series, with_moments) | rules_not_matching(reading, series)
    about = series.at(found.occurrence)
    ahead = [*outcomes.get("due", ()), *outcomes.get("scheduled", ())]
    sent, skipped = outcomes.get("sent", [])[::-1], outcomes.get("skipped", [])[::-1]
    return Alerts(
        ahead=tuple(line_ahead(reading, about, found.known, now, one) for one in ahead if one.rule not in without),
        sent=tuple(line_sent(reading, about, one) for one in sent[:MAX_LINES]),
        sent_before=len(sent[MAX_LINES:]),
        skipped=tuple(lines_skipped(reading, about, skipped, everything=False))[:MAX_LINES],
        without=tuple(without.items()),
    )


def _occurrences(reading: PageReading, found: _Read) -> list[OccurrenceLine]:
    series, now = found.series, reading.now
    return [
        OccurrenceLine(
            name=name,
            dates=describe_bounds(one.bounds),
            standing=describe_standing(one, now, reading.zone),
            is_shown=name == found.occurrence,
        )
        for name in reversed(latest_occurrences(series, now))
        if (one := series.at(name))
    ]


def _recipients(some: Sequence[AlertRecipient], zone: str) -> list[Recipient]:
    first = min((one.at for one in some), default=None)
    return [
        Recipient(
            name=_line(one.name or one.address or one.channel),
            channel=_line(one.channel),
            note=_line(recipient_note(one, first or one.at, zone)),
            gets_it=one.why_not is None,
        )
        for one in sorted(some, key=lambda one: one.why_not is not None)
    ]


def _kin(one: Relative) -> Kin:
    dates = describe_bounds(one.bounds)
    return Kin(
        key=one.key, title=_line(one.title) or one.key, dates=dates, counts_from=one.counts_from, steps=one.steps,
        is_open=one.status == "open",
    )  # fmt: skip


def _line(text: Any) -> str:
    return flat(clean(str(text or "")))
