"""Owners of commitments, and the channel that alerts reach them through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from alerts.core.commitments import Commitment, Person
from alerts.deadlines.values import frozen

OWNER = "owner"  # in `notify` it stands for the owner of the commitment


@frozen(kw_only=True)
class Owners:
    """The people, by key, and the channel that mails them (None where none is marked for it)."""

    channel: str | None = None
    people: Mapping[str, Person] = field(default_factory=dict)

    def of(self, commitment: Commitment) -> Person | None:
        """Return the owner of a commitment, if that person is known and can be reached."""
        return self.people.get(commitment.owner) if commitment.owner and self.channel else None

    def channels(self, notify: Iterable[str], commitment: Commitment) -> list[tuple[str, str]]:
        """Return each entry of a `notify` that reaches anybody, with its channel."""
        found = [(target, self.channel if target == OWNER else target) for target in notify]
        return [(target, name) for target, name in found if name and (target != OWNER or self.of(commitment))]


NO_OWNERS = Owners()


def as_named(person: Person, recipients: Iterable[str]) -> str:
    """Return a person's address as the channel writes it, if it names them too: else they would get two."""
    return next((one for one in recipients if one.lower() == person.email.lower()), person.email)
