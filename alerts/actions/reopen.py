"""Reopen what was closed."""

from __future__ import annotations

from dataclasses import replace

from alerts.actions.preconditions import find, require_closed
from alerts.actions.renewals import restore_renewal
from alerts.core.change_set import reopen_to
from alerts.core.changes import Change, Report, StatedCommitment
from alerts.core.tracked import Tracked
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.store import Store
from alerts.store.commitment_changes import CommitmentChanges


def reopen(store: Store, key: str, change: Change, occurrence: str = "") -> Report:
    """Reopen a closed commitment or occurrence, resolve its deadline anew, and move its dependants.

    Raises InputError where it is open, and for an occurrence of a closed series.
    """
    report = Report()
    with store.commitments.change(change.request) as changes:
        now = find(changes, key, change, "reopen")
        if occurrence:
            _reopen_one(changes, now, occurrence, change)
            return report
        require_closed(now)
        change_set = changes.compute(StatedCommitment(replace(now.commitment, status="open"), key), change)
        changes.write(change_set)
    change_set.add_to(report)
    return report


def _reopen_one(changes: CommitmentChanges, series: Tracked, name: str, change: Change) -> None:
    """Reopen one occurrence. Its version is counted by itself where it was moved, else relative to the series."""
    if not series.open:
        raise InputError(
            f"{series.commitment.key} is closed as a whole ({series.ended_as}): reopen that first, without --occurrence"
        )
    now, own = series.at(name), series.occurrences.get(name)
    require_closed(now)
    assert own is not None
    if isinstance(recurs := series.bounds.recurrence, DoneSeries):
        _withdraw_next(changes, series, recurs, name, change)
    after = reopen_to(now, change).after
    values = {"version": after.bounds_version} if own.bounds else {"reopened": own.reopened + 1}
    changes.reopen_occurrence(now, change.now, **values)
    changes.append(now, after.changes[-1])
    if now.commitment.kind == "notice":
        restore_renewal(changes, now, change)


def _withdraw_next(changes: CommitmentChanges, series: Tracked, recurs: DoneSeries, name: str, change: Change) -> None:
    """Take back the occurrence that counts from a closing, with its own date and all answers about it.

    Raises InputError where another one was closed since.
    """
    if recurs.turns[-2].name != name:
        last = recurs.turns[-2].name
        raise InputError(
            f"{series.commitment.key} {name} was followed by others: {last}, the last one, can be reopened"
        )
    changes.withdraw_occurrence(series, recurs.open_name, change.now)
    changes.set_recurrence(series, recurs.reopened())
