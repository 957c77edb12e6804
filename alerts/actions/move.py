"""Move a commitment, or one occurrence of it, to another date."""

from __future__ import annotations

from dataclasses import replace

from alerts.actions.preconditions import require_occurrence, require_open
from alerts.core.changes import Change, Move, Report, StatedCommitment, revision_after
from alerts.core.commitments import Citation
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.deadlines.expressions import Every, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_zones import keep_zone
from alerts.store import Store
from alerts.store.commitment_changes import CommitmentChanges


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
    with store.commitments.change() as changes:
        now = changes.find(key)
        require_open(now, "moved")
        require_occurrence(now.at(occurrence), "moved", all_occurrences=all_occurrences)
        if change.source is not None:
            changes.require_source(change.source)
        if occurrence:
            return _move_one(changes, now.at(occurrence), deadline, change)
        return _move_whole(changes, now, deadline, change, cited)


def _move_whole(
    changes: CommitmentChanges, now: Tracked, deadline: str, change: Change, cited: Citation | None
) -> Report:
    found, kept_zone = keep_zone(parse(now.commitment.deadline), parse(deadline))
    moved = replace(now.commitment, deadline=str(found))
    cited = cited or (Citation(key=change.source) if change.source else None)
    moved = moved.citing_first(cited) if cited else moved
    change_set = changes.compute(StatedCommitment(moved, moved.key), change)
    changes.write(change_set)
    report = Report(kept_zone=kept_zone)
    change_set.add_to(report)
    return report


def _move_one(changes: CommitmentChanges, now: Tracked, deadline: str, change: Change) -> Report:
    """Move one occurrence: it keeps its name, and the zone of its own date if it was moved before."""
    require_open(now, "moved")
    before = changes.occurrence_deadline(now) or now.commitment.deadline
    found, kept_zone = keep_zone(parse(before), parse(deadline))
    if references(found) or isinstance(found, Every):
        raise InputError(f"`{found}`: one occurrence is moved to a date of its own")
    bounds = changes.resolver.bounds(replace(now.commitment, deadline=str(found)), {})
    if bounds.fingerprint == now.bounds.fingerprint:
        return Report(kept_zone=kept_zone)
    version = now.bounds_version + 1  # of this occurrence only: the others have not moved
    changes.move_occurrence(now, str(found), bounds, version, change.now)
    revision = revision_after(now, change, "moved", version=version)
    changes.append(now, replace(revision, before=now.bounds, after=bounds))
    moved = Move(f"{now.commitment.key} {now.occurrence}", now.bounds, bounds)
    return Report(moved=[moved], kept_zone=kept_zone)
