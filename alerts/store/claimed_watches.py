"""Claim due watches, so that they can be evaluated outside of any transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from alerts.core.commitments import Person
from alerts.core.owners import OWNER
from alerts.core.rules import Rule
from alerts.core.schedule.watches import Watch
from alerts.core.tracked import Tracked
from alerts.store import planning_tables, tables
from alerts.store.database import Database
from alerts.store.outbox.digests import is_due
from alerts.store.people import by_key
from alerts.store.rows import CHUNK
from alerts.store.rule_rows import registered_hashes
from alerts.store.watch_rows import BY_KEY, COLUMNS, LOCK_ORDER, WATCH, key_parameters
from alerts.store.watched_commitments import forget_occurrences, readable, watched_pairs

_C, _W = tables.commitments.c, planning_tables.watches.c
_OTHER = planning_tables.watches.alias()
LEASE = timedelta(minutes=1)  # shorter than digests.STUCK_AFTER: a planner that was killed delays a digest
RETRY_AFTER = timedelta(hours=1)  # after data that could not be read
_CLAIM = update(planning_tables.watches).where(*BY_KEY).values(
    claimed_by=bindparam("_claim"), claimed_until=bindparam("_until", type_=_W.claimed_until.type)
)  # fmt: skip
_RULES: BindParameter[Any] = bindparam("rules", expanding=True)
_UNTIL: BindParameter[Any] = bindparam("until")


def _is_claimed(watches: Any) -> ColumnElement[bool]:
    """Return the condition for watches that a process evaluates now.

    A lease that ends later than any that is given comes from a clock that has been put back since: it counts as over.
    """
    return and_(watches.claimed_until > bindparam("real"), watches.claimed_until <= bindparam("longest_lease"))


def _parameters(rules: Collection[str], until: datetime, real: datetime) -> dict[str, Any]:
    return {"rules": list(rules), "until": until, "real": real, "longest_lease": real + LEASE}


# Each turn asks these, so they are built once.
_ANY_DUE = select(_W.rule).where(is_due(_RULES, _UNTIL)).limit(1)
_EARLIER = and_(
    or_(
        and_(_OTHER.c.occurrence == _W.occurrence, _OTHER.c.rule < _W.rule),
        and_(_OTHER.c.occurrence == "", _W.occurrence != ""),
    ),
    is_due(_RULES, _UNTIL, _OTHER.c),
)
_TAKEN = exists().where(_OTHER.c.commitment_id == _W.commitment_id, or_(_EARLIER, _is_claimed(_OTHER.c)))
_FIRSTS = (
    select(_W.commitment_id, _W.occurrence, _C.revision, _C.changed_at)
    .join(tables.commitments, _C.id == _W.commitment_id)
    .where(is_due(_RULES, _UNTIL), ~_TAKEN)
    .order_by(_W.next_at, _W.commitment_id, _W.rule)
    .limit(CHUNK)
    # Without the key, so that nobody waits who adds a row that refers to it. SQLite has one writer, and no such clause.
    .with_for_update(key_share=True, skip_locked=True, of=tables.commitments)
)
# All watches of some commitments that are due or claimed, locked in LOCK_ORDER.
_HERE = (
    select(*COLUMNS, _is_claimed(_W).label("claimed"))
    .where(_W.commitment_id.in_(bindparam("ids", expanding=True)), or_(is_due(_RULES, _UNTIL), _is_claimed(_W)))
    .order_by(*LOCK_ORDER)
    .with_for_update()
)
_OF_COMMITMENTS = _W.commitment_id.in_(bindparam("_ids", expanding=True))
_MINE = (_OF_COMMITMENTS, _W.claimed_by == bindparam("_claim"))
_LOCK_MINE = select(_W.commitment_id).where(*_MINE).order_by(*LOCK_ORDER).with_for_update()
_RELEASE = update(planning_tables.watches).where(*_MINE).values(claimed_by=None, claimed_until=None)
_PUT_OFF = update(planning_tables.watches).where(_OF_COMMITMENTS, _W.next_at <= bindparam("_until")).values(
    next_at=bindparam("_again")
)  # fmt: skip
Read = tuple[int, datetime | None]  # the revision of a commitment, and since when its watches have missed a change


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedWatches:
    """Due watches that this process may evaluate, and what was read with them.

    `claim` is new each time: it tells a claim whose lease has ended from the next one. `read` is by commitment,
    `rules` has the hashes of the rules, `people` the owners.
    """

    claim: str
    watches: Sequence[tuple[Watch, Tracked]]
    read: Mapping[int, Read]
    rules: Mapping[str, str]
    people: Mapping[str, Person]


def claim_due(database: Database, rules: Mapping[str, Rule], until: datetime) -> ClaimedWatches | None:
    """Claim about CHUNK watches of these rules that are due; None where there are none that are free.

    Watches whose data cannot be read are put off for an hour.
    """
    while _any_due(database, rules, until):
        with database.write() as connection:
            real = database.real_now(connection)
            hashes = registered_hashes(connection, rules)
            mine = {name: rule for name, rule in rules.items() if hashes.get(name) == rule.hash}
            firsts = _lock_firsts(connection, mine, until, real)
            rows = _with_other_rules(connection, firsts, mine, until, real)
            if not rows:
                return None
            watches = [Watch(**{name: row[name] for name in WATCH}) for row in rows]
            pairs = _read_commitments(connection, watches, until)
            claim = uuid4().hex
            changed = [key_parameters(watch) | {"_claim": claim, "_until": real + LEASE} for watch, _ in pairs]
            if changed:
                connection.execute(_CLAIM, changed)
            people = _owners(connection, pairs, mine)
        if pairs:
            ids = {watch.commitment_id for watch, _ in pairs}
            read = {row["commitment_id"]: (row["revision"], row["changed_at"]) for row in firsts}
            return ClaimedWatches(
                claim=claim,
                watches=pairs,
                read={one: seen for one, seen in read.items() if one in ids},
                rules={watch.rule: hashes[watch.rule] for watch, _ in pairs},
                people=people,
            )
    return None


def release(database: Database, claim: str, ids: Iterable[int]) -> None:
    """End a claim on the watches of some commitments, and leave them due.

    It has a transaction of its own: it may have to wait for one of them, and holds nothing that another waits for.
    """
    mine = {"_ids": list(ids), "_claim": claim}
    with database.write() as connection:
        connection.execute(_LOCK_MINE, mine)
        connection.execute(_RELEASE, mine)


def free_claims(database: Database) -> None:
    """End all claims: for the only daemon of an SQLite database, whose predecessor is gone."""
    with database.write() as connection:
        due = _W.next_at <= database.real_now(connection)  # so that an index finds them
        claimed = update(planning_tables.watches).where(due, _W.claimed_by.is_not(None))
        connection.execute(claimed.values(claimed_by=None, claimed_until=None))


def _any_due(database: Database, rules: Collection[str], until: datetime) -> bool:
    with database.read() as connection:
        return connection.execute(_ANY_DUE, {"rules": list(rules), "until": until}).first() is not None


def _lock_firsts(
    connection: Connection, rules: Collection[str], until: datetime, real: datetime
) -> Sequence[RowMapping]:
    """Return the first rule of up to CHUNK due occurrences, the longest waiting first, and lock their commitments.

    Left out are commitments that another process has claimed, changes or claims now. A series comes before its
    occurrences, because it may add watches for them.
    """
    return connection.execute(_FIRSTS, _parameters(rules, until, real)).mappings().all()


def _with_other_rules(
    connection: Connection, firsts: Sequence[RowMapping], rules: Collection[str], until: datetime, real: datetime
) -> list[RowMapping]:
    """Return about CHUNK due watches of these occurrences, with all rules of an occurrence together.

    So one process has all of its reminders, and merges those that fall together.
    """
    ids = {row["commitment_id"] for row in firsts}
    here = connection.execute(_HERE, _parameters(rules, until, real) | {"ids": list(ids)}).mappings().all()
    # Claims that were committed after `firsts` had been read, and before the lock was had, are seen here only.
    taken = {row["commitment_id"] for row in here if row["claimed"]}
    found: dict[tuple[int, str], list[RowMapping]] = {
        (row["commitment_id"], row["occurrence"]): [] for row in firsts if row["commitment_id"] not in taken
    }
    for row in here:
        if (pair := (row["commitment_id"], row["occurrence"])) in found:
            found[pair].append(row)
    rows: list[RowMapping] = []
    for together in found.values():
        if len(rows) < CHUNK:
            rows += together
    return sorted(rows, key=lambda row: (row["next_at"], row["commitment_id"], row["rule"]))


def _read_commitments(connection: Connection, watches: list[Watch], until: datetime) -> list[tuple[Watch, Tracked]]:
    """Return watches with their commitments; put off those that cannot be read, and remove those that are gone."""
    tracked, broken = readable(connection, watches)
    if broken:
        connection.execute(_PUT_OFF, {"_ids": list(broken), "_until": until, "_again": until + RETRY_AFTER})
    forget_occurrences(connection, watches, tracked)
    return watched_pairs(watches, tracked)


def _owners(
    connection: Connection, pairs: Sequence[tuple[Watch, Tracked]], rules: Mapping[str, Rule]
) -> dict[str, Person]:
    keys = {tracked.commitment.owner for watch, tracked in pairs if OWNER in rules[watch.rule].notify}
    return by_key(connection, {key for key in keys if key})
