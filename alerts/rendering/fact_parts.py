"""Parts of what templates are given: windows, sources, changes, answers, commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from alerts.core.stages import Stage
from alerts.deadlines.points import Day, Instant, Point

Standing = Literal["undated", "ahead", "today", "past", "holds", "holds_today", "opens", "opened"]
Certainty = Literal[
    "stated", "worked out", "window", "no end", "not stated", "to be decided", "explicitly none", "open", "recurring"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The first and last point of a deadline; `certainty` is how well they are known.

    What recurs has neither: `recurs` is how often it comes, `coming` the next three dates, `charted` those that a
    chart has room for.
    """

    first: Point | None
    last: Point | None
    named: Point | None
    form: str
    certainty: Certainty
    recurs: str | None = None
    coming: tuple[Point, ...] = ()
    charted: tuple[Point, ...] = ()

    @property
    def dated(self) -> bool:
        """Whether there is a date at all."""
        return self.counted is not None or self.recurs is not None

    @property
    def instant(self) -> bool:
        """Whether what it names is a time rather than a civil day."""
        return self.named is not None and not isinstance(self.named, Day)

    @property
    def counted(self) -> Point | None:
        """The point that days are counted to: the named one, else the last, else the first."""
        return self.named or self.last or self.first

    @property
    def wide(self) -> bool:
        """Whether both ends are known and lie apart."""
        return None not in (self.first, self.last) and self.first != self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """A source. `link` is the url if a reader may safely follow it."""

    title: str | None = None
    publisher: str | None = None
    published: date | None = None
    url: str | None = None
    link: str | None = None
    locator: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFacts:
    """To whom an alert was sent that nobody has answered: through which channel, and when.

    `bounced`: why the mail came back, if it did.
    """

    to: str | None
    channel: str
    at: datetime
    bounced: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceFacts:
    """A silence that has held the reminder back, or despite which it is sent (`lasts`)."""

    until: datetime
    reason: str
    by: str
    lasts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """The revision that a `moved`, `closed` or `reopened` reminder is about. `was`: how it had been closed."""

    recorded_at: datetime
    recorded_by: str
    reason: str | None
    source: str | None
    cause: str | None
    before: Window | None
    after: Window | None
    was: str | None = None

    @property
    def days(self) -> int:
        """By how many civil days it moved, what is later counting up; 0 where either has no date."""
        if self.before is None or self.after is None or not (self.before.counted and self.after.counted):
            return 0
        return (self.after.counted.date - self.before.counted.date).days

    @property
    def time(self) -> timedelta:
        """By how much an instant moved within its day."""
        ends = (self.before and self.before.counted, self.after and self.after.counted)
        was, now = (end.at if isinstance(end, Instant) else None for end in ends)
        return now - was if was and now and not self.days else timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedFacts:
    """An acknowledgement: by whom, when, at which stage, and until when the rule's repeats pause (None: they go on)."""

    by: str
    at: datetime
    until: datetime | None
    stage: Stage = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozedFacts:
    """A snooze: by whom and until when, for everybody or for `whom` alone."""

    by: str
    until: datetime
    whom: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The commands for a commitment, quoted for a shell; for what recurs each names the occurrence.

    `ends`: how it can end, the one that `close` names first.
    """

    ack: str
    move: str
    close: str
    show: str
    ends: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenteeFacts:
    """Somebody for whom a deputy gets an alert, and when they are back; `until` is None if they have left."""

    name: str
    until: Point | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackFacts:
    """The delivery that this one replaces: its channel, its recipient and its error. `dead`: it is not retried."""

    channel: str
    recipient: str | None
    error: str
    dead: bool
