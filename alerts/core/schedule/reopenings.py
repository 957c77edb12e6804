"""Ends and reopenings that a watch has not seen, and what it reports of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.values import frozen


@frozen(kw_only=True)
class Ends:
    """The ends and reopenings that a watch has not seen yet, oldest first.

    `own` are those of its commitment or occurrence; `of_recurrence`, for an occurrence, those of the whole.
    """

    own: tuple[Revision, ...]
    of_recurrence: tuple[Revision, ...] = ()

    @classmethod
    def among(cls, unseen: Sequence[Revision], occurrence: str) -> Ends:
        """Return those among the unseen revisions of an occurrence, or of the commitment if `occurrence` is empty."""
        ends = [revision for revision in unseen if revision.what in ("closed", "reopened")]
        return cls(
            own=tuple(revision for revision in ends if revision.occurrence == occurrence),
            of_recurrence=tuple(revision for revision in ends if occurrence and not revision.occurrence),
        )

    def reopening(self, now: Tracked) -> Revision | None:
        """Return the latest reopening of what was closed when the watch last looked, and is open now.

        What was closed and reopened since then was never closed for anybody.
        """
        found = [ends[-1] for ends in (self.own, self.of_recurrence) if ends and _reopened(ends)]
        return max(found, key=lambda revision: revision.number, default=None) if now.open else None

    def ends_to_announce(self, now: Tracked) -> tuple[Revision, ...]:
        """Return the change that needs an alert: the last, unless it leads back to what the watch last saw."""
        if not self.own:
            return ()
        last = self.own[-1]
        if last.what == "reopened" and not (now.open and _reopened(self.own)):
            return ()
        return (last,)


def ended_by(reopened: Revision, now: Tracked) -> Tracked:
    """Return the commitment without an acknowledgement that had ended by a reopening."""
    acknowledgement = now.acknowledged
    ends = (acknowledgement.until, acknowledgement.ended) if acknowledgement else ()
    ended = any(end is not None and end <= reopened.recorded_at for end in ends)
    return replace(now, acknowledged=None) if ended else now


def acknowledgement_ended_at(tracked: Tracked, now: datetime) -> datetime | None:
    """Return when a move or a reopening ended the acknowledgement; None where none has by now."""
    ended = tracked.acknowledged.ended if tracked.acknowledged else None
    return ended if ended is not None and ended <= now else None


def _reopened(ends: tuple[Revision, ...]) -> bool:
    """Return whether what was closed before all of them is open after them."""
    return ends[0].what == ends[-1].what == "reopened"
