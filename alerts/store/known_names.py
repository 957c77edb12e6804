"""Parties, sources and people that a commitment names: each must be declared."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from alerts.core.commitments import Commitment
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.store import tables
from alerts.store.people import person_of


def require_all_known(
    connection: Connection, commitment: Commitment, now: datetime, zone: str, before: Commitment | None = None
) -> None:
    """Raise InputError where a commitment names a party, a source or a person that nobody has declared.

    So it does where the person has left. What it named `before` is not looked at again.
    """
    parties, sources, owners = _named(commitment)
    if before:
        parties, sources, owners = (new - old for new, old in zip(_named(commitment), _named(before), strict=True))
    for table, keys, what in (
        (tables.parties, parties, "party"), (tables.sources, sources, "source"),
    ):  # fmt: skip
        for key in sorted(keys):
            require_known(connection, table, key, what)
    for key in owners:
        _require_owner(connection, key, now, zone)


def _require_owner(connection: Connection, key: str, now: datetime, zone: str) -> None:
    people = {row["key"]: person_of(row) for row in connection.execute(select(tables.people)).mappings()}
    present = {one.key for one in people.values() if not one.has_left(now)}
    if key not in people:
        raise InputError(f"no person has the key {key!r}{did_you_mean(key, present)}")
    owner = people[key]
    if key not in present:
        deputy = f", such as the deputy {owner.deputy}" if owner.deputy in present else ""
        raise InputError(f"{owner.name} left on {owner.left_on(zone)}: name another owner{deputy}")


def require_known(connection: Connection, table: Any, key: str, what: str) -> None:
    """Raise InputError, with the nearest that there is, where a party, a source or a person is not known."""
    keys = list(connection.execute(select(table.c.key)).scalars())
    if key not in keys:
        raise InputError(f"no {what} has the key {key!r}{did_you_mean(key, keys)}")


def _named(commitment: Commitment) -> tuple[set[str], set[str], set[str]]:
    cited = {one.key for one in commitment.sources}
    return {*commitment.by, *commitment.to}, cited, {commitment.owner} if commitment.owner else set()
