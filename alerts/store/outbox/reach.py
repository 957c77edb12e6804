"""Which recipients a process sends to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    BindParameter,
    func,
    or_,
    select,
    true,
)

from alerts.store import delivery_tables, tables

_D = delivery_tables.deliveries.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRecipients:
    """The recipients of a process on a channel: `recipients` (None: anybody) and, if `owners`, all people."""

    recipients: tuple[str, ...] | None = None
    owners: bool = False

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {"to": self.recipients, "owners": self.owners}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote; a process of an earlier version wrote nothing, and delivers to anybody."""
        to = data.get("to")
        return cls(recipients=None if to is None else tuple(to), owners=bool(data.get("owners")))


ANYBODY = ServedRecipients()


def is_served(recipients: Collection[str] | BindParameter[Any] | None, *, owners: bool) -> Any:
    """Return the condition for deliveries to these recipients (None: to anybody) and, if `owners`, to all people."""
    if recipients is None:
        return true()
    mine = or_(_D.recipient.in_(recipients), _D.on_behalf_of.is_not(None))  # deputies, on their channel
    if not owners:
        return mine
    people = tables.people.c.email
    return or_(mine, _D.recipient.in_(select(people)), func.lower(_D.recipient).in_(select(func.lower(people))))
