"""Edits of a commitment by hand: checked, and stored with the moves that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from alerts.core.changes import Change, Entry, Report
from alerts.core.commitments import Commitment
from alerts.core.deadline_resolver import DeadlineResolver
from alerts.core.stated_values import stated
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.store import tables
from alerts.store.change_writer import write
from alerts.store.snapshot import compute_alone

# What a date is worked out with, apart from the deadline: where one of these moves it, that is the reason.
REASONS = {"timezone": "time zone", "calendars": "calendar", "roll": "roll", "by": "party that owes it"}


def edit(
    connection: Connection,
    resolver: DeadlineResolver,
    now: Tracked,
    how: Callable[[Commitment], Commitment],
    change: Change,
) -> Report:
    """Store a commitment as `how` makes it of what it is now, and move what moves with that.

    Raises InputError where what it names is not known, and what `how` raises.
    """
    report = Report()
    wanted = how(now.commitment)
    if wanted == now.commitment:
        return report
    require_all_known(connection, wanted, now.commitment)
    entry = Entry(wanted, now.commitment.key)
    change_set = compute_alone(connection, entry, change, resolver)
    if change.reason is None and now.open and change_set.moved:
        because = replace(change, reason=_why(now.commitment, wanted))
        change_set = compute_alone(connection, entry, because, resolver)
    write(connection, change_set)
    change_set.add_to(report)
    return report


def require_all_known(connection: Connection, commitment: Commitment, before: Commitment | None = None) -> None:
    """Raise InputError where a commitment names a party, a source or a person that nobody has declared.

    What it named `before` is not looked at again.
    """
    parties, sources, owners = _named(commitment)
    if before:
        parties, sources, owners = (new - old for new, old in zip(_named(commitment), _named(before), strict=True))
    for table, keys, what in (
        (tables.parties, parties, "party"), (tables.sources, sources, "source"), (tables.people, owners, "person")
    ):  # fmt: skip
        for key in sorted(keys):
            require_known(connection, table, key, what)


def require_known(connection: Connection, table: Any, key: str, what: str) -> None:
    """Raise InputError, with the nearest that there is, where a party, a source or a person is not known."""
    keys = list(connection.execute(select(table.c.key)).scalars())
    if key not in keys:
        raise InputError(f"no {what} has the key {key!r}{did_you_mean(key, keys)}")


def _named(commitment: Commitment) -> tuple[set[str], set[str], set[str]]:
    cited = {one.key for one in commitment.sources}
    return {*commitment.by, *commitment.to}, cited, {commitment.owner} if commitment.owner else set()


def _why(old: Commitment, new: Commitment) -> str | None:
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
