"""Summaries: the state of everything that a rule matches, at a firing of its cron."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Self
from uuid import UUID, uuid5

from alerts.core.audited_months import AuditedMonth
from alerts.core.commitments import Commitment
from alerts.core.reminders import NAMESPACE, Kind, Reminder
from alerts.core.rules import Rule
from alerts.core.schedule.answers import paused_until, snoozed_now
from alerts.core.stages import has_passed
from alerts.core.tracked import Tracked
from alerts.deadlines.durations import Duration
from alerts.deadlines.errors import InputError
from alerts.deadlines.points import Day, Point
from alerts.deadlines.zones import zone_info

LISTED = 200  # commitments in one summary; the rest are counted
SLACK = timedelta(days=2)  # between a civil day somewhere on earth and the same day in UTC
Part = Literal["late", "due", "open"]
PARTS: Mapping[Part, Kind] = {
    "late": "overdue",
    "due": "before",
    "open": "review",
}  # in their order, each with the kind of its reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a summary covers: what a rule matches at one firing, for some owners only if any are named.

    `audit`: the month that it states, if it is the first since that was over.
    """

    rule: Rule
    firing: datetime
    owners: tuple[str, ...] = ()
    audit: AuditedMonth | None = None

    @property
    def until(self) -> date:
        """Return the last civil day to which it looks ahead, that of the rule's zone."""
        today = _civil(self.firing, self.rule.timezone)
        try:
            return Duration.parse(self.rule.summary or "P0D").shift(today)
        except InputError:
            return date.max

    @property
    def starts_before(self) -> datetime:
        """Return an instant after which nothing begins that is due within it, wherever its zone is."""
        day = datetime(self.until.year, self.until.month, self.until.day, tzinfo=self.firing.tzinfo)
        return day + SLACK if self.until < date.max - SLACK else datetime.max.replace(tzinfo=self.firing.tzinfo)

    def includes(self, commitment: Commitment) -> bool:
        """Return whether the summary covers a commitment."""
        return self.rule.matches(commitment) and (not self.owners or commitment.owner in self.owners)

    def id(self, channel: str, recipient: str, *, is_fallback: bool = False) -> UUID:
        """Return the id of the delivery to a recipient: one for each firing; as a fallback, one for each set of owners.

        A summary of everything has the same id as a fallback: a recipient who has it does not get it again.
        """
        whose = ("elsewhere" if is_fallback else "own", *(self.owners if is_fallback else ())) if self.owners else ()
        what = ("summary", self.rule.name, self.firing.isoformat(), channel, recipient, *whose)
        return uuid5(NAMESPACE, "\x1f".join(what))

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        found = {"rule": self.rule.to_json(), "firing": self.firing.isoformat(), "owners": list(self.owners)}
        return found | ({"audit": self.audit.to_json()} if self.audit else {})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        firing = datetime.fromisoformat(data["firing"])
        audit = AuditedMonth.from_json(data["audit"]) if data.get("audit") else None
        return cls(rule=Rule.from_json(data["rule"]), firing=firing, owners=tuple(data["owners"]), audit=audit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A summary: how many are due, overdue (obligations), past their date (other kinds), and without a coming date.

    `listed` are in their order; `more` counts the rest. `quiet` counts what is late or undated and acknowledged or
    snoozed; it is listed, too, after the others.
    """

    scope: Scope
    due: int = 0
    overdue: int = 0
    passed: int = 0
    undated: int = 0
    listed: tuple[tuple[Part, Tracked], ...] = ()
    quiet: int = 0

    @property
    def more(self) -> int:
        """Return how many are not listed."""
        return self.due + self.overdue + self.passed + self.undated - len(self.listed)

    def reminders(self) -> list[tuple[Reminder, Tracked]]:
        """Return a reminder for each commitment that is listed."""
        return [(self._reminder(PARTS[part], tracked), tracked) for part, tracked in self.listed]

    def _reminder(self, kind: Kind, tracked: Tracked) -> Reminder:
        return Reminder(
            rule=self.scope.rule.name,
            commitment=tracked.commitment.key,
            commitment_id=tracked.id,
            occurrence=tracked.occurrence,
            bounds_version=tracked.bounds_version,
            fingerprint=tracked.bounds.fingerprint,
            kind=kind,
            moment=self.scope.firing,
            send_at=self.scope.firing,
        )


def summarise(commitments: Iterable[Tracked], scope: Scope, now: datetime) -> Summary:
    """Return the summary of commitments. They are read one by one, and only those listed are kept in memory."""
    most_urgent_by_part: dict[Part, _MostUrgent] = {part: _MostUrgent() for part in PARTS}
    paused: dict[Part, _MostUrgent] = {part: _MostUrgent() for part in PARTS}
    overdue = 0
    for one in (
        occurrence
        for whole in commitments
        if scope.includes(whole.commitment)
        for occurrence in _occurrences_of(whole, scope, now)
    ):
        part = part_of(one, scope, now)
        if part:
            is_quiet = part != "due" and (paused_until([scope.rule], one, now) or snoozed_now(one, now)) is not None
            (paused if is_quiet else most_urgent_by_part)[part].add(one)
            overdue += part == "late" and one.commitment.kind in ("obligation", "notice")
    both = [*most_urgent_by_part.items(), *paused.items()]
    every = [(part, one) for part, most_urgent in both for one in most_urgent.soonest()]
    quiet = sum(most_urgent.count for most_urgent in paused.values())
    counts = {part: most_urgent_by_part[part].count + paused[part].count for part in PARTS}
    return Summary(
        scope=scope,
        due=counts["due"],
        overdue=overdue,
        passed=counts["late"] - overdue,
        undated=counts["open"],
        listed=tuple(_most_urgent(every)),
        quiet=quiet,
    )


def _most_urgent(every: list[tuple[Part, Tracked]]) -> list[tuple[Part, Tracked]]:
    """Return those that are listed, in order: what is critical first, then what is late."""
    first = sorted(range(len(every)), key=lambda place: every[place][1].commitment.priority != "critical")
    return [every[place] for place in sorted(first[:LISTED])]


def part_of(tracked: Tracked, scope: Scope, now: datetime) -> Part | None:
    """Return the part a commitment (or occurrence) belongs to; None if it is closed or lies farther ahead."""
    bounds = tracked.bounds
    if not tracked.open or tracked.recurs:
        return None
    if bounds.latest is not None and bounds.latest <= now:
        return "late"
    if bounds.latest is None and (bounds.earliest is None or bounds.earliest <= now):
        return "open"
    opening = bounds.first if bounds.opens and bounds.earliest and bounds.earliest > now else None
    ahead = [point for point in (bounds.named or bounds.last, opening) if point]
    return "due" if any(_day(point, scope.rule.timezone) <= scope.until for point in ahead) else None


def _occurrences_of(tracked: Tracked, scope: Scope, now: datetime) -> Iterator[Tracked]:
    """Yield a commitment, or if it recurs its past occurrences and those within the horizon."""
    recurs = tracked.bounds.recurrence
    if recurs is None:
        yield tracked
        return
    come = dict.fromkeys(tracked.relevant_occurrences(now))
    yield from (tracked.at(name) for name in come)
    for name in recurs.names_about(now):
        if recurs.begins_after(name, scope.starts_before):
            return
        one = None if name in come else tracked.at(name)  # what passed before it was recorded is not tracked
        if one and not has_passed(one.bounds, now):
            yield one


def _day(point: Point, zone: str) -> date:
    """Return the civil day of a point: as it is stated, or of an instant as it is in a zone."""
    return point.date if isinstance(point, Day) else _civil(point.at, zone)


def _civil(at: datetime, zone: str) -> date:
    """Return the civil day of an instant in a zone; at the ends of the calendar, the day in UTC."""
    try:
        return at.astimezone(zone_info(zone)).date()
    except OverflowError:
        return at.astimezone(UTC).date()


@dataclass(slots=True)
class _MostUrgent:
    """The soonest of many, what is critical before all else, and how many there were."""

    count: int = 0
    kept: list[tuple[bool, tuple[datetime, str, str], Tracked]] = field(default_factory=list)

    def add(self, tracked: Tracked) -> None:
        bounds = tracked.bounds
        point = bounds.named or bounds.last or bounds.first
        at = point.counted_start if point else tracked.recorded_at
        self.count += 1
        self.kept.append(
            (tracked.commitment.priority != "critical", (at, tracked.commitment.key, tracked.occurrence), tracked)
        )
        if len(self.kept) >= 2 * LISTED:
            self._cut()

    def soonest(self) -> list[Tracked]:
        self._cut()
        return [one for _, _, one in sorted(self.kept, key=lambda item: item[1])]

    def _cut(self) -> None:
        self.kept.sort(key=lambda item: item[:2])
        del self.kept[LISTED:]
