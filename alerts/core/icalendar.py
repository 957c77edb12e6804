"""What calendars in mails, feeds and exported files have in common (RFC 5545)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.points import Day

CRITICAL = 1

PRODUCT = "-//deadline-alerts//EN"
NUMBERS = {"critical": CRITICAL, "high": 2, "normal": 5, "low": 9}

EventTimes = tuple[date, date | None]


def event_times(bounds: Bounds) -> EventTimes | None:
    """Return DTSTART and the exclusive DTEND, both days or both instants (RFC 5545 §3.6.1).

    They are the ends of a window, else the day or instant that leads count from.
    """
    named = bounds.named
    if named is None:
        return None
    first, last = (bounds.first, bounds.last) if bounds.first and bounds.last else (named, named)
    if isinstance(first, Day) and isinstance(last, Day) and first.date <= last.date:  # in different zones it may not be
        return first.date, last.date + timedelta(days=1)
    begins, ends = first.counted_start.astimezone(UTC), last.counted_end.astimezone(UTC)
    return begins, ends if begins < ends else None


def uid_of(key: str, occurrence: str, installation: str) -> str:
    """Return the UID of a commitment, or of an occurrence: no other installation makes the same (RFC 5545 §3.8.4.7)."""
    return f"{key}{'.' if occurrence else ''}{occurrence}@{installation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """A commitment as a calendar feed shows it, with the state of its occurrences.

    `kept_uids` are those that something was sent with before there was an installation's id, by occurrence.
    `revised_at`: when its last revision was made. `ended`: when single occurrences were closed.
    """

    tracked: Tracked
    installation: str
    sequence: int
    revised_at: datetime
    kept_uids: Mapping[str, str] = field(default_factory=dict)
    ended: Mapping[str, datetime] = field(default_factory=dict)

    def uid(self, occurrence: str = "") -> str:
        """Return the UID of an occurrence, or of the whole."""
        return self.kept_uids.get(occurrence) or uid_of(self.tracked.commitment.key, occurrence, self.installation)
