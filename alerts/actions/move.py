"""Move a commitment, or one occurrence of it, to another date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from alerts.actions.preconditions import find, require_known_dependencies, require_occurrence, require_open
from alerts.core.change_set import ChangeSet
from alerts.core.changes import Change, Move, Report, StatedCommitment, revision_after
from alerts.core.commitments import Citation
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import AfterDone, Every, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_zones import keep_zone
from alerts.store import Store
from alerts.store.commitment_changes import CommitmentChanges
from alerts.store.followed_occurrences import FollowedOccurrence


def move(
    store: Store,
    key: str,
    deadline: str,
    change: Change,
    occurrence: str = "",
    *,
    all_occurrences: bool = False,
    cited: Citation | None = None,
) -> Report:
    """Give a commitment another deadline; what depends on it moves in the same transaction.

    What recurs is moved one occurrence at a time, unless `all_occurrences` is True. The new deadline keeps the zone
    that the old one stated. A source that is `cited`, or that the change names, comes before those that it had; for
    one occurrence only the history names it.
    """
    with store.commitments.change(change.request) as changes:
        now = _find(changes, key, change, occurrence, all_occurrences=all_occurrences)
        if occurrence:
            one = _compute_one(changes, now.at(occurrence), deadline)
            _write_one(changes, one, change)
            return one.report
        change_set, report = _compute_whole(changes, now, deadline, change, cited)
        changes.write(change_set)
        return report


def preview_move(store: Store, key: str, deadline: str, change: Change, occurrence: str = "") -> Report:
    """Return what a move would change, and what would move along. Nothing is written. Raises what `move` raises."""
    with store.commitments.preview() as changes:
        now = _find(changes, key, change, occurrence, all_occurrences=False)
        if occurrence:
            return _compute_one(changes, now.at(occurrence), deadline).report
        return _compute_whole(changes, now, deadline, change, None)[1]


def _find(changes: CommitmentChanges, key: str, change: Change, occurrence: str, *, all_occurrences: bool) -> Tracked:
    now = find(changes, key, change, "move")
    require_open(now, "moved")
    require_open(now.at(occurrence), "moved")
    require_occurrence(now.at(occurrence), "moved", all_occurrences=all_occurrences)
    if change.source is not None:
        changes.require_source(change.source)
    return now


def _compute_whole(
    changes: CommitmentChanges, now: Tracked, deadline: str, change: Change, cited: Citation | None
) -> tuple[ChangeSet, Report]:
    found, kept_zone = keep_zone(parse(now.commitment.deadline), parse(deadline))
    moved = replace(now.commitment, deadline=str(found))
    require_known_dependencies(changes, moved.deadline, change, references(parse(now.commitment.deadline)))
    cited = cited or (Citation(key=change.source) if change.source else None)
    moved = moved.citing_first(cited) if cited else moved
    change_set = changes.compute(StatedCommitment(moved, moved.key), change)
    report = Report(kept_zone=kept_zone)
    change_set.add_to(report)
    return change_set, report


@dataclass(frozen=True, slots=True)
class _MovedOccurrence:
    """One occurrence, with the deadline and the bounds that it moves to, and what follows it; it keeps its name."""

    now: Tracked
    deadline: str
    bounds: Bounds
    kept_zone: str | None
    followed: Sequence[FollowedOccurrence]

    @property
    def moves(self) -> bool:
        return self.bounds.fingerprint != self.now.bounds.fingerprint

    @property
    def report(self) -> Report:
        move = Move(f"{self.now.commitment.key} {self.now.occurrence}", self.now.bounds, self.bounds)
        along = [one.move for one in self.followed if one.moves]
        return Report(moved=[move] if self.moves else [], moved_dependants=along, kept_zone=self.kept_zone)


def _compute_one(changes: CommitmentChanges, now: Tracked, deadline: str) -> _MovedOccurrence:
    """Compute the move of one occurrence: it keeps the zone of its own date if it was moved before."""
    before = changes.occurrence_deadline(now) or now.commitment.deadline
    found, kept_zone = keep_zone(parse(before), parse(deadline))
    if references(found) or isinstance(found, Every | AfterDone):
        raise InputError(f"`{found}`: one occurrence is moved to a date of its own")
    bounds = changes.resolver.bounds(replace(now.commitment, deadline=str(found)), {})
    return _MovedOccurrence(now, str(found), bounds, kept_zone, changes.find_followed(now, bounds))


def _write_one(changes: CommitmentChanges, one: _MovedOccurrence, change: Change) -> None:
    if not one.moves:
        return
    version = one.now.bounds_version + 1  # of this occurrence only: the others have not moved
    changes.move_occurrence(one.now, one.deadline, one.bounds, version, change.now)
    revision = revision_after(one.now, change, "moved", version=version)
    changes.append(one.now, replace(revision, before=one.now.bounds, after=one.bounds))
    changes.move_along(one.followed, change)
