"""Owners: who looks after what, and through which channel they are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerts.core.commitments import Commitment, Person

OWNER = "owner"  # in `notify` it stands for whoever looks after the commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """The people, by key, and the channel that mails them (None where none is marked for it)."""

    channel: str | None = None
    people: Mapping[str, Person] = field(default_factory=dict)

    def of(self, commitment: Commitment) -> Person | None:
        """Who looks after a commitment, if that is somebody who is known and can be told."""
        return self.people.get(commitment.owner) if commitment.owner and self.channel else None

    def channels(self, notify: Iterable[str], commitment: Commitment) -> list[tuple[str, str]]:
        """Each word of a `notify` that reaches anybody, with the channel that it stands for."""
        found = [(target, self.channel if target == OWNER else target) for target in notify]
        return [(target, name) for target, name in found if name and (target != OWNER or self.of(commitment))]


NO_OWNERS = Owners()
