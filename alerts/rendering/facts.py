"""What templates see of a reminder: cleaned data, and codes to choose the words by. No words here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from alerts.core.calendars import Day, Instant, Point
from alerts.core.commitments import Kind
from alerts.core.reminders import Kind as ReminderKind
from alerts.core.stages import Stage

Standing = Literal["undated", "ahead", "today", "past", "holds", "holds_today", "opens", "opened"]
Certainty = Literal[
    "stated", "worked out", "window", "no end", "not stated", "to be decided", "explicitly none", "open", "recurring"
]
Group = Literal["late", "today", "coming", "open", "changed"]
GROUPS: tuple[Group, ...] = ("late", "today", "coming", "open", "changed")
URGENCY: tuple[Group, ...] = ("late", "today", "changed", "coming", "open")
LISTED = 200  # at most so many are listed in one message, the rest are counted
SOON = 7  # days from which on a coming date is shown as near


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The ends of a deadline; `certainty` is how well they are known.

    What recurs has none: `recurs` says how often it comes, `coming` when next.
    """

    first: Point | None
    last: Point | None
    named: Point | None
    form: str
    certainty: Certainty
    recurs: str | None = None
    coming: tuple[Point, ...] = ()

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
        """The point that words count to: the named one; once there is only an opening, that."""
        return self.named or self.last or self.first

    @property
    def wide(self) -> bool:
        """Whether both ends are known and lie apart."""
        return None not in (self.first, self.last) and self.first != self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """Where it was read. `link` is the url where that is one a reader may safely follow."""

    title: str | None = None
    publisher: str | None = None
    published: date | None = None
    url: str | None = None
    link: str | None = None
    locator: str | None = None
    quote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """The revision that a `moved`, `closed` or `reopened` word tells of. `was`: as what it was closed before that."""

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
    """Who has seen it, when, at which stage, and until when the rule's repeats pause (None: they do not)."""

    by: str
    at: datetime
    until: datetime | None
    stage: Stage = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozedFacts:
    """Who has snoozed it, and until when: for everybody, or for `whom` alone."""

    by: str
    until: datetime
    whom: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What can be typed about it, ready for a shell; of what recurs each names the occurrence."""

    ack: str
    move: str
    close: str
    show: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackFacts:
    """For whom the words were meant, and why they come here: that channel does not take them."""

    channel: str
    recipient: str | None
    error: str
    dead: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One reminder: `kind` is the reminder's, `what` the commitment's. `days` are civil ones from `today` to its day.

    `today` is the day in `counting_zone`: the deadline's; UTC where that is unknown, as leads are counted; the
    reader's where there is no date at all.
    """

    key: str
    title: str
    kind: ReminderKind
    what: Kind
    priority: str
    status: str
    ended: str | None
    owner: str | None
    tags: tuple[str, ...]
    occurrence: str
    rule: str
    offset: str | None
    lead: str | None
    moment: datetime
    send_at: datetime
    early: bool
    catching_up: bool
    late_by: timedelta
    tracked_since: datetime
    deadline: str
    window: Window
    earliest: datetime | None
    latest: datetime | None
    zone: str | None
    reader: str
    now: datetime
    today: date
    counting_zone: str
    days: int
    standing: Standing
    opened: bool
    depends_on: tuple[str, ...]
    by: tuple[str, ...]
    to: tuple[str, ...]
    note: str | None
    source: SourceFacts | None
    sources: tuple[SourceFacts, ...]
    explanation: tuple[str, ...]
    assumptions: tuple[str, ...]
    acknowledged: AcknowledgedFacts | None
    snoozed: SnoozedFacts | None
    own_snoozes: tuple[SnoozedFacts, ...]
    stage: Stage
    next_alert_at: datetime | None
    change: ChangeFacts | None
    commands: Commands

    @property
    def answers(self) -> tuple[str, ...]:
        """The commands that answer it; where it is closed, the one that shows it."""
        commands = self.commands
        return (commands.show,) if self.ended else (commands.ack, commands.close, commands.move)

    @property
    def day_ends(self) -> datetime | None:
        """When its day is over where it counts; None for a time, and where no zone is stated."""
        counted = self.window.counted
        return counted.end if isinstance(counted, Day) and counted.zone else None

    @property
    def day_differs(self) -> bool:
        """Whether its day is over where it counts and not yet for the reader, or the other way round."""
        counted, ends = self.window.counted, self.day_ends
        if ends is None or counted is None:
            return False
        return (self.now >= ends) != (self.now >= Day(counted.date, self.reader).end)

    @property
    def group(self) -> Group:
        """Under which heading of a digest it stands."""
        if self.ended or self.kind in ("moved", "closed"):
            return "changed"
        if self.standing in ("opened", "undated") or (
            self.kind == "opens" and self.standing == "ahead" and self.opened
        ):
            return "open"
        names: dict[Standing, Group] = {"past": "late", "today": "today", "holds_today": "today"}
        return names.get(self.standing, "coming")

    @property
    def urgency(self) -> str:
        """The group, with what is near told from what is far; the colour of a message."""
        if self.kind == "moved" and not self.ended:
            return "moved"
        return "soon" if self.group == "coming" and self.days <= SOON else self.group


def grouped(items: Iterable[Facts]) -> list[tuple[Group, list[Facts]]]:
    """Sort for a digest: by what is asked, then the soonest first; what has no date comes last."""
    placed = sorted(items, key=_soonest)
    return [(group, found) for group in GROUPS if (found := [item for item in placed if item.group == group])]


def most_urgent(items: Iterable[Facts]) -> tuple[Facts, ...]:
    """As many as are listed at most: what is critical first, then what is late, and of the same the soonest first."""
    ranked = sorted(items, key=lambda t: (t.priority != "critical", URGENCY.index(t.group), _soonest(t)))
    return tuple(ranked[:LISTED])


def _soonest(item: Facts) -> tuple[bool, str, str]:
    counted = item.window.counted
    return (counted is None, counted.counted_start.isoformat() if counted else "", item.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a notification tells, taken together; `listed` is what there is room for, the most urgent first."""

    reminders: tuple[Facts, ...]
    reader: str
    now: datetime
    listed: tuple[Facts, ...]
    fallback: FallbackFacts | None = None

    @property
    def count(self) -> int:
        return len(self.reminders)

    @property
    def groups(self) -> list[tuple[Group, list[Facts]]]:
        """What is listed, by what is asked, then the soonest first."""
        return grouped(self.listed)

    @property
    def sizes(self) -> dict[Group, int]:
        """How many there are in each group, listed or not."""
        return Counter(t.group for t in self.reminders)

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.count - len(self.listed)

    @property
    def next(self) -> Facts | None:
        """The soonest whose day has not passed."""
        ahead = [
            t
            for t in self.reminders
            if not t.ended and t.standing in ("ahead", "today", "holds", "holds_today", "opens")
        ]
        return min(ahead, key=_soonest, default=None)

    @property
    def overdue(self) -> int:
        """How many obligations are late."""
        return sum(t.group == "late" and t.what == "obligation" for t in self.reminders)

    @property
    def passed(self) -> int:
        """How many others have their date behind them."""
        return sum(t.group == "late" for t in self.reminders) - self.overdue
