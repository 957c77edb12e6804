"""What must hold before an action: the commitment is open, and a series says which occurrence."""

from __future__ import annotations

from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store.commitment_changes import CommitmentChanges


def find_open(changes: CommitmentChanges, key: str, occurrence: str, done: str) -> Tracked:
    """Return a commitment. Raises InputError where it, or the named occurrence, is closed."""
    now = changes.find(key)
    require_open(now.at(occurrence), done)
    return now


def require_open(now: Tracked, done: str) -> None:
    """Raise InputError where it is closed. `done` says what cannot be done any more, such as "moved"."""
    if not now.open:
        raise InputError(f"{name_of(now)} is closed ({now.commitment.status}): it cannot be {done} any more")


def require_closed(now: Tracked) -> None:
    """Raise InputError where it is open."""
    if now.open:
        raise InputError(f"{name_of(now)} is open: there is nothing to reopen")


def require_occurrence(now: Tracked, done: str, *, all_occurrences: bool = False) -> None:
    """Raise InputError for a series without a named occurrence, unless `all_occurrences` is True."""
    recurs = now.bounds.recurrence
    if recurs is not None and not all_occurrences:
        key, one = now.commitment.key, next(recurs.names(), "")
        raise InputError(f"{key} recurs: say which one is {done}, as in --occurrence {one}; --all means the whole")


def name_of(now: Tracked) -> str:
    """Return the key of a commitment, with the name of the occurrence."""
    return f"{now.commitment.key} {now.occurrence}".rstrip()
