"""What was known of a commitment at the end of a day, as `alerts show --as-of` has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from alerts.core.alert_wording import describe_alert
from alerts.core.stage_wording import describe_standing
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day
from alerts.rendering.template_filters import clean, flat, on_day
from alerts.views.answers_shown import answered
from alerts.views.history_lines import HistoryLine, history_lines
from alerts.views.shown_times import shown, with_local_times
from alerts.web.pages.page_reading import PageReading

LAST = timedelta(microseconds=1)  # what was recorded at midnight is of the next day
NO_DAY = "Choose a day up to today, such as 2026-11-05."


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """An alert that had been sent: when, what about, and to whom."""

    at: str
    text: str
    whom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastView:
    """The page. `day`: at whose end this was known; `after`: the next day, None where that is not over."""

    key: str
    occurrence: str
    title: str
    day: date
    before: date
    after: date | None
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
    day, today = _day(stated), on_day(reading.now, reading.zone)
    if day is None or day > today:
        raise InputError(NO_DAY)
    at = min(Day(day, reading.zone).end - LAST, reading.now)
    store = reading.store
    with store.database.snapshot():
        try:
            series = store.commitments.as_of(key, at)
        except InputError as error:
            raise InputError(with_local_times(str(error), reading.zone)) from None
        history = [one for one in store.ledger.history(series.id) if one.recorded_at <= at]
        own = [one for one in store.ledger.own_snoozes([series.id]).get(series.id, ()) if one.at <= at]
        reminders = store.ledger.reminders(series.id)
    tracked = series.current if on is None else series.at(on)
    commitment, bounds = tracked.commitment, tracked.bounds
    owner = reading.people.get(commitment.owner or "")
    return PastView(
        key=commitment.key,
        occurrence=tracked.occurrence,
        title=_line(commitment.title) or commitment.key,
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
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
        to = [each for each in one["deliveries"] if each["state"] == "sent" and each["ended_at"] <= at]
        if to:
            send_at = one["send_at"]
            text = describe_alert(series.commitment, one["kind"], one["offset"], None, at=send_at, zone=reading.zone)
            yield SentLine(
                at=shown(min(each["ended_at"] for each in to), reading.zone),
                text=_line(": ".join(filter(None, (one["occurrence"], text)))),
                whom=_line(", ".join(dict.fromkeys(each["recipient"] or each["channel"] for each in to))),
            )


def _day(stated: str) -> date | None:
    try:
        return datetime.strptime(stated, "%Y-%m-%d").date()  # noqa: DTZ007  # a civil day
    except ValueError:
        return None


def _line(text: str) -> str:
    return flat(clean(text))
