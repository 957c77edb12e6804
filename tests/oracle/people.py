"""Who gets what goes to a person, as the design reads: there, away, or gone; a deputy's alerts go on to theirs.

Readings of the design where it leaves a choice:

* Who is away gets it, and so does the deputy. Of several absences at once each has its deputy.
* Who has left gets nothing. What an absence says about them counts no more: the deputy of the settings gets it.
* A deputy who is away or has left is treated like anybody else to whom it goes.
* The operators get it where its owner has left and it would go to nobody.
* An absence counts from when it is recorded, and not any more from when it is ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

OPERATORS = "the operators"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the staff, with spells of being gone: from the first instant, before the second."""

    key: str
    deputy: str | None = None
    gone: tuple[tuple[datetime, datetime], ...] = ()

    def has_left(self, at: datetime) -> bool:
        return any(start <= at < end for start, end in self.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A time away, when it was recorded, and when somebody said that they were back."""

    person: str
    start: datetime
    end: datetime
    recorded_at: datetime
    deputy: str | None = None
    back_at: datetime | None = None

    def counts(self, at: datetime) -> bool:
        known = self.recorded_at <= at and (self.back_at is None or at < self.back_at)
        return known and self.start <= at < self.end


def recipients(owner: str, at: datetime, staff: Mapping[str, Member], away: Sequence[Away]) -> set[str]:
    """Return the keys of those who get what goes to an owner at a time."""
    found = _reached(owner, at, staff, away, ())
    return found or {OPERATORS}


def _reached(
    key: str, at: datetime, staff: Mapping[str, Member], away: Sequence[Away], before: tuple[str, ...]
) -> set[str]:
    if key in before:
        return set()
    one = staff[key]
    if one.has_left(at):
        found, deputies = set(), {one.deputy}
    else:
        found = {key}
        deputies = {absence.deputy or one.deputy for absence in away if absence.person == key and absence.counts(at)}
    for deputy in deputies - {None}:
        assert deputy is not None
        found |= _reached(deputy, at, staff, away, (*before, key))
    return found
