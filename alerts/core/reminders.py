"""Reminders: what an alert is about, when it is due, and why."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5

from alerts.deadlines.values import frozen

Kind = Literal["before", "on_the_day", "opens", "overdue", "moved", "review", "closed", "reopened", "unanswered"]
# All but changes, and what nobody has answered. Of those that mean the same instant, the first goes out.
MERGEABLE_KINDS: tuple[Kind, ...] = ("before", "on_the_day", "opens", "overdue", "review")
REPEATING_KINDS: frozenset[Kind] = frozenset({"overdue", "review"})  # until somebody answers
NAMESPACE = UUID("6e3a1f0c-5d0b-5a6e-9c57-0d4f6f0b7a11")
LATE = timedelta(hours=1)  # from here on an alert says that it is late


@frozen(kw_only=True)
class Reminder:
    """Rule × occurrence × bounds version × kind × moment. `fingerprint` is that of the bounds it is about.

    `early`: no later firing would be in time. `catching_up`: it was missed before the commitment, the rule or the lead
    was there. `revision`: the change that a `moved`, `closed` or `reopened` reports; `first_revision`: where several
    moves go out as one, the first of them. A skipped one has a reason.
    """

    rule: str
    commitment: str
    commitment_id: int
    occurrence: str = ""
    bounds_version: int
    fingerprint: str
    kind: Kind
    moment: datetime
    send_at: datetime
    offset: str | None = None
    early: bool = False
    catching_up: bool = False
    revision: int | None = None
    first_revision: int | None = None
    skipped: str | None = None

    @property
    def id(self) -> UUID:
        """Return the id: the same for the same reminder in every process and at any time."""
        what = (self.rule, self.commitment_id, self.occurrence, self.bounds_version, self.kind, self.moment.isoformat())
        return _id_of("\x1f".join(map(str, what)))

    @property
    def alert_key(self) -> tuple[int, str, int, str, datetime]:
        """Return the key of the alert: the same under every rule."""
        return self.commitment_id, self.occurrence, self.bounds_version, self.kind, self.moment

    def late_by(self, now: datetime) -> timedelta:
        """Return how late it is at `now`; zero if that is not worth a mention."""
        late = now - self.send_at
        return late if late >= LATE and not self.catching_up else timedelta()


@lru_cache(maxsize=4096)
def _id_of(name: str) -> UUID:
    """Return the id for a name. It is asked for a dozen times while a reminder is planned."""
    return uuid5(NAMESPACE, name)
