"""Which occurrences of what recurs are tracked, and which of them were before the recurrence was moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from alerts.core.stages import has_passed
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.series_bounds import occurrence_bounds
from alerts.deadlines.values import frozen


@frozen
class PreviousRecurrence:
    """A recurrence when a watch last looked: its bounds, since when, and the last occurrence that was watched.

    `until`: when the first move was recorded that the watch has not seen.
    """

    bounds: Bounds
    stated_at: datetime
    until: datetime
    last: datetime | None

    def fingerprint(self, name: str) -> str | None:
        """Return the bounds of an occurrence that was tracked and had no watch of its own yet."""
        recurs = self.bounds.recurrence
        if recurs is None or not recurs.has(name):
            return None
        found = occurrence_bounds(self.bounds, name)
        late = recurs.open_name is None and has_passed(found, self.stated_at)
        return found.fingerprint if (recurs.order(name) > self.last if self.last else not late) else None


def before_moves(tracked: Tracked, seen: int, last: datetime | None) -> PreviousRecurrence | None:
    """Return the recurrence before its moves as a whole that came after the revision `seen`, if there are any."""
    moves = [change for change in tracked.changes if change.what == "moved" and not change.occurrence]
    unseen = [move for move in moves if move.number > seen]
    if not unseen or unseen[0].before is None:
        return None
    stated = [move.recorded_at for move in moves if move.number <= seen]
    stated_at = max(stated, default=tracked.recorded_at)
    return PreviousRecurrence(unseen[0].before, stated_at, until=unseen[0].recorded_at, last=last)


def stands_elsewhere(occurrence: Tracked, seen: int) -> bool:
    """Return whether an occurrence without a date was moved with the whole after the revision `seen`.

    Its fingerprint does not tell: it has none but that of no date.
    """
    unseen = before_moves(occurrence, seen, None)
    recurred = unseen.bounds.recurrence if unseen else None
    if occurrence.bounds.has_date or not unseen or not recurred or not recurred.has(occurrence.occurrence):
        return False
    return occurrence_bounds(unseen.bounds, occurrence.occurrence).stands_at != occurrence.bounds.stands_at


def kept(tracked: Tracked, before: PreviousRecurrence) -> Iterator[str]:
    """Yield the tracked occurrences that still exist and had passed when the new recurrence was stated."""
    stated_at = tracked.stated_at or tracked.recorded_at
    recurred, recurs = before.bounds.recurrence, tracked.bounds.recurrence
    if recurred is None or recurs is None:
        return
    for name in recurred.names_about(before.stated_at):
        if recurs.begins_after(name, stated_at):
            return
        tracked_before = before.fingerprint(name) and not was_history(tracked, name, before.until)
        if tracked_before and exists(tracked, name) and passed(tracked, name):
            yield name


def was_history(tracked: Tracked, name: str, at: datetime) -> bool:
    """Return whether an occurrence that was moved along had never been tracked before an instant."""
    state = tracked.occurrences.get(name)
    return state is not None and state.is_history and (state.history_since is None or state.history_since < at)


def names(tracked: Tracked, last: datetime | None) -> Iterator[str]:
    """Yield the occurrences after the last one watched; without one, those that had not passed when it was stated.

    Where only one is open at a time, it is that one, if it is not the one watched last.
    """
    recurs = tracked.bounds.recurrence
    assert recurs is not None
    if recurs.open_name is not None:
        yield from (name for name in (recurs.open_name,) if recurs.order(name) != last)
        return
    if last is not None:
        since = last.replace(tzinfo=None)
        yield from (name for name in recurs.names(since) if recurs.order(name) > last)
        return
    stated_at = tracked.stated_at or tracked.recorded_at
    yield from (name for name in recurs.names_about(stated_at) if not passed(tracked, name))


def passed(tracked: Tracked, name: str) -> bool:
    """Return whether an occurrence had passed when the present recurrence was stated.

    What counts from when it was last done has no history: its one open occurrence is overdue until it is done.
    """
    recurs = tracked.bounds.recurrence
    if recurs is not None and recurs.open_name is not None:
        return False
    return has_passed(tracked.at(name).bounds, tracked.stated_at or tracked.recorded_at)


def exists(tracked: Tracked, name: str) -> bool:
    """Return whether a recurrence has an occurrence of that name."""
    recurs = tracked.bounds.recurrence
    return recurs is not None and recurs.has(name)
