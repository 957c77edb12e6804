"""Single occurrences that are moved along with the one that they count from, in another series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from alerts.core.changes import Change, Move, revision_after
from alerts.core.stages import has_passed
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.counted_occurrence import counted_occurrence
from alerts.deadlines.dependent_series import DependentSeries
from alerts.deadlines.stored_references import references_in
from alerts.store import answer_rows, planning_tables, tables
from alerts.store.occurrence_rows import KEY, end_acknowledgement, fetch_whole
from alerts.store.rows import CHANGED_AT, append_revisions, chunks, raise_sequences, revision_row, upsert

_C, _O, _R, _W = tables.commitments.c, tables.occurrences.c, tables.references.c, planning_tables.watches.c
_EVALUATED = (
    select(_W.commitment_id, func.max(_W.cursor))
    .where(_W.commitment_id.in_(bindparam("ids", expanding=True)), _W.occurrence == "")
    .group_by(_W.commitment_id)
)
Moved = Mapping[int, Mapping[str, Bounds]]  # the bounds of occurrences that were moved, by commitment and name
NOT_MOVED = {"deadline": None, "bounds": None, "version": None, "stated_at": None, "history_since": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedOccurrence:
    """An occurrence as it stands, and the bounds that it has now that the one that it counts from was moved.

    `changed`: its row says something else, or there is none. `is_new`: it was not moved before, or is history.
    `is_history`: it had passed when its series was stated. `history_since`: since which earlier statement it has been
    history, for all that any rule knows: if none was evaluated while it was ahead, it has been history all the time.

    Its row has the deadline of the series: what somebody moves by hand has another one, and follows nothing.
    """

    now: Tracked
    bounds: Bounds
    cause: str
    changed: bool
    is_new: bool
    history_since: datetime | None = None
    is_history: bool = False

    @property
    def moves(self) -> bool:
        return self.bounds.fingerprint != self.now.bounds.fingerprint

    @property
    def move(self) -> Move:
        """Return how its bounds change."""
        return Move(f"{self.now.commitment.key} {self.now.occurrence}", self.now.bounds, self.bounds)


def find_followed(connection: Connection, moved: Moved) -> list[FollowedOccurrence]:
    """Return what counts from occurrences that were moved, directly or not, each after what it counts from."""
    found: dict[tuple[int, str], FollowedOccurrence] = {}
    while moved:
        changed: dict[int, dict[str, Bounds]] = defaultdict(dict)
        dependants = _dependants(connection, moved)
        stored = _stored_deadlines(connection, [one.id for one, _ in dependants])
        for one, base in dependants:
            for name, bounds in moved[base].items():
                followed = _follow(one, name, bounds, stored.get((one.id, name)))
                if followed:
                    found[one.id, name] = followed
                if followed and (followed.changed or (one.id, name) in stored):
                    changed[one.id][name] = followed.bounds
        moved = changed
    return list(found.values())


def move_along(connection: Connection, followed: Sequence[FollowedOccurrence], change: Change) -> None:
    """Store occurrences that follow a move, each with a revision."""
    _store(connection, followed, change.now)
    history = []
    for one in followed:
        if one.moves:
            revision = revision_after(one.now, replace(change, cause=one.cause), "moved", version=_version(one))
            history.append(revision_row(one.now.id, replace(revision, before=one.now.bounds, after=one.bounds)))
    append_revisions(connection, history)
    for row in history:
        changed = update(tables.commitments).where(_C.id == row["commitment_id"]).values(revision=row["number"])
        connection.execute(changed)


def renew_followed(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Bring single occurrences in line after series were stored: what they count from may be another one now.

    There is no revision: that of the series has the change.
    """
    if not ids:
        return
    bases = {other for some in chunks(ids) for other in _bases(connection, some)}
    followed = find_followed(connection, _moved_occurrences(connection, {*ids, *bases}, renewed=ids))
    followed = [_as_stated(one, now) if one.now.id in ids else one for one in _as_seen(connection, followed)]
    _store(connection, followed, now)
    raise_sequences(connection, {one.now.id for one in followed if one.changed and one.moves})
    follows = {(one.now.id, one.now.occurrence) for one in followed}
    followed_before = [pair for pair, stored in _stored_deadlines(connection, ids).items() if references_in(stored)]
    _let_go(connection, [pair for pair in followed_before if pair not in follows])


def _as_seen(connection: Connection, followed: Sequence[FollowedOccurrence]) -> list[FollowedOccurrence]:
    """Clear `history_since` of the occurrences that a rule was evaluated for while they were ahead."""
    ids = {one.now.id for one in followed if one.history_since and not one.is_new}
    evaluated = {number: at for some in chunks(ids) for number, at in connection.execute(_EVALUATED, {"ids": some})}

    def found_ahead(one: FollowedOccurrence) -> bool:
        at, since = evaluated.get(one.now.id), one.now.stated_at
        return not one.is_new and at is not None and since is not None and since <= at

    return [replace(one, history_since=None) if found_ahead(one) else one for one in followed]


def _as_stated(one: FollowedOccurrence, now: datetime) -> FollowedOccurrence:
    """Return an occurrence with whether it is history, now that its series is stated."""
    may_be = one.is_new or one.history_since is not None
    is_history = may_be and has_passed(one.bounds, now)
    return replace(one, is_history=is_history, changed=one.changed or (is_history and not one.is_new))


def _let_go(connection: Connection, occurrences: Collection[tuple[int, str]]) -> None:
    """Put occurrences that follow nothing any more where their series has them.

    Those that the series has no more stay until the next tick: the change may be taken back by then.
    """
    whole = fetch_whole(connection, {one for one, _ in occurrences})
    rows = [
        {"commitment_id": one, "occurrence": name, **NOT_MOVED}
        for one, name in occurrences
        if (recurs := whole[one].bounds.recurrence) and recurs.has(name)
    ]
    upsert(connection, tables.occurrences, KEY, rows)


def _follow(one: Tracked, name: str, base: Bounds, stored: str | None) -> FollowedOccurrence | None:
    """Return an occurrence that counts from one that was moved; None where there is none, or it was moved by hand."""
    recurs = one.bounds.recurrence
    if not isinstance(recurs, DependentSeries) or not recurs.has(name):
        return None
    if stored is not None and not references_in(stored):
        return None
    now, bounds = one.at(name), counted_occurrence(one.bounds, name, base)
    state = one.occurrences.get(name)
    same = now.bounds.fingerprint == bounds.fingerprint and now.bounds.stands_at == bounds.stands_at
    if stored is not None:
        same = stored == one.commitment.deadline and now.bounds.to_json() == bounds.to_json()
    is_new = state is None or state.bounds is None or state.is_history
    history_since = state.history_since if state and state.bounds else _history_since(one, now)
    return FollowedOccurrence(
        now=now, bounds=bounds, cause=recurs.key, changed=not same, is_new=is_new, history_since=history_since
    )


def _history_since(series: Tracked, occurrence: Tracked) -> datetime | None:
    """Return since when an occurrence that was not moved is history: it had passed when its series was stated."""
    stated_at = series.stated_at or series.recorded_at
    return stated_at if has_passed(occurrence.bounds, stated_at) else None


def _store(connection: Connection, followed: Iterable[FollowedOccurrence], now: datetime) -> None:
    changed = [one for one in followed if one.changed]
    rows = [
        {
            "commitment_id": one.now.id,
            "occurrence": one.now.occurrence,
            "deadline": one.now.commitment.deadline,
            "bounds": one.bounds.to_json(),
            "version": _version(one),
            "stated_at": None if one.is_history else now if one.moves else one.now.stated_at or now,
            "history_since": one.history_since or (now if one.is_history else None),
        }
        for one in changed
    ]
    upsert(connection, tables.occurrences, KEY, rows)
    for some in chunks((one.now.id, one.now.occurrence) for one in changed if one.moves):
        end_acknowledgement(connection, tuple_(_O.commitment_id, _O.occurrence).in_(some), now)
        answer_rows.end_moved(connection, some, now)
    for ids in chunks({one.now.id for one in changed}):
        connection.execute(
            update(tables.commitments).where(_C.id.in_(ids)).values(changed_at=CHANGED_AT), {"_changed_at": now}
        )


def _version(one: FollowedOccurrence) -> int:
    return one.now.bounds_version + one.moves


def _dependants(connection: Connection, bases: Iterable[int]) -> list[tuple[Tracked, int]]:
    """Return the open commitments that depend on some others, each with what it depends on."""
    pairs: list[tuple[int, int]] = []
    query = select(_R.commitment_id, _R.depends_on).join(tables.commitments, _C.id == _R.commitment_id)
    for some in chunks(bases):
        pairs += connection.execute(query.where(_R.depends_on.in_(some), _C.status == "open")).tuples().all()
    whole = fetch_whole(connection, {one for one, _ in pairs})
    return [(whole[one], base) for one, base in sorted(pairs)]


def _bases(connection: Connection, ids: Sequence[int]) -> list[int]:
    query = select(_R.depends_on).where(_R.commitment_id.in_(ids))
    return list(connection.execute(query).scalars())


def _moved_occurrences(connection: Connection, ids: Iterable[int], *, renewed: Collection[int]) -> Moved:
    """Return what is moved in some series. Of those that are renewed, what follows is yet to be found."""
    found: dict[int, dict[str, Bounds]] = defaultdict(dict)
    query = select(_O.commitment_id, _O.occurrence, _O.bounds, _O.deadline)
    for some in chunks(ids):
        mine = query.where(_O.commitment_id.in_(some), _O.occurrence != "", _O.deadline.is_not(None))
        for one, name, bounds, deadline in connection.execute(mine):
            if one in renewed and references_in(deadline):
                continue
            found[one][name] = Bounds.from_json(bounds)
    return found


def _stored_deadlines(connection: Connection, ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """Return the deadlines of occurrences that have one of their own, or that follow another."""
    found: dict[tuple[int, str], str] = {}
    query = select(_O.commitment_id, _O.occurrence, _O.deadline)
    for some in chunks(ids):
        mine = query.where(_O.commitment_id.in_(some), _O.deadline.is_not(None))
        found |= {(one, name): deadline for one, name, deadline in connection.execute(mine)}
    return found
