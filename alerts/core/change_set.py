"""What one transaction changes in commitments, as a value: a dry run shows it, a real run writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.core.changes import Change, Move, Report, StatedCommitment, revision_after
from alerts.core.commitments import Commitment
from alerts.core.deadline_resolver import DeadlineResolver, with_assumptions
from alerts.core.stated_values import differing_fields
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.bounds import Bounds

# The revision, the fingerprint and the ends of a stored commitment: where they are the same, nothing has changed that
# a computation uses. `changed_at` is no part of it: the daemon clears it at any time.
Stamp = tuple[int, str, datetime | None, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the store has of all that depends on some keys (`dependants`), and of what all of them depend on (`bounds`).

    `bounds` contain the assumptions of their commitments. `keys` are for suggestions, where a key is missing.
    """

    dependants: Mapping[str, Tracked]
    bounds: Mapping[str, Bounds]
    stamps: Mapping[str, Stamp]
    dependencies: Mapping[str, tuple[str, ...]]
    resolver: DeadlineResolver
    keys: Sequence[str] = ()

    def after(self, planned: Mapping[str, Tracked]) -> Snapshot:
        """Return the snapshot that would be taken once some commitments are as planned."""
        bounds = {
            key: with_assumptions(one.bounds, one.commitment.assumptions)
            for key, one in planned.items()
            if one.open or not one.recurs
        }
        return replace(
            self,
            dependants={key: planned.get(key, one) for key, one in self.dependants.items()},
            bounds={key: bounds.get(key, one) for key, one in self.bounds.items()},
        )


@dataclass(frozen=True, slots=True)
class New:
    """A commitment that is not tracked yet."""

    entry: StatedCommitment
    bounds: Bounds

    def planned(self, change: Change, number: int) -> Tracked:
        """Return it as it would be recorded, under an id that is not in use."""
        bounds = self.bounds
        return Tracked(
            id=number, commitment=self.entry.commitment, bounds=bounds, bounds_version=1, recorded_at=change.now
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A commitment after a change, and its bounds before. `fields` are those that differ.

    There is no revision where nothing that is stated differs. `refresh`: the bounds have another explanation or other
    calendars, or begin or end at another instant with newer zone data.
    """

    bounds_before: Bounds
    after: Tracked
    revision: Revision | None = None
    fields: tuple[str, ...] = ()
    refresh: bool = False

    @property
    def key(self) -> str:
        return self.after.commitment.key

    @property
    def move(self) -> Move:
        """Return how its bounds change."""
        return Move(self.key, self.bounds_before, self.after.bounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """What one transaction changes. `entries` are all that are stored, with what they depend on (`needs`).

    `reopened` come first: one that also moves is in `moved`, too. `following` depend on what moves, and move with it.
    `read` are the stamps of all that it was computed from, None for what was not stored; `followers` are all that
    depend on something in it that moves or is reopened.
    """

    change: Change
    entries: tuple[StatedCommitment, ...]
    needs: Mapping[str, frozenset[str]]
    reopened: tuple[Changed, ...]
    new: tuple[New, ...]
    moved: tuple[Changed, ...]
    edited: tuple[Changed, ...]
    following: tuple[Changed, ...]
    read: Mapping[str, Stamp | None]
    followers: frozenset[str]
    resolver: DeadlineResolver

    def add_to(self, report: Report, *, recomputed: bool = False) -> None:
        """Add to a report what changes. What is only `recomputed` is no entry that is unchanged."""
        report.new += [one.entry.commitment.key for one in self.new]
        report.moved += [one.move for one in self.moved]
        report.moved_dependants += [one.move for one in self.following]
        report.edited += [one.key for one in self.edited if one.fields]
        report.unchanged += 0 if recomputed else sum(not one.fields for one in self.edited)
        report.fields |= {one.key: one.fields for one in self.edited if one.fields}
        report.fields |= {one.key: one.fields for one in self.moved}

    def plan_in(self, report: Report) -> None:
        """Add to a report how all that changes would stand; what is new has a negative id."""
        for number, one in enumerate(self.new, len(report.planned_state) + 1):
            report.planned_state[one.entry.commitment.key] = one.planned(self.change, -number)
        for changed in (*self.moved, *self.edited, *self.following):
            report.planned_state[changed.key] = changed.after


def move_to(before: Tracked, commitment: Commitment, bounds: Bounds, change: Change) -> Changed:
    """Return a commitment with other bounds: a new version of them."""
    version, fields = before.bounds_version + 1, differing_fields(before.commitment, commitment)
    revision = revision_after(before, change, "moved", ", ".join(fields) or None, version, after=bounds)
    after = replace(
        before,
        commitment=commitment,
        bounds=bounds,
        bounds_version=version,
        revision=revision.number,
        acknowledged=None,
        changes=(*before.changes, revision),
        stated_at=change.now,
    )
    return Changed(bounds_before=before.bounds, after=after, revision=revision, fields=fields)


def edit_to(before: Tracked, commitment: Commitment, bounds: Bounds, change: Change, stamp: Stamp | None) -> Changed:
    """Return a commitment with other fields and the same bounds; `stamp` has the ends as they were stored."""
    fields = differing_fields(before.commitment, commitment)
    after = replace(before, commitment=commitment, bounds=bounds)
    if fields:
        revision = revision_after(before, change, "edited", detail=", ".join(fields))
        after = replace(after, revision=revision.number)
        return Changed(bounds_before=bounds, after=after, revision=revision, fields=fields)
    shifted = before.open and stamp is not None and stamp[2:] != (bounds.earliest, bounds.latest)
    return Changed(bounds_before=bounds, after=after, refresh=shifted or before.bounds != bounds)


def reopen_to(now: Tracked, change: Change) -> Changed:
    """Return a closed commitment, or an occurrence that was closed by itself, as its reopening leaves it."""
    version = now.bounds_version + 1
    revision = revision_after(now, change, "reopened", detail=f"it was {now.ended_as}", version=version)
    after = replace(
        now,
        commitment=replace(now.commitment, status="open"),
        answer=None,
        bounds_version=version,
        revision=revision.number,
        changes=(*now.changes, revision),
    )
    return Changed(bounds_before=now.bounds, after=after, revision=revision)
