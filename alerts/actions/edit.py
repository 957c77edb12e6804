"""Change what is stated of a commitment, except its deadline: edit it, assign it to a person, add to its note."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from alerts.actions.preconditions import find
from alerts.core.changes import Change, Report, StatedCommitment
from alerts.core.commitments import Commitment
from alerts.core.permissions import Action
from alerts.core.stated_values import stated
from alerts.deadlines.errors import InputError
from alerts.interchange.cells import values_of
from alerts.interchange.commitment_entry import CommitmentEntry
from alerts.store import Store
from alerts.strict_yaml.validation import problems_of
from alerts.strict_yaml.yaml_events import Steps

# What a date is worked out with, apart from the deadline: where one of these moves it, that is the reason.
REASONS = {"timezone": "time zone", "calendars": "calendar", "roll": "roll", "by": "party that owes it"}


def edit(
    store: Store, key: str, how: Callable[[Commitment], Commitment], change: Change, action: Action = "edit"
) -> Report:
    """Store a commitment as `how` makes it of what it is now, and move what moves with that.

    Raises InputError where what it names is not known or has left, and what `how` raises.
    """
    report = Report()
    with store.commitments.change(change.request) as changes:
        now = find(changes, key, change, action)
        wanted = how(now.commitment)
        if wanted == now.commitment:
            return report
        change.require_owner(wanted.owner)
        changes.require_all_known(wanted, change.now, now.commitment)
        change_set = changes.compute(StatedCommitment(wanted, key), change)
        if change.reason is None and change_set.moved and (why := _reason(now.commitment, wanted)):
            change_set = changes.compute(StatedCommitment(wanted, key), replace(change, reason=why))
        changes.write(change_set)
    change_set.add_to(report)
    return report


def assign(store: Store, key: str, person: str, change: Change) -> Report:
    """Make a person the owner of a commitment; an empty name leaves it without one."""
    return edit(store, key, lambda now: with_values(now, {"owner": person}), change, "assign")


def note(store: Store, key: str, text: str, change: Change) -> Report:
    """Add a line to the note of a commitment."""

    def noted(now: Commitment) -> Commitment:
        return with_values(now, {"note": "\n".join(filter(None, (now.note, text.strip())))})

    return edit(store, key, noted, change, "note")


def with_values(now: Commitment, values: Mapping[str, Any], name: Callable[[Steps], str] | None = None) -> Commitment:
    """Return the commitment with other values; an empty one clears its field.

    Raises InputError with a line for each problem. `name` returns how a field is named in these lines.
    """
    merged = {field: value for field, value in (values_of(now) | dict(values)).items() if value not in ("", [], [""])}
    try:
        found = CommitmentEntry.model_validate(merged).commitment({})
    except ValidationError as error:
        raise InputError("\n".join(line for _, line in problems_of(error, CommitmentEntry, name))) from None
    return replace(found, status=now.status)


def _reason(old: Commitment, new: Commitment) -> str | None:
    """Return the reason of a move after an edit without a reason."""
    before, after = stated(old), stated(new)
    differences = [
        f"its {difference} was changed from {_plain(before[name])} to {_plain(after[name])}"
        for name, difference in REASONS.items()
        if before[name] != after[name]
    ]
    return "; ".join(differences) or None


def _plain(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else value) or "none"
