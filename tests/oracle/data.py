"""The plain data of a history: commitments, rules, what happened when, and the reminders that follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.oracle.expressions import Expression
from tests.oracle.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """One promise as it was first recorded; zone and calendars are those that its obligor and the settings leave it."""

    key: str
    deadline: Expression
    recorded_at: datetime
    kind: str = "obligation"
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    timezone: str | None = None
    calendars: tuple[str, ...] = ()
    roll: str = "none"
    review_every: Span | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Who owes: lends its zone and its calendar to a commitment that has no other."""

    key: str
    timezone: str | None = None
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """A lead of so many business days."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} business days" if self.count > 1 else "1 business day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """How an overdue reminder is repeated: `at_most` times every so often, then slower for ever."""

    every: Span
    after: Span = Span()  # noqa: RUF009  # frozen: none is changed
    at_most: int | None = None
    then: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which commitments, on which cron, at which moments."""

    name: str
    cron: str
    zone: str = "UTC"
    match: dict[str, tuple[str, ...]] = field(default_factory=dict)
    before: tuple[Span | BusinessDays, ...] = ()
    on_the_day: bool = False
    opens: bool = False
    overdue: Overdue | None = None
    moved: bool = False
    review: Span | None = None
    closed: bool = False
    acknowledged_for: Span | None = None
    unanswered: tuple[Span, Span | None] | None = None  # after how long, and every
    reaches: bool = True  # whether its recipient takes what is sent

    def matches(self, one: Commitment) -> bool:
        """All that are named must hold, any value of each."""
        have = {
            "key": (one.key,),
            "kind": (one.kind,),
            "tags": one.tags,
            "priority": (one.priority,),
            "by": one.by,
        }
        return all(set(have[name]) & set(values) for name, values in self.match.items())


@dataclass(frozen=True, slots=True)
class Moved:
    """Another deadline: of the whole commitment, or, where `occurrence` names it, of one turn by itself."""

    at: datetime
    key: str
    deadline: Expression
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """Another title: nothing follows from it."""

    at: datetime
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    at: datetime
    key: str
    occurrence: str = ""
    until: datetime | None = None
    ended: datetime | None = None  # by a change of the date, or a reopening


@dataclass(frozen=True, slots=True)
class Snoozed:
    """All alerts put off, for everybody, until an instant."""

    at: datetime
    key: str
    occurrence: str
    until: datetime


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The acknowledgement and the snooze, ended by hand."""

    at: datetime
    key: str
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """An end: of one turn, or, where `occurrence` is empty, of the whole commitment."""

    at: datetime
    key: str
    occurrence: str = ""


@dataclass(frozen=True, slots=True)
class Reopened:
    """Open again: one turn that had ended, or, where `occurrence` is empty, the whole commitment."""

    at: datetime
    key: str
    occurrence: str = ""


Event = Moved | Edited | Acknowledged | Snoozed | TakenBack | Closed | Reopened


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that happened, and the instants at which the daemon looked (rising)."""

    parties: tuple[Party, ...]
    commitments: tuple[Commitment, ...]
    rules: tuple[Rule, ...]
    events: tuple[Event, ...]
    ticks: tuple[datetime, ...]
    timezone: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class AddressedReminder:
    """One reminder: its kind, its moment and its tick; `sent` is False if it was merged into a later one.

    `since` tells bounds from later ones that mean the same moment: when they came to be.
    """

    tick: datetime
    commitment: str
    occurrence: str
    rule: str
    kind: str
    moment: datetime
    sent: bool = True
    since: datetime | None = field(default=None, compare=False)
