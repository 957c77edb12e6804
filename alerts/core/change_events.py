"""Changes of commitments as other systems hear of them, once they have subscribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from uuid import UUID

from alerts.core.stated_values import differing_fields
from alerts.core.tracked import Revision, Tracked

EventName = Literal[
    "recorded", "edited", "assigned", "noted", "moved", "acknowledged", "unacknowledged", "snoozed", "closed",
    "reopened",
]  # fmt: skip
EVENT_NAMES: tuple[EventName, ...] = get_args(EventName)
ALL = "all"


def expand_events(stated: Sequence[str]) -> tuple[EventName, ...]:
    """Return the events that somebody subscribes to, in their usual order; `all` stands for each of them."""
    return tuple(name for name in EVENT_NAMES if name in stated or ALL in stated)


def event_names(what: str, detail: str | None) -> tuple[str, ...]:
    """Return the names that a revision has as an event, the most exact one first.

    `detail` lists the fields that an edit or a move changed. An edit that names another owner is `assigned`, and one of
    the note alone is `noted`; subscribers to `edited` get both, and those to `assigned` also a move that names one.
    """
    fields = (detail or "").split(", ") if what in ("edited", "moved") else []
    exact = "assigned" if "owner" in fields else "noted" if fields == ["note"] else None
    if what == "moved":
        return (what, "assigned") if exact == "assigned" else (what,)
    return (exact, what) if exact else (what,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEvent:
    """A revision of a commitment, with the commitment before and after it. `before` is None where it is the first.

    Where it is about an occurrence, both are that occurrence.
    """

    name: str
    revision: Revision
    before: Tracked | None
    after: Tracked

    @property
    def key(self) -> str:
        """Return the key of the commitment."""
        return self.after.commitment.key

    def to_json(self, id_: UUID) -> dict[str, object]:
        """Return what is posted: `type`, `timestamp` and `data`, as Standard Webhooks has it. `id_`: its delivery's."""
        one = self.revision
        return {
            "type": f"commitment.{self.name}",
            "timestamp": _utc(one.recorded_at),
            "data": {
                "id": str(id_),
                "commitment": self.key,
                "occurrence": one.occurrence or None,
                "revision": one.number,
                "recorded_by": one.recorded_by,
                "proof": one.proof,
                "reason": one.reason,
                "source": one.source,
                "cause": one.cause,
                "detail": one.detail,
                "changed": self._changed(),
                "before": _state(self.before) if self.before else None,
                "after": _state(self.after),
            },
        }

    def _changed(self) -> list[str]:
        """Return the names of the stated fields that differ."""
        return list(differing_fields(self.before.commitment, self.after.commitment)) if self.before else []


def _state(one: Tracked) -> dict[str, object]:
    commitment, seen, snoozed = one.commitment, one.current_acknowledgement, one.snooze
    return {
        "title": commitment.title,
        "kind": commitment.kind,
        "priority": commitment.priority,
        "status": commitment.status,
        "answer": one.answer,
        "owner": commitment.owner,
        "by": list(commitment.by),
        "to": list(commitment.to),
        "tags": list(commitment.tags),
        "note": commitment.note,
        "deadline": commitment.deadline,
        "timezone": commitment.timezone,
        "earliest": _utc(one.bounds.earliest),
        "latest": _utc(one.bounds.latest),
        "acknowledged": seen and {"by": seen.by, "at": _utc(seen.at), "until": _utc(seen.until)},
        "snoozed": snoozed and {"by": snoozed.by, "at": _utc(snoozed.at), "until": _utc(snoozed.until)},
    }


def _utc(at: datetime | None) -> Any:
    return at and at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
