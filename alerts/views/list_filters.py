"""Which commitments a listing is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.core.commitments import Commitment
from alerts.core.rules import Rule
from alerts.core.schedule.answers import acknowledged_now, snoozed_now
from alerts.core.stage_wording import stage_now
from alerts.core.tracked import Tracked
from alerts.deadlines.values import frozen
from alerts.views.shown_times import days_after


@frozen(kw_only=True)
class Wanted:
    """What a commitment must have. Of several owners or tags, say, one is enough; what is empty asks for nothing."""

    owners: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    status: str | None = None
    within: int | None = None  # days
    text: str = ""

    def takes_facts(self, commitment: Commitment) -> bool:
        """Return whether what is stated of a commitment is asked for."""
        texts = (commitment.key, commitment.title, commitment.note or "")
        return (
            (not self.owners or commitment.owner in self.owners)
            and (not self.tags or not self.tags.isdisjoint(commitment.tags))
            and (not self.parties or not self.parties.isdisjoint((*commitment.by, *commitment.to)))
            and (not self.priorities or commitment.priority in self.priorities)
            and (not self.text or any(self.text.casefold() in text.casefold() for text in texts))
        )

    def takes_state(self, current: Tracked, rules: Sequence[Rule], now: datetime) -> bool:
        """Return whether how it stands is asked for. `current` is an occurrence where it recurs."""
        latest, ends_by = current.bounds.latest, self.ends_by(now)
        return (ends_by is None or (latest is not None and latest <= ends_by)) and (
            self.status is None or self._stands_so(current, rules, now)
        )

    def ends_by(self, now: datetime) -> datetime | None:
        """Return by when it must end; None where no days are asked for."""
        return None if self.within is None else days_after(now, self.within)

    def _stands_so(self, item: Tracked, rules: Sequence[Rule], now: datetime) -> bool:
        if self.status == "acknowledged":
            return acknowledged_now(rules, item, now) is not None
        if self.status == "snoozed":
            return snoozed_now(item, now) is not None
        return stage_now(item, now) == self.stage

    @property
    def stage(self) -> str | None:
        """Return the stage that is asked for, where the status is one."""
        if self.status in ("acknowledged", "snoozed"):
            return None
        return {"review": "under_review"}.get(self.status or "", self.status)
