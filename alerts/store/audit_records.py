"""What an audit asks of the database: every try to send a message, and every change, between two times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from alerts.core.tracked import Revision
from alerts.store import delivery_tables, planning_tables, tables
from alerts.store.database import Database
from alerts.store.past_register import read_histories
from alerts.store.rows import chunks

_A, _C, _D, _L, _R, _V = (
    table.c
    for table in (
        delivery_tables.attempts,
        tables.commitments,
        delivery_tables.deliveries,
        delivery_tables.delivery_reminders,
        planning_tables.reminders,
        tables.revisions,
    )
)
# What a delivery says of itself. Its text is not read.
_OF_DELIVERY = (
    _D.id, _D.channel, _D.recipient, _D.state, _D.subject, _D.dates_told, _D.payload_hash, _D.last_error, _D.ended_at,
    _D.on_behalf_of, _D.event,
)  # fmt: skip
KEPT = ("sent", "bounced", "dismissed")  # states in which a delivery has the message that it was last tried with
UNSENT = ("dead", "dismissed", "superseded", "bounced")  # what ends a delivery apart from a try


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedTry:
    """A try to send a message, or (`outcome` is a state of `UNSENT`) how a delivery ended apart from a try.

    `delivery`: columns of its row. `keys`: the commitments that it was about. `server`: the host that has accepted it,
    where it has one and was recorded. `sha256`: of the message that it has accepted, while the delivery still has it.
    """

    at: datetime
    outcome: str
    delivery: Mapping[str, Any]
    keys: Sequence[str]
    number: int | None = None
    server: str | None = None
    sha256: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedChanges:
    """The changes of a commitment: its whole `history`, of which those with these `numbers` are asked for."""

    key: str
    kind: str
    history: Sequence[Revision]
    numbers: Set[int]


def tries_between(database: Database, since: datetime, until: datetime) -> Iterator[AuditedTry]:
    """Yield what was tried or ended from `since` until before `until`, the earliest first; some are read at a time.

    What is deleted meanwhile, since it is older than the ledger is kept, is left out.
    """
    tried = select(_A.ended_at, _A.delivery_id, _A.number, _A.outcome)
    tried = tried.where(_A.ended_at >= since, _A.ended_at < until)
    # A try that failed for good has ended its delivery itself.
    its_try = and_(_A.delivery_id == _D.id, _A.ended_at == _D.ended_at, _A.outcome == _D.state)
    ended = select(_D.ended_at, _D.id, _A.number, _D.state).outerjoin(delivery_tables.attempts, its_try)
    ended = ended.where(_D.state.in_(UNSENT), _D.ended_at >= since, _D.ended_at < until, _A.number.is_(None))
    with database.read() as connection:
        found: list[_Place] = [_Place(*row) for query in (tried, ended) for row in connection.execute(query).tuples()]
    for some in chunks(sorted(found, key=lambda one: (one.at, str(one.delivery), one.number or 0))):
        with database.read() as connection:
            read = _tries(connection, some)
        yield from read


def changes_between(database: Database, since: datetime, until: datetime) -> Iterator[list[AuditedChanges]]:
    """Yield, some at a time, what was changed from `since` until before `until`: no change is before those of a former
    batch. Within a batch they are by key.
    """
    changed = select(_V.recorded_at, _C.key, _V.number, _V.commitment_id, _C.kind)
    changed = changed.join(tables.commitments, _C.id == _V.commitment_id)
    changed = changed.where(_V.recorded_at >= since, _V.recorded_at < until)
    with database.read() as connection:
        found = sorted(connection.execute(changed).tuples(), key=lambda one: one[:3])
    for some in chunks(found):
        numbers: dict[tuple[str, str, int], set[int]] = defaultdict(set)
        for _, key, number, commitment_id, kind in some:
            numbers[key, kind, commitment_id].add(number)
        with database.read() as connection:
            histories = read_histories(connection, {one for _, _, one in numbers})
        yield [
            AuditedChanges(key=key, kind=kind, history=histories[one], numbers=these)
            for (key, kind, one), these in sorted(numbers.items())
        ]


def count_unfinished(database: Database, since: datetime, until: datetime) -> int:
    """Return how many messages were tried from `since` until before `until` and may be tried again."""
    tried = select(_A.delivery_id).where(_A.delivery_id == _D.id, _A.ended_at >= since, _A.ended_at < until).exists()
    query = select(func.count()).select_from(delivery_tables.deliveries).where(delivery_tables.OPEN, tried)
    with database.read() as connection:
        return connection.execute(query).scalar_one()


class _Place(NamedTuple):
    """When a try or an end was, and where it stands."""

    at: datetime
    delivery: UUID
    number: int | None
    outcome: str


def _tries(connection: Connection, places: Sequence[_Place]) -> list[AuditedTry]:
    ids = {place.delivery for place in places}
    deliveries = connection.execute(select(*_OF_DELIVERY).where(_D.id.in_(ids))).mappings()
    rows: dict[UUID, Any] = {row["id"]: row for row in deliveries}
    tried = select(_A.delivery_id, _A.number, _A.remote, _A.error, _A.server).where(_A.delivery_id.in_(ids))
    tries = {(one.delivery_id, one.number): one for one in connection.execute(tried)}
    keys = _keys(connection, ids)
    last = dict(sorted(tries))  # delivery → number of its last try
    found = []
    for at, delivery, number, outcome in places:
        row, own = rows.get(delivery), tries.get((delivery, number or 0))
        if row is None:
            continue
        has_it = row["state"] in KEPT  # sent again, it has another message
        found.append(
            AuditedTry(
                at=at, outcome=outcome, delivery=row, keys=_about(row, keys), number=number,
                server=own.server if own else None,
                sha256=row["payload_hash"] if outcome == "sent" and number == last.get(delivery) and has_it else None,
                reply=(own.remote or own.error) if own else row["last_error"],
            )
        )  # fmt: skip
    return found


def _about(row: Mapping[str, Any], keys: Mapping[UUID, Sequence[str]]) -> Sequence[str]:
    # Databases sort differently, and the same file is to come from each.
    return [row["event"]["key"]] if row["event"] else sorted(keys.get(row["id"]) or row["dates_told"] or ())


def _keys(connection: Connection, ids: set[UUID]) -> Mapping[UUID, Sequence[str]]:
    """Return the keys of the commitments that deliveries are about."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for some in chunks(ids):
        query = select(_L.delivery_id, _C.key).join(planning_tables.reminders, _R.id == _L.reminder_id)
        query = query.join(tables.commitments, _C.id == _R.commitment_id)
        for one, key in connection.execute(query.where(_L.delivery_id.in_(some)).distinct().order_by(_C.key)):
            found[one].append(key)
    return found
