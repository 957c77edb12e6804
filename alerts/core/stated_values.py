"""What people state of a commitment, as JSON values: kept with each revision, and compared with what files state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.core.commitments import Citation, Commitment, Status

LISTS = ("by", "to", "tags", "calendars", "assumptions")


def stated(commitment: Commitment) -> dict[str, Any]:
    """Return all that is stated of a commitment but its key and its status."""
    return {
        "title": commitment.title,
        "deadline": commitment.deadline,
        "kind": commitment.kind,
        "priority": commitment.priority,
        "by": list(commitment.by),
        "to": list(commitment.to),
        "owner": commitment.owner,
        "tags": list(commitment.tags),
        "timezone": commitment.timezone,
        "calendars": list(commitment.calendars),
        "roll": commitment.roll,
        "review_every": commitment.review_every,
        "source": commitment.source and _cited(commitment.source),
        "assumptions": list(commitment.assumptions),
        "note": commitment.note,
        "earlier_sources": [_cited(one) for one in commitment.earlier_sources],
    }


def _cited(citation: Citation) -> dict[str, Any]:
    return {"key": citation.key, "locator": citation.locator, "quote": citation.quote}


def commitment_of(key: str, status: Status, statement: Mapping[str, Any]) -> Commitment:
    """Read back what `stated` returned."""
    values: dict[str, Any] = {name: tuple(value) if name in LISTS else value for name, value in statement.items()}
    source = values.pop("source")
    earlier = tuple(Citation(**one) for one in values.pop("earlier_sources", ()))
    cited = Citation(**source) if source else None
    return Commitment(key=key, status=status, source=cited, earlier_sources=earlier, **values)


STATED = tuple(stated(Commitment(key="k", title="", deadline="undated")))


def differing_fields(old: Commitment, new: Commitment) -> tuple[str, ...]:
    """Return the names of the fields that differ between two versions of a commitment."""
    if new is old:
        return ()
    before = stated(old)
    return tuple(sorted(name for name, value in stated(new).items() if before[name] != value))
