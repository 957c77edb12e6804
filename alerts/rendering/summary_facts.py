"""What templates see of a summary: the counts, and what is listed, by owner and group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from alerts.core.audited_months import AuditedMonth
from alerts.core.notifications import Notification
from alerts.core.reminders import LATE
from alerts.core.summaries import Summary
from alerts.deadlines.wording import MONTH_NAMES
from alerts.rendering.template_facts import Facts, Group, grouped
from alerts.rendering.template_filters import clean, flat


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFacts:
    """The SHA-256 of the audit export of a month, from its `first` to its `last` day in a zone.

    `unfinished` counts messages of the month that may be tried again. `command` makes the export.
    """

    month: str
    first: date
    last: date
    zone: str
    sha256: str
    unfinished: int
    command: str

    @classmethod
    def of(cls, month: AuditedMonth) -> Self:
        """Return the facts of a month."""
        first, last = month.first, month.last
        return cls(
            month=f"{MONTH_NAMES[first.month - 1]} {first.year}",
            first=first,
            last=last,
            zone=month.zone,
            sha256=month.sha256,
            unfinished=month.unfinished,
            command=f"alerts audit export --from {first} --to {last} | sha256sum",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryFacts:
    """A summary up to and including the day `until`. `shared`: it covers several owners, not only the reader.

    `overdue` counts obligations, `passed` everything else whose date is over, `undated` what is open without a coming
    date. `reminders` have facts of their own, `not_listed` are only counted. `listed` is what there is room for, the
    most urgent first. `quiet` counts what is acknowledged or snoozed. `audit`: the month that it states, if it does.
    """

    rule: str
    firing: datetime
    late_by: timedelta
    until: date
    reader: str
    now: datetime
    shared: bool
    due: int
    overdue: int
    passed: int
    undated: int
    not_listed: int
    quiet: int
    reminders: tuple[Facts, ...]
    listed: tuple[Facts, ...]
    audit: AuditFacts | None = None

    @property
    def more(self) -> int:
        """How many are not listed."""
        return self.not_listed + len(self.reminders) - len(self.listed)

    @property
    def count(self) -> int:
        """How many commitments the summary is about, listed or not."""
        return self.due + self.overdue + self.passed + self.undated

    @property
    def owners(self) -> list[tuple[str | None, list[tuple[Group, list[Facts]]]]]:
        """What is listed, by owner (without an owner last), then by group, then the soonest first."""
        names = sorted({t.owner for t in self.listed}, key=lambda name: (name is None, (name or "").casefold()))
        return [(name, grouped(t for t in self.listed if t.owner == name)) for name in names]


def summary_facts(
    summary: Summary, notification: Notification, reader: str, reminders: Sequence[Facts], listed: Sequence[Facts]
) -> SummaryFacts:
    """Return the facts of a summary, given the facts of its reminders."""
    late = notification.now - summary.scope.firing
    return SummaryFacts(
        rule=flat(clean(summary.scope.rule.name)),
        firing=summary.scope.firing,
        late_by=late if late >= LATE else timedelta(),
        until=summary.scope.until,
        reader=reader,
        now=notification.now,
        shared=not summary.scope.owners,
        due=summary.due,
        overdue=summary.overdue,
        passed=summary.passed,
        undated=summary.undated,
        not_listed=summary.more,
        quiet=summary.quiet,
        reminders=tuple(reminders),
        listed=tuple(listed),
        audit=AuditFacts.of(summary.scope.audit) if summary.scope.audit else None,
    )
