"""What templates see of a reminder: cleaned data, and codes by which they choose a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from alerts.core.reminders import Kind as ReminderKind
from alerts.core.stages import Stage
from alerts.deadlines.points import Day, Point
from alerts.rendering.fact_parts import (
    AbsenteeFacts,
    AcknowledgedFacts,
    ChangeFacts,
    Commands,
    FallbackFacts,
    SentFacts,
    SilenceFacts,
    SnoozedFacts,
    SourceFacts,
    Standing,
    Window,
)

Group = Literal["late", "today", "coming", "open", "changed"]
GROUPS: tuple[Group, ...] = ("late", "today", "coming", "open", "changed")
URGENCY: tuple[Group, ...] = ("late", "today", "changed", "coming", "open")
LISTED = 200  # entries in one message; the rest are counted
SOON = 7  # days within which a coming date is shown as near

What = Literal["obligation", "expiry", "event", "request", "expectation"]  # a notice reads as an obligation


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One reminder: `kind` is the reminder's, `what` the commitment's. `days` are civil days from `today` to its date.

    `today` is the day in `counting_zone`: the zone of the deadline, UTC if that is unknown (as leads are counted), or
    the reader's zone if there is no date.
    """

    key: str
    title: str
    kind: ReminderKind
    what: What
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
    hours_begin: datetime | None
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
    unanswered: tuple[SentFacts, ...]
    silence: SilenceFacts | None
    stage: Stage
    next_alert_at: datetime | None
    following: Point | None
    change: ChangeFacts | None
    commands: Commands
    is_test: bool
    answer_url: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The commands that answer it; if it is closed, the one that shows it; none for a test message."""
        commands = self.commands
        if self.is_test:
            return ()
        return (commands.show,) if self.ended else (commands.ack, commands.close, commands.move)

    @property
    def day_ends(self) -> datetime | None:
        """When its day ends in its own zone; None for a time, and if no zone is stated."""
        counted = self.window.counted
        return counted.end if isinstance(counted, Day) and counted.zone else None

    @property
    def day_differs(self) -> bool:
        """Whether its day is over in its own zone and not for the reader, or the other way round."""
        counted, ends = self.window.counted, self.day_ends
        if ends is None or counted is None:
            return False
        return (self.now >= ends) != (self.now >= Day(counted.date, self.reader).end)

    @property
    def group(self) -> Group:
        """The heading of a digest under which it is listed."""
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
        """The colour of a message: the group, with `soon` for a near date and `moved` for a move."""
        if self.kind == "moved" and not self.ended:
            return "moved"
        return "soon" if self.group == "coming" and self.days <= SOON else self.group


def grouped(items: Iterable[Facts]) -> list[tuple[Group, list[Facts]]]:
    """Return the groups of a digest, each with the soonest first; what has no date comes last."""
    placed = sorted(items, key=_soonest)
    return [(group, found) for group in GROUPS if (found := [item for item in placed if item.group == group])]


def most_urgent(items: Iterable[Facts]) -> tuple[Facts, ...]:
    """Return what is listed: critical first, then overdue, then the soonest; at most `LISTED`."""
    ranked = sorted(items, key=lambda t: (t.priority != "critical", URGENCY.index(t.group), _soonest(t)))
    return tuple(ranked[:LISTED])


def _soonest(item: Facts) -> tuple[bool, str, str]:
    counted = item.window.counted
    return (counted is None, counted.counted_start.isoformat() if counted else "", item.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """All reminders of a notification; `listed` is what there is room for, the most urgent first.

    `answer_url` answers all of them, `allowed` names what links may answer.
    """

    reminders: tuple[Facts, ...]
    reader: str
    now: datetime
    listed: tuple[Facts, ...]
    fallback: FallbackFacts | None = None
    on_behalf_of: tuple[AbsenteeFacts, ...] = ()
    answer_url: str | None = None
    allowed: tuple[str, ...] = ()
    reply_to: str | None = None

    @property
    def count(self) -> int:
        return len(self.reminders)

    @property
    def groups(self) -> list[tuple[Group, list[Facts]]]:
        """What is listed, by group, then the soonest first."""
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
        """How many of the other kinds have a date that is over."""
        return sum(t.group == "late" for t in self.reminders) - self.overdue
