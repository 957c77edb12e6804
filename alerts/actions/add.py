"""Track one more commitment."""

from __future__ import annotations

from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment
from alerts.core.stated_values import stated
from alerts.deadlines.errors import InputError
from alerts.store import Store


def add(store: Store, commitment: Commitment, change: Change) -> None:
    """Track one commitment. Raises InputError where its key is taken, or what it names is not known or has left."""
    change.require_allowed("add")
    change.require_owner(commitment.owner)
    key = commitment.key
    with store.commitments.change(change.request) as changes:
        if changes.is_tracked(key):
            raise InputError(f"{key} is tracked already: `alerts move` gives it another deadline")
        changes.require_all_known(commitment, change.now)
        changes.write(changes.compute(StatedCommitment(commitment, key, loaded=stated(commitment)), change))
