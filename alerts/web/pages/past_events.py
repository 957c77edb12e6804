"""What was recorded on a day, and what went out, as lines of a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alerts.core.alert_wording import describe_alert
from alerts.core.tracked import Revision, Tracked
from alerts.rendering.template_filters import clean, flat
from alerts.store.past_register import PastRegister, SentReminder
from alerts.views.history_lines import HistoryLine, history_lines
from alerts.views.shown_times import shown
from alerts.web.pages.page_reading import PageReading
from alerts.web.pages.past_days import PastDay

MOST_LINES = 30  # of each


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLine:
    """A revision of a commitment."""

    key: str
    title: str
    line: HistoryLine


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLine:
    """An alert that went out: when, about what, what it was about, and to whom."""

    key: str
    title: str
    at: str
    text: str
    whom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvents:
    """What happened on a day. `recorded_more`: how many commitments more were recorded or changed."""

    recorded: tuple[RecordedLine, ...]
    recorded_more: int
    sent: tuple[SentLine, ...]
    sent_more: bool
    changed: frozenset[int]


def past_events(reading: PageReading, past: PastRegister, day: PastDay) -> PastEvents:
    """Read what happened on a day."""
    changed = past.changed_between(day.begins, day.at)
    sent = past.sent_between(day.begins, day.at, MOST_LINES + 1)
    first = list(changed)[:MOST_LINES]
    about = reading.store.open_commitments.read({*first, *(one.commitment_id for one in sent)})
    histories = past.histories(set(first))
    recorded = [
        one for number in first if number in about for one in _recorded(reading, histories[number], day, about[number])
    ]
    return PastEvents(
        recorded=tuple(recorded),
        recorded_more=max(len(changed) - MOST_LINES, 0),
        sent=tuple(_sent(reading, about, sent[:MOST_LINES])),
        sent_more=len(sent) > MOST_LINES,
        changed=frozenset(changed),
    )


def _recorded(
    reading: PageReading, history: Sequence[Revision], day: PastDay, about: Tracked
) -> Iterator[RecordedLine]:
    for revision, line in zip(history, history_lines(history, reading.zone, about.commitment.kind), strict=True):
        if day.begins <= revision.recorded_at <= day.at:
            yield RecordedLine(key=about.commitment.key, title=title_of(about), line=line)


def _sent(reading: PageReading, about: Mapping[int, Tracked], sent: Sequence[SentReminder]) -> Iterator[SentLine]:
    for one in sent:
        if (tracked := about.get(one.commitment_id)) is not None:
            text = describe_alert(tracked.commitment, one.kind, one.offset, None, at=one.send_at, zone=reading.zone)
            yield SentLine(
                key=tracked.commitment.key,
                title=title_of(tracked),
                at=shown(one.sent_at, reading.zone),
                text=flat(clean(": ".join(filter(None, (one.occurrence, text))))),
                whom=flat(clean(one.whom)),
            )


def title_of(tracked: Tracked) -> str:
    """Return the title as a page shows it."""
    return flat(clean(tracked.commitment.title)) or tracked.commitment.key
