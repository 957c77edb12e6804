"""What the store has of some commitments and of what depends on them, read for a change set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, Select, func, select

from alerts.core.change_computation import ChangeComputation, dependants_by_key, needs_by_key
from alerts.core.change_set import ChangeSet, Snapshot, Stamp
from alerts.core.changes import Change, StatedCommitment, refuse
from alerts.core.commitments import Party
from alerts.core.deadline_resolver import DeadlineResolver, with_assumptions
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.ended_series import ended_series
from alerts.store import tables
from alerts.store.resolution_inputs import stored_zone
from alerts.store.rows import CHUNK, KEYS_COMPARED, TRACKED, chunks, party_of, tracked_of

_C, _R = tables.commitments.c, tables.revisions.c
_ONE, _OTHER = tables.commitments.alias(), tables.commitments.alias()
STAMP = (_C.key, _C.revision, _C.fingerprint, _C.earliest, _C.latest)


def compute_alone(
    connection: Connection, entry: StatedCommitment, change: Change, resolver: DeadlineResolver
) -> ChangeSet:
    """Return what storing one entry changes. Raises InputError with a line for each problem."""
    wanted = {entry.commitment.key: entry}
    computation = ChangeComputation(wanted, take_snapshot(connection, wanted, resolver), change)
    change_set = computation.compute(computation.order, fetch_stored(connection, wanted))
    refuse([one.message for one in computation.problems])
    return change_set


def take_snapshot(
    connection: Connection,
    wanted: Mapping[str, StatedCommitment],
    resolver: DeadlineResolver,
    needs: Mapping[str, frozenset[str]] | None = None,
) -> Snapshot:
    """Read what depends on some entries, and what these depend on (`needs`, computed if not given)."""
    needs = needs_by_key(wanted) if needs is None else needs
    dependencies = stored_dependencies(connection, wanted)
    dependants = fetch_stored(connection, _all_dependants(wanted, dependencies))
    needed = {other for others in needs.values() for other in others}
    bounds, stamps = _fetch_bounds(connection, needed.union(*(dependencies[key] for key in dependants)))
    keys: Sequence[str] = ()
    if any(key not in wanted and key not in bounds for key in needed):
        keys = connection.execute(select(_C.key).limit(KEYS_COMPARED)).scalars().all()
    return Snapshot(
        dependants={key: tracked for key, (tracked, _) in dependants.items()},
        bounds=bounds,
        stamps={key: stamp for key, (_, stamp) in dependants.items()} | stamps,
        dependencies=dependencies,
        resolver=resolver,
        keys=keys,
    )


def fetch_stored(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[Tracked, Stamp]]:
    """Return those of some commitments that are tracked, each with its stamp."""
    found: dict[str, tuple[Tracked, Stamp]] = {}
    statement = TRACKED.add_columns(*(column for column in STAMP if column.name not in ("key", "revision")))
    for some in chunks(keys):
        rows = connection.execute(statement.where(_C.key.in_(some))).mappings().all()  # no cursor stays open
        found |= {row["key"]: (tracked_of(row), stamp_of(row)) for row in rows}
    return found


def stored_dependencies(connection: Connection, of: Collection[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return what each commitment depends on, by key: of all, or `of` some and of all that depends on them.

    A circle that these would close is among them. Where they are many, all are read.
    """
    one, other = _ONE, _OTHER
    join = tables.references.join(one, one.c.id == tables.references.c.commitment_id)
    both = select(one.c.key, other.c.key).select_from(join.join(other, other.c.id == tables.references.c.depends_on))
    found: dict[str, list[str]] = defaultdict(list)
    if of is not None and len(of) <= CHUNK:
        both = both.where(tables.references.c.commitment_id.in_(_with_dependants(of)))
    for key, on in connection.execute(both).tuples().all():
        found[key].append(on)
    return {key: tuple(on) for key, on in found.items()}


def _with_dependants(keys: Collection[str]) -> Select[tuple[int]]:
    """Return the query for the ids of some commitments, and of all that depends on them, directly or not."""
    found = select(_C.id).where(_C.key.in_(keys)).cte("found", recursive=True)
    r = tables.references.c
    return select(found.union(select(r.commitment_id).join(found, r.depends_on == found.c.id)).c.id)


def is_current(connection: Connection, change_set: ChangeSet, resolver: DeadlineResolver) -> bool:
    """Return whether all that a change set was computed from is as it was, and nothing else follows what moves."""
    expected = {key: stamp for key, stamp in change_set.read.items() if stamp}
    if resolver != change_set.resolver or _stamps(connection, change_set.read) != expected:
        return False
    moves = [one.after.id for one in (*change_set.moved, *change_set.following, *change_set.reopened)]
    return change_set.followers.issuperset(_followers(connection, moves))


def _stamps(connection: Connection, keys: Iterable[str]) -> dict[str, Stamp]:
    found: dict[str, Stamp] = {}
    for some in chunks(keys):
        rows = connection.execute(select(*STAMP).where(_C.key.in_(some))).mappings()
        found |= {row["key"]: stamp_of(row) for row in rows}
    return found


def stamp_of(row: RowMapping) -> Stamp:
    return row["revision"], row["fingerprint"], row["earliest"], row["latest"]


def _followers(connection: Connection, ids: Iterable[int]) -> Iterator[str]:
    """Yield the keys of all commitments that depend on some others."""
    r = tables.references.c
    both = select(_C.key).join(tables.references, r.commitment_id == _C.id)
    for some in chunks(ids):
        yield from connection.execute(both.where(r.depends_on.in_(some))).scalars()


def _all_dependants(keys: Collection[str], dependencies: Mapping[str, Sequence[str]]) -> list[str]:
    """Return all other commitments that depend on some keys, directly or not."""
    dependants = dependants_by_key(dependencies)
    found: dict[str, None] = {}
    todo = list(keys) if dependants else []
    while todo:
        for one in dependants.get(todo.pop(), ()):
            if one not in found and one not in keys:
                found[one] = None
                todo.append(one)
    return list(found)


def _fetch_bounds(connection: Connection, keys: Collection[str]) -> tuple[dict[str, Bounds], dict[str, Stamp]]:
    """Return the stored bounds of commitments with their assumptions, and their stamps."""
    bounds: dict[str, Bounds] = {}
    stamps: dict[str, Stamp] = {}
    query = select(*STAMP, _C.id, _C.status, _C.bounds, _C.assumptions)
    for some in chunks(sorted(keys)):
        rows = connection.execute(query.where(_C.key.in_(some))).mappings().all()
        ended = [row["id"] for row in rows if row["status"] != "open" and "recurrence" in row["bounds"]]
        closed = _closing_times(connection, ended)
        for row in rows:
            found = with_assumptions(Bounds.from_json(row["bounds"]), row["assumptions"])
            bounds[row["key"]] = ended_series(found, closed[row["id"]]) if row["id"] in closed else found
            stamps[row["key"]] = stamp_of(row)
    return bounds, stamps


def _closing_times(connection: Connection, ids: Collection[int]) -> dict[int, datetime]:
    """Return when commitments were closed as a whole."""
    if not ids:
        return {}
    whole = (_R.what == "closed", func.coalesce(_R.occurrence, "") == "")
    closed = select(_R.commitment_id, func.max(_R.recorded_at)).where(_R.commitment_id.in_(ids), *whole)
    return dict(connection.execute(closed.group_by(_R.commitment_id)).tuples().all())


def read_resolver(connection: Connection, zone: str | None, declared: Iterable[Party] = ()) -> DeadlineResolver:
    """Return what deadlines are resolved with: the stored zone, the stored parties and those that are `declared`."""
    parties = stored_parties(connection) | {party.key: party for party in declared}
    return DeadlineResolver(parties, stored_zone(connection, zone))


def stored_parties(connection: Connection) -> dict[str, Party]:
    """Return the stored parties, by key."""
    return {row["key"]: party_of(row) for row in connection.execute(select(tables.parties)).mappings()}
