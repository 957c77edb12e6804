"""Take back acknowledgements and snoozes: reminders go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from alerts.actions.all_or_none import collect_errors, unique_keys
from alerts.actions.preconditions import find_open, require_occurrence
from alerts.core.changes import Change, revision_after
from alerts.core.schedule.answers import active_answers, snoozed_now
from alerts.core.tracked import Occurrence, Tracked
from alerts.deadlines.errors import InputError
from alerts.store import Store
from alerts.store.commitment_changes import CommitmentChanges


def withdraw_answers(
    store: Store, keys: str | Sequence[str], change: Change, occurrence: str = "", *, all_occurrences: bool = False
) -> list[tuple[str, str, list[str]]]:
    """End what was acknowledged and snoozed: all of it, or none.

    Returns key, occurrence and what was ended. Raises InputError with a line for each where there is nothing.
    """
    done: list[tuple[str, str, list[str]]] = []
    with store.commitments.change(change.request) as changes, collect_errors() as attempt:
        for key in unique_keys(keys):
            with attempt():
                series = find_open(changes, key, change, "take back", occurrence=occurrence, done="taken back")
                require_occurrence(series.at(occurrence), "taken back", all_occurrences=all_occurrences)
                names = ["", *series.occurrences] if all_occurrences else [occurrence]
                found = list(_active(changes, series, names, change))
                if not found:
                    raise _nothing_to_withdraw(series, occurrence, change)
                for number, (one, ended) in enumerate(found):
                    now = replace(one, revision=series.revision + number)
                    changes.end_answers(now, change.now)
                    changes.append(now, revision_after(now, change, "unacknowledged", detail=", ".join(ended)))
                    done.append((key, now.occurrence, ended))
    return done


def _active(
    changes: CommitmentChanges, series: Tracked, names: Sequence[str], change: Change
) -> Iterator[tuple[Tracked, list[str]]]:
    """Yield the occurrences that are acknowledged or snoozed, with what holds for each."""
    held = [snooze for snooze in changes.own_snoozes(series) if snooze.until > change.now]
    for name in names:
        try:
            one = series.at(name)
        except InputError:  # a move removed this occurrence
            continue
        own = series.occurrences.get(name, Occurrence()).snoozed if name else one.snoozed  # not that of the whole
        answers = active_answers(replace(one, snoozed=own), change.now)
        answers += [f"the snooze for {snooze.recipient}" for snooze in held if snooze.occurrence == name]
        if answers:
            yield one, answers


def _nothing_to_withdraw(series: Tracked, occurrence: str, change: Change) -> InputError:
    name = f"{series.commitment.key} {occurrence}".rstrip()
    whole = snoozed_now(series, change.now)
    more = f"; the whole of it is snoozed by {whole.by}: --all takes that back" if occurrence and whole else ""
    return InputError(f"{name} is neither acknowledged nor snoozed: there is nothing to take back{more}")
