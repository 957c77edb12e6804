"""Track one more commitment, with the parties and sources that it is the first to name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alerts.actions.preconditions import require_known_dependencies
from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment, Party, Source
from alerts.core.stated_values import stated
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store import Store
from alerts.store.commitment_changes import CommitmentChanges


class KeyTakenError(InputError):
    """Another commitment has the key."""


def add(
    store: Store,
    commitment: Commitment,
    change: Change,
    *,
    parties: Sequence[Party] = (),
    sources: Sequence[Source] = (),
) -> None:
    """Track one commitment. `parties` and `sources` are new, and are declared with it.

    Raises InputError where its key is taken, or what it names is not known or has left; RecordedBeforeError where the
    request of the change was recorded before.
    """
    change.require_allowed("add")
    change.require_owner(commitment.owner)
    with store.commitments.change(change.request, commitment.key) as changes:
        _require_free(changes, commitment.key)
        require_known_dependencies(changes, commitment.deadline, change)
        changes.declare(parties, sources)
        changes.require_all_known(commitment, change.now)
        changes.write(changes.compute(_entry(commitment), change))


def preview_add(
    store: Store,
    commitment: Commitment,
    change: Change,
    *,
    parties: Sequence[Party] = (),
    sources: Sequence[Source] = (),
) -> Tracked:
    """Return the commitment as `add` would store it, under an id that is not in use. Raises what `add` does."""
    change.require_allowed("add")
    with store.commitments.preview() as changes:
        _require_free(changes, commitment.key)
        changes.require_all_known(_without(commitment, parties, sources), change.now)
        (new,) = changes.compute(_entry(commitment), change).new
    return new.planned(change, -1)


def _require_free(changes: CommitmentChanges, key: str) -> None:
    if changes.is_tracked(key):
        raise KeyTakenError(f"{key} is tracked already: `alerts move` gives it another deadline")


def _entry(commitment: Commitment) -> StatedCommitment:
    return StatedCommitment(commitment, commitment.key, loaded=stated(commitment))


def _without(commitment: Commitment, parties: Sequence[Party], sources: Sequence[Source]) -> Commitment:
    """Return a commitment without the names that are declared with it."""
    new, cited = {party.key for party in parties}, {source.key for source in sources}
    return replace(
        commitment,
        by=tuple(key for key in commitment.by if key not in new),
        to=tuple(key for key in commitment.to if key not in new),
        source=commitment.source if commitment.source and commitment.source.key not in cited else None,
    )
