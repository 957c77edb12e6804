"""Several moves without an alert yet, as one: from the old date to the present one, with all reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alerts.core.tracked import Revision


def merge_moves(moves: Sequence[Revision]) -> Revision:
    """Return the last of some moves, oldest first, as one that leads from where the first of them began."""
    if len(moves) == 1:
        return moves[0]
    return replace(
        moves[-1],
        before=moves[0].before,
        reason=_all(((move.reason or "").rstrip(".") for move in moves), "; "),
        source=_all((move.source for move in moves), ", "),
        cause=_all((move.cause for move in moves), ", "),
        recorded_by=_all((move.recorded_by for move in moves), ", ") or moves[-1].recorded_by,
    )


def returns_to_start(moves: Sequence[Revision]) -> bool:
    """Return whether some moves lead back to where the first of them began."""
    before, after = moves[0].before, moves[-1].after
    return before is not None and after is not None and before.fingerprint == after.fingerprint


def _all(texts: Iterable[str | None], between: str) -> str | None:
    return between.join(dict.fromkeys(text for text in texts if text)) or None
