"""Deliveries that fail, and the notices about them that operators get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self
from uuid import UUID, uuid5

from alerts.core.reminders import NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailure:
    """A delivery to report to operators: it is dead, it has failed for an hour, or its template failed.

    `about` names what it carries ("truce before"), `fallback_channels` the channels that sent it instead.
    """

    id: UUID
    channel: str
    recipient: str
    state: str
    error: str
    attempts: int = 0
    about: tuple[str, ...] = ()
    fallback_channels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return asdict(self) | {"id": str(self.id)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        now = {**data, "fallback_channels": data.get("fallback_channels", data.get("instead", ()))}
        now.pop("instead", None)  # the name in rows of earlier versions
        lists = {name: tuple(now[name]) for name in ("about", "fallback_channels")}
        return cls(**{**now, **lists, "id": UUID(data["id"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice to operators: some failures, and how many `more` there are."""

    failures: tuple[DeliveryFailure, ...]
    more: int = 0

    def to_json(self) -> dict[str, Any]:
        """Write it so that `from_json` reads it back."""
        return {"troubles": [one.to_json() for one in self.failures], "more": self.more}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(failures=tuple(DeliveryFailure.from_json(one) for one in data["troubles"]), more=data["more"])


def notice_id(channel: str, recipient: str, failures: Sequence[DeliveryFailure]) -> UUID:
    """Return the id of a notice to operators: the same for the same failures."""
    statements = sorted(f"{one.id} {one.state} {one.attempts}" for one in failures)
    return uuid5(NAMESPACE, "\x1f".join(["notice", channel, recipient, *statements]))
