"""What the latest move or handover of a commitment replaced, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from alerts.core.stated_values import commitment_of, differing_fields
from alerts.core.tracked import Revision


@dataclass(frozen=True, slots=True)
class Replaced:
    """What stood before a move or a handover: the deadline as stated, or the key of the owner, empty for nobody."""

    field: Literal["deadline", "owner"]
    before: str


def latest_replaced(history: Iterable[Revision]) -> Replaced | None:
    """Return what the latest change of what is stated replaced; None where that was neither a move nor a handover.

    Revisions are those of one commitment, the oldest first.
    """
    stated = [commitment_of("k", "open", one.stated) for one in history if one.stated is not None]
    if len(stated) < 2:
        return None
    before, after = stated[-2:]
    match differing_fields(before, after):
        case ("deadline",):
            return Replaced("deadline", before.deadline)
        case ("owner",):
            return Replaced("owner", before.owner or "")
        case _:
            return None
