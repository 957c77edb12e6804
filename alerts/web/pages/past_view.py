"""What was known of a commitment at the end of a day, as `alerts show --as-of` has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from alerts.core.alert_wording import describe_alert
from alerts.core.stage_wording import describe_standing
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.rendering.template_filters import clean, flat
from alerts.views.answers_shown import answered
from alerts.views.history_lines import HistoryLine, history_lines
from alerts.views.shown_times import shown, with_local_times
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.past_days import PastDay, WaysAround


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """An alert that had been sent: when, what about, and to whom."""

    at: str
    text: str
    whom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastView:
    """The page. `day`: at whose end this was known."""

    key: str
    occurrence: str
    title: str
    day: date
    ways: WaysAround
    at: datetime
    standing: str
    is_open: bool
    dates: str
    deadline: str
    owner: str
    note: str
    tags: tuple[str, ...]
    answers: tuple[str, ...]
    explanation: tuple[str, ...]
    assumptions: tuple[str, ...]
    sent: tuple[SentLine, ...]
    history: tuple[HistoryLine, ...]


def past_view(reading: PageReading, key: str, on: str | None, stated: str) -> PastView:
    """Read and work out the page. Raises InputError for what is no day of the past, or before it was recorded."""
    past, store = PastDay.read(stated, reading.now, reading.zone), reading.store
    at = past.at
    with store.database.snapshot():
        try:
            series = store.commitments.as_of(key, at)
        except InputError as error:
            raise InputError(with_local_times(str(error), reading.zone)) from None
        whole = store.ledger.history(series.id)
        own = [one for one in store.ledger.own_snoozes([series.id]).get(series.id, ()) if one.at <= at]
        reminders = store.ledger.reminders(series.id)
    history = [one for one in whole if one.recorded_at <= at]
    events = [one.recorded_at for one in whole] + [each["ended_at"] for one in reminders for each in _sent_ones(one)]
    tracked = series.current if on is None else series.at(on)
    commitment, bounds = tracked.commitment, tracked.bounds
    owner = reading.people.get(commitment.owner or "")
    return PastView(
        key=commitment.key,
        occurrence=tracked.occurrence,
        title=_line(commitment.title) or commitment.key,
        day=past.day,
        ways=past.ways((one for one in events if one < past.begins), (one for one in events if at < one)),
        at=at,
        standing=_line(describe_standing(tracked, at, reading.zone)),
        is_open=tracked.open,
        dates=describe_bounds(bounds),
        deadline=commitment.deadline,
        owner=_line(owner.name if owner else commitment.owner or ""),
        note=clean(commitment.note or ""),
        tags=tuple(map(_line, commitment.tags)),
        answers=tuple(map(_line, answered(reading, tracked, own, at) if tracked.open else ())),
        explanation=tuple(map(_line, bounds.explanation)),
        assumptions=tuple(map(_line, (*commitment.assumptions, *bounds.assumptions))),
        sent=tuple(_sent(reading, series, reminders, at))[::-1],
        history=tuple(history_lines(history, reading.zone, commitment.kind))[::-1],
    )


def _sent(
    reading: PageReading, series: Tracked, reminders: list[Mapping[str, Any]], at: datetime
) -> Iterator[SentLine]:
    """Yield the alerts that had been sent by then."""
    for one in reminders:
        to = [each for each in _sent_ones(one) if each["ended_at"] <= at]
        if to:
            send_at = one["send_at"]
            text = describe_alert(series.commitment, one["kind"], one["offset"], None, at=send_at, zone=reading.zone)
            yield SentLine(
                at=shown(min(each["ended_at"] for each in to), reading.zone),
                text=_line(": ".join(filter(None, (one["occurrence"], text)))),
                whom=_line(", ".join(dict.fromkeys(each["recipient"] or each["channel"] for each in to))),
            )


def _sent_ones(reminder: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in reminder["deliveries"] if one["state"] == "sent"]


def _line(text: str) -> str:
    return flat(clean(text))
