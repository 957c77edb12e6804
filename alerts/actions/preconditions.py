"""What must hold before an action: the actor may do it, nothing has changed since they looked, and it is open."""

from __future__ import annotations

from datetime import datetime

from alerts.core.changes import Change
from alerts.core.permissions import Action, RecordedBeforeError
from alerts.core.stages import Stage, stage_of
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.store.commitment_changes import CommitmentChanges


class NotAsShownError(Exception):
    """The commitment has changed since somebody read it, or has come to another stage since a form showed it."""


def find(changes: CommitmentChanges, key: str, change: Change, action: Action) -> Tracked:
    """Return a commitment that somebody wants to change.

    Raises NotAllowedError where they may not, and otherwise what `require_as_shown` raises. What is another owner's
    is not known to who may see only what somebody owns.
    """
    change.require_allowed(action)
    now = changes.find(key)
    if change.only_owner not in (None, now.commitment.owner):
        raise InputError(f"no commitment has the key {key!r}")
    require_as_shown(changes, now, change)
    return now


def require_known_dependencies(
    changes: CommitmentChanges, deadline: str, change: Change, before: frozenset[str] = frozenset()
) -> None:
    """Raise InputError where a deadline counts from what is not known to who may see only what somebody owns.

    Its date would tell that of the other. What it counted from `before` is not looked at again.
    """
    if change.only_owner is not None:
        from alerts.deadlines.expressions import references  # here: an answer parses no deadline
        from alerts.deadlines.grammar import parse

        changes.require_owned(references(parse(deadline)) - before, change.only_owner)


def require_as_shown(changes: CommitmentChanges, now: Tracked, change: Change) -> None:
    """Raise where the form that somebody answered was recorded before, or where they read what does not hold now."""
    if change.revisions is not None and now.revision not in change.revisions:
        raise NotAsShownError
    shown = change.shown
    if shown is None:
        return
    if changes.was_recorded(now, shown.form):
        raise RecordedBeforeError
    if now.revision != shown.revision or _stage(now, shown.occurrence, change.now) != shown.stage:
        raise NotAsShownError


def _stage(now: Tracked, occurrence: str, at: datetime) -> Stage | None:
    """Return the stage of an occurrence; None where a move has removed it."""
    try:
        return stage_of(now.at(occurrence).bounds, at)
    except InputError:
        return None


def find_open(
    changes: CommitmentChanges, key: str, change: Change, action: Action, *, occurrence: str, done: str
) -> Tracked:
    """Return a commitment, as `find` does. Raises InputError where it, or the named occurrence, is closed."""
    now = find(changes, key, change, action)
    require_open(now.at(occurrence), done)
    return now


def require_open(now: Tracked, done: str) -> None:
    """Raise InputError where it is closed. `done` says what cannot be done any more, such as "moved"."""
    if not now.open:
        raise InputError(f"{name_of(now)} is closed ({now.ended_as}): it cannot be {done} any more")


def require_closed(now: Tracked) -> None:
    """Raise InputError where it is open."""
    if now.open:
        raise InputError(f"{name_of(now)} is open: there is nothing to reopen")


def require_occurrence(now: Tracked, done: str, *, all_occurrences: bool = False) -> None:
    """Raise InputError for a series without a named occurrence, unless `all_occurrences` is True."""
    recurs = now.bounds.recurrence
    if recurs is not None and not all_occurrences:
        key, one = now.commitment.key, recurs.open_name or now.current.occurrence or next(recurs.names(), "")
        raise InputError(f"{key} recurs: say which one is {done}, as in --occurrence {one}; --all means the whole")


def name_of(now: Tracked) -> str:
    """Return the key of a commitment, with the name of the occurrence."""
    return f"{now.commitment.key} {now.occurrence}".rstrip()
