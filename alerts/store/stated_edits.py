"""Edits of a commitment by hand: checked, and stored with the moves that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from alerts.core.changes import Change, Entry, Report
from alerts.core.commitments import Commitment
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.expressions import references
from alerts.deadlines.grammar import parse
from alerts.store import tables
from alerts.store.change_writer import ChangeSet
from alerts.store.rows import stated

# What a date is worked out with, apart from the deadline: where one of these moves it, that is the reason.
REASONS = {"timezone": "time zone", "calendars": "calendar", "roll": "roll", "by": "party that owes it"}


def edit(
    connection: Connection, change_set: ChangeSet, now: Tracked, how: Callable[[Commitment], Commitment], change: Change
) -> Report:
    """Store a commitment as `how` makes it of what it is now, and move what moves with that.

    Raises InputError where what it names is not known, and what `how` raises.
    """
    report, key = Report(), now.commitment.key
    wanted = how(now.commitment)
    if wanted == now.commitment:
        return report
    require_all_known(connection, wanted, now.commitment)
    entry = Entry(wanted, key)
    change_set.check({key: entry})
    if change.reason is None and now.open and _moves(change_set, now, wanted):
        change = replace(change, reason=_why(now.commitment, wanted))
    change_set.write([entry], change, report, set())
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


def _moves(change_set: ChangeSet, now: Tracked, wanted: Commitment) -> bool:
    known = change_set.known(references(parse(wanted.deadline)))
    return change_set.bounds(wanted, known).fingerprint != now.bounds.fingerprint


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
