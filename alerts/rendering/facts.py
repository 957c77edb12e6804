"""What templates see of a reminder: cleaned data, and codes to choose the words by. No words here."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from alerts.core.bounds import SAY_UNDATED, Bounds
from alerts.core.calendars import Day, Point
from alerts.core.commitments import ENDS, Commitment, Kind, Party, Revision
from alerts.core.deadlines import parse, references
from alerts.core.durations import Duration
from alerts.core.errors import InputError
from alerts.core.notifications import Notification, Told
from alerts.core.reminders import Kind as ReminderKind
from alerts.rendering.saying import clean, flat, known_zone, on_day

Clean = Callable[[str], str]
Standing = Literal["undated", "ahead", "today", "past", "holds", "holds_today", "opens", "opened"]
Certainty = Literal["stated", "worked out", "window", "no end", "not stated", "to be decided", "explicitly none", "open"]
Group = Literal["late", "today", "coming", "open", "changed"]
GROUPS: tuple[Group, ...] = ("late", "today", "coming", "open", "changed")
SOON = 7  # days from which on a coming date is shown as near


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The ends of a deadline; `certainty` is how well they are known."""

    first: Point | None
    last: Point | None
    named: Point | None
    form: str
    certainty: Certainty

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
    """The revision that a `moved` or `closed` word tells of."""

    recorded_at: datetime
    recorded_by: str
    reason: str | None
    source: str | None
    cause: str | None
    before: Window | None
    after: Window | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgedFacts:
    """Who has seen it, when, and until when it keeps quiet (None: for as long as the date stays)."""

    by: str
    at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What can be typed about it, ready for a shell."""

    ack: str
    move: str
    close: str
    show: str


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
    hangs_on: tuple[str, ...]
    by: tuple[str, ...]
    to: tuple[str, ...]
    note: str | None
    source: SourceFacts | None
    basis: tuple[str, ...]
    assumptions: tuple[str, ...]
    acknowledged: AcknowledgedFacts | None
    speaks_next: datetime | None
    change: ChangeFacts | None
    commands: Commands

    @property
    def group(self) -> Group:
        """Under which heading of a digest it stands."""
        if self.ended or self.kind in ("moved", "closed"):
            return "changed"
        if self.standing in ("opened", "undated") or (self.kind == "opens" and self.standing == "ahead"):
            return "open"
        names: dict[Standing, Group] = {"past": "late", "today": "today", "holds_today": "today"}
        return names.get(self.standing, "coming")

    @property
    def urgency(self) -> str:
        """The group, with what is near told from what is far; the colour of a message."""
        if self.kind == "moved" and not self.ended:
            return "moved"
        return "soon" if self.group == "coming" and self.days <= SOON else self.group


def facts(notification: Notification, escape: Clean = str) -> tuple[Facts, ...]:
    """Work out the facts of each reminder; `escape` makes the data inert where the template engine cannot."""
    reader = known_zone(notification.zone)
    return tuple(_facts(told, notification.now, reader, lambda text: escape(clean(text))) for told in notification.told)


def grouped(items: Iterable[Facts]) -> list[tuple[Group, list[Facts]]]:
    """Sort for a digest: by what is asked, then the soonest first; what has no date comes last."""
    placed = sorted(items, key=_soonest)
    return [(group, found) for group in GROUPS if (found := [item for item in placed if item.group == group])]


def _soonest(item: Facts) -> tuple[bool, str, str]:
    counted = item.window.counted
    return (counted is None, counted.counted_start.isoformat() if counted else "", item.key)


def _facts(told: Told, now: datetime, reader: str, safe: Clean) -> Facts:
    reminder, tracked = told.reminder, told.tracked
    commitment, bounds = tracked.commitment, tracked.bounds

    def line(text: str | None) -> str | None:
        return flat(safe(text)) or None if text else None

    def lines(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(found for text in texts if (found := line(text)))

    window = _window(bounds)
    standing = _standing(window, now)
    counted = window.first if standing == "opened" else window.counted
    counting_zone = (counted.zone or "UTC") if counted else reader
    today = on_day(now, counting_zone)
    key = shlex.quote(commitment.key)
    one = f" --occurrence {shlex.quote(reminder.occurrence)}" if reminder.occurrence else ""
    return Facts(
        key=line(commitment.key) or "?",
        title=line(commitment.title) or "(untitled)",
        kind=reminder.kind,
        what=commitment.kind,
        priority=commitment.priority,
        status=commitment.status,
        ended=_ended(told),
        owner=line(commitment.owner),
        tags=lines(commitment.tags),
        occurrence=line(reminder.occurrence) or "",
        rule=line(reminder.rule) or "?",
        offset=line(reminder.offset),
        lead=_lead(line(reminder.offset)),
        moment=reminder.moment,
        send_at=reminder.send_at,
        early=reminder.early,
        catching_up=reminder.catching_up,
        late_by=reminder.late_by(now),
        tracked_since=tracked.recorded_at,
        deadline=line(commitment.deadline) or "?",
        window=window,
        earliest=bounds.earliest,
        latest=bounds.latest,
        zone=bounds.zone,
        reader=reader,
        now=now,
        today=today,
        counting_zone=counting_zone,
        days=(counted.date - today).days if counted else 0,
        standing=standing,
        opened=bool(bounds.opens and bounds.first and bounds.first.counted_start <= now),
        hangs_on=lines(_hangs_on(commitment)),
        by=lines(_names(told.by, commitment.by)),
        to=lines(_names(told.to, commitment.to)),
        note=safe(commitment.note).strip() or None if commitment.note else None,
        source=_source(told, line),
        basis=lines(bounds.basis),
        assumptions=lines(dict.fromkeys((*commitment.assumptions, *bounds.assumptions))),
        acknowledged=_acknowledged(told, line),
        speaks_next=told.speaks_next,
        change=_change(told.change, line) if told.change else None,
        commands=Commands(
            ack=flat(safe(f"alerts ack {key}{one}")),
            move=flat(safe(f'alerts move {key} "YYYY-MM-DD" --because "…"')),
            close=flat(safe(f"alerts close {key}{one} --as fulfilled")),
            show=flat(safe(f"alerts show {key}")),
        ),
    )


def _window(bounds: Bounds) -> Window:
    return Window(
        first=bounds.first, last=bounds.last, named=bounds.named, form=bounds.form, certainty=_certainty(bounds)
    )


def _certainty(bounds: Bounds) -> Certainty:
    if bounds.first is None and bounds.last is None:
        return next((known for known in UNDATED if SAY_UNDATED[known] in bounds.basis), "open")
    if bounds.last is None:
        return "no end"
    if bounds.opens:
        return "window"
    return "stated" if bounds.form in ("on", "by", "until") else "worked out"


UNDATED: tuple[Literal["not stated", "to be decided", "explicitly none"], ...] = (
    "not stated",
    "to be decided",
    "explicitly none",
)


def _standing(window: Window, now: datetime) -> Standing:
    """How now lies to the window. Where the zone is unknown days are UTC's, and late is what is late everywhere."""
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


def _ended(told: Told) -> str | None:
    if told.tracked.commitment.status != "open":
        return told.tracked.commitment.status
    if told.reminder.kind != "closed":
        return None
    detail = told.change.detail if told.change else None
    return next((end for end in ENDS if detail and detail.startswith(end)), "closed")


def _lead(offset: str | None) -> str | None:
    try:
        return Duration.parse(offset).words if offset else None
    except InputError:
        return offset


def _hangs_on(commitment: Commitment) -> list[str]:
    try:
        return sorted(references(parse(commitment.deadline)))
    except InputError:
        return []


def _names(parties: tuple[Party, ...], keys: tuple[str, ...]) -> list[str]:
    return [party.name for party in parties] or list(keys)


def _source(told: Told, line: Callable[[str | None], str | None]) -> SourceFacts | None:
    source, citation = told.source, told.tracked.commitment.source
    if source is None and citation is None:
        return None
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


def _acknowledged(told: Told, line: Callable[[str | None], str | None]) -> AcknowledgedFacts | None:
    seen = told.tracked.acknowledged
    return AcknowledgedFacts(by=line(seen.by) or "somebody", at=seen.at, until=seen.until) if seen else None


def _change(change: Revision, line: Callable[[str | None], str | None]) -> ChangeFacts:
    return ChangeFacts(
        recorded_at=change.recorded_at,
        recorded_by=line(change.recorded_by) or "somebody",
        reason=line(change.reason),
        source=line(change.source),
        cause=line(change.cause),
        before=_window(change.before) if change.before else None,
        after=_window(change.after) if change.after else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a notification tells, taken together."""

    told: tuple[Facts, ...]
    reader: str
    now: datetime

    @property
    def count(self) -> int:
        return len(self.told)

    @property
    def groups(self) -> list[tuple[Group, list[Facts]]]:
        """By what is asked, then the soonest first."""
        return grouped(self.told)

    @property
    def next(self) -> Facts | None:
        """The soonest whose day has not passed."""
        ahead = [t for t in self.told if not t.ended and t.standing in ("ahead", "today", "holds", "holds_today", "opens")]
        return min(ahead, key=_soonest, default=None)

    @property
    def overdue(self) -> int:
        """How many obligations are late."""
        return sum(t.group == "late" and t.what == "obligation" for t in self.told)

    @property
    def passed(self) -> int:
        """How many others have their date behind them."""
        return sum(t.group == "late" for t in self.told) - self.overdue
