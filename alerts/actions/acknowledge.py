"""Acknowledge commitments: somebody has seen them, so their repeated reminders pause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from alerts.actions.all_or_none import Until, collect_errors, unique_keys, until_of
from alerts.actions.preconditions import find_open, require_occurrence
from alerts.core.changes import Change, revision_after
from alerts.core.schedule.answers import format_acknowledgement
from alerts.core.stages import stage_of
from alerts.core.tracked import Acknowledgement, Tracked
from alerts.deadlines.errors import InputError
from alerts.deadlines.values import frozen
from alerts.store import Store
from alerts.store.commitment_changes import CommitmentChanges


@frozen(kw_only=True)
class ListedAnswer:
    """The acknowledgement of one entry of a list; the change has what the form showed of it."""

    key: str
    occurrence: str
    until: datetime | None
    change: Change


def acknowledge(
    store: Store,
    keys: str | Sequence[str],
    until: Until,
    change: Change,
    occurrence: str = "",
    *,
    all_occurrences: bool = False,
) -> list[tuple[str, str]]:
    """Acknowledge commitments, or one occurrence of each: all of them, or none.

    Returns the key and the occurrence of each that was acknowledged. Raises InputError with a line for each that is
    missing or closed.
    """
    answered = []
    with store.commitments.change(change.request) as changes, collect_errors() as attempt:
        for key in unique_keys(keys):
            with attempt():
                series = find_open(changes, key, change, "acknowledge", occurrence=occurrence, done="acknowledged")
                require_occurrence(series.at(occurrence), "acknowledged", all_occurrences=all_occurrences)
                every = all_occurrences and series.recurs
                found = _occurrences_that_came(series, change.now) if every else [series.at(occurrence)]
                for number, one in enumerate(found):
                    now = replace(one, revision=series.revision + number)
                    _acknowledge(changes, now, until_of(until, key), change)
                    answered.append((key, now.occurrence))
    return answered


def acknowledge_listed(store: Store, answers: Iterable[ListedAnswer]) -> None:
    """Acknowledge the entries of a list: all of them, or none. Raises what `acknowledge` raises."""
    with store.commitments.change() as changes, collect_errors() as attempt:
        found: list[tuple[Tracked, ListedAnswer]] = []
        for one in answers:  # all are checked before any is changed: two may be of one series
            with attempt():
                series = find_open(
                    changes, one.key, one.change, "acknowledge", occurrence=one.occurrence, done="acknowledged"
                )
                require_occurrence(series.at(one.occurrence), "acknowledged")
                found.append((series.at(one.occurrence), one))
        made: Counter[str] = Counter()
        for now, one in found:
            _acknowledge(changes, replace(now, revision=now.revision + made[one.key]), one.until, one.change)
            made[one.key] += 1


def _acknowledge(changes: CommitmentChanges, now: Tracked, until: datetime | None, change: Change) -> None:
    stage = stage_of(now.bounds, change.now)
    changes.acknowledge(now, Acknowledgement(by=change.by, at=change.now, until=until, stage=stage))
    detail = format_acknowledgement(stage, until)
    changes.append(now, revision_after(now, change, "acknowledged", detail=detail))


def _occurrences_that_came(series: Tracked, now: datetime) -> list[Tracked]:
    """Return the open occurrences that have come. Raises InputError where there are none."""
    names = list(series.relevant_occurrences(now))
    found = [one for name in names if (one := series.at(name)).open and stage_of(one.bounds, now) != "ahead"]
    if not found:
        ahead = next((name for name in names if series.at(name).open), "NAME")
        key = series.commitment.key
        raise InputError(f"{key}: no open occurrence has come yet; name one that is ahead: --occurrence {ahead}")
    return found
