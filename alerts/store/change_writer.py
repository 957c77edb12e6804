"""Changes resolved in the order of their dependencies, and stored with all that follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from alerts.core.changes import Change, Entry, EntryProblem, Move, Report
from alerts.core.commitments import Commitment, Party, choose_zone
from alerts.core.dependency_order import DependencyCycleError, dependency_order
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.bounds import Bounds, resolve
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.expressions import Deadline, references
from alerts.deadlines.grammar import parse
from alerts.deadlines.resolution import ZoneChoice
from alerts.store import occurrence_rows, tables
from alerts.store.resolution_inputs import stored_zone
from alerts.store.revisions import MAX_ERRORS, refuse, revision_after, stored_dependencies
from alerts.store.rows import (
    CHANGED_AT,
    TRACKED,
    append_revisions,
    bounds_columns,
    chunks,
    party_of,
    revision_row,
    stated,
    tracked_of,
)

_C = tables.commitments.c

KEYS_COMPARED = 10_000  # stored keys that a suggestion is looked up in


class ChangeSet:
    """One transaction's view of commitments and what they depend on."""

    def __init__(self, connection: Connection, zone: str | None, parties: Iterable[Party] = ()) -> None:
        self._connection = connection
        self._zone = stored_zone(connection, zone)
        self._dependencies: dict[str, tuple[str, ...]] | None = None
        self._planned_bounds: dict[str, Bounds] = {}  # bounds that a dry run would store
        stored = {row["key"]: party_of(row) for row in connection.execute(select(tables.parties)).mappings()}
        declared = {party.key: party for party in parties}
        self.changed_parties = {  # parties whose change may move deadlines, and what they were
            party: stored[key]
            for key, party in declared.items()
            if key in stored and (stored[key].timezone, stored[key].calendar) != (party.timezone, party.calendar)
        }
        self._parties: Mapping[str, Party] = stored | declared

    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """Return the stored dependencies, by key."""
        if self._dependencies is None:
            self._dependencies = stored_dependencies(self._connection)
        return self._dependencies

    def bounds(self, commitment: Commitment, known: Mapping[str, Bounds]) -> Bounds:
        """Resolve a commitment's deadline."""
        zone = choose_zone(commitment, self._parties, self._zone)
        deadline = parse(commitment.deadline)
        return resolve(deadline, zone, known) if references(deadline) else _resolve_alone(deadline, zone)

    def _resolver(self, commitment: Commitment) -> Callable[[str], Bounds]:
        """Resolve what an occurrence of a commitment was moved to."""
        return lambda deadline: self.bounds(replace(commitment, deadline=deadline), {})

    def _resolve_with_assumptions(self, commitment: Commitment, known: Mapping[str, Bounds]) -> Bounds:
        return _with_assumptions(self.bounds(commitment, known), commitment.assumptions)

    def check(self, wanted: Mapping[str, Entry]) -> list[str]:
        """Check all entries, and return their keys in an order in which they can be stored.

        Raises InputError with a line for each entry that depends on an unknown key or on itself, or cannot be resolved.
        """
        order, problems = self.check_all(wanted)
        refuse([one.message for one in problems])
        return order

    def check_all(
        self, wanted: Mapping[str, Entry], unread: Collection[str] = ()
    ) -> tuple[list[str], list[EntryProblem]]:
        """Return the keys of all entries in an order in which they can be stored, and their problems.

        `unread` are keys of entries that could not be read: what depends on them is not tried.
        """
        needs = {key: references(parse(entry.commitment.deadline)) for key, entry in wanted.items()}
        needed = {other for others in needs.values() for other in others}
        known = self.known(needed - set(wanted))
        missing = needed - set(wanted) - set(known) - set(unread)
        broken = needed & set(unread) - set(known)
        problems: list[EntryProblem] = []
        similar_keys = (
            [*wanted, *self._connection.execute(select(_C.key).limit(KEYS_COMPARED)).scalars()] if missing else []
        )
        for key, other in ((key, other) for key, others in needs.items() for other in sorted(others & missing)):
            suggestion = did_you_mean(other, similar_keys) if len(problems) < MAX_ERRORS else ""  # finding it is slow
            problems.append(
                EntryProblem(key, f"{wanted[key].place}: deadline hangs on {other!r}, which is not tracked{suggestion}")
            )
        broken |= {one.key for one in problems}
        ordered, cycles = self._dependency_order(wanted, needs)
        problems += cycles
        broken |= {one.key for one in cycles}
        dependants = self._dependants(wanted, skip=set(wanted))
        needed |= {other for others in dependants.values() for other in others}
        ended = {key for key, entry in wanted.items() if entry.commitment.status != "open"}  # these keep their bounds
        known |= self.known(needed - (set(wanted) - ended) - set(known))
        checked = dict(wanted) | {
            key: Entry(tracked.commitment, f"{key} follows from this file")
            for key, tracked in self._stored(list(dependants)).items()
            if tracked.open
        }
        for entry in (checked[key] for key in ordered if key in checked):
            key, deadline = entry.commitment.key, entry.commitment.deadline
            undeclared = not self._parties.keys() >= set(entry.commitment.by)  # reading its file has reported that
            if undeclared or key in broken or broken & {*needs.get(key, ()), *dependants.get(key, ())}:
                broken.add(key)
                continue
            try:
                bounds = self.bounds(entry.commitment, known)
            except InputError as error:
                problems.append(EntryProblem(key, f"{entry.place}: deadline `{deadline}`: {error}"))
                broken.add(key)
                continue
            if key in needed and key not in ended:
                known[key] = _with_assumptions(bounds, entry.commitment.assumptions)
        return [key for key in ordered if key in wanted], problems

    def _dependency_order(
        self, wanted: Mapping[str, Entry], needs: Mapping[str, frozenset[str]]
    ) -> tuple[list[str], list[EntryProblem]]:
        """Sort keys so that each comes after its dependencies; each cycle is taken out and is a problem."""
        dependencies: dict[str, Iterable[str]] = {**self.dependencies(), **needs}
        problems: list[EntryProblem] = []
        while True:
            try:
                return dependency_order(dependencies), problems
            except DependencyCycleError as error:
                if len(problems) >= MAX_ERRORS:
                    return [], problems  # each search for a cycle goes through all dependencies
                key = next((key for key in error.keys if key in wanted), error.keys[0])
                place = f"{wanted[key].place}: " if key in wanted else ""
                problems.append(EntryProblem(key, f"{place}{error}"))
                dependencies[key] = ()

    def _stored(self, keys: Sequence[str]) -> dict[str, Tracked]:
        """Return the stored commitments, in the order of the keys."""
        found: dict[str, Tracked] = {}
        for some in chunks(keys):
            rows = self._connection.execute(TRACKED.where(_C.key.in_(some))).mappings()
            here = {row["key"]: tracked_of(row) for row in rows}
            found |= {key: here[key] for key in some if key in here}
        return found

    def _dependants(self, keys: Iterable[str], skip: set[str]) -> dict[str, tuple[str, ...]]:
        """Return all stored commitments that depend on some keys, directly or not, with their dependencies."""
        dependencies = self.dependencies()
        on: dict[str, list[str]] = defaultdict(list)
        for one, others in dependencies.items():
            for other in others:
                on[other].append(one)
        found: dict[str, tuple[str, ...]] = {}
        todo = list(keys)
        while todo:
            for one in on.get(todo.pop(), ()):
                if one not in found and one not in skip:
                    found[one] = dependencies[one]
                    todo.append(one)
        return found

    def known(self, keys: Iterable[str]) -> dict[str, Bounds]:
        """Return the stored bounds of commitments with their assumptions: what depends on one assumes the same."""
        found: dict[str, Bounds] = {}
        for some in chunks(sorted(keys)):
            rows = self._connection.execute(select(_C.key, _C.bounds, _C.assumptions).where(_C.key.in_(some)))
            found |= {row.key: _with_assumptions(Bounds.from_json(row.bounds), row.assumptions) for row in rows}
        return found | {key: self._planned_bounds[key] for key in keys if key in self._planned_bounds}

    def write(
        self,
        entries: Sequence[Entry],
        change: Change,
        report: Report,
        pending: set[str],
        *,
        dry_run: bool = False,
        recomputed: bool = False,
        reopened: Mapping[str, Tracked] | None = None,
    ) -> None:
        """Store a chunk of entries, and move their dependants.

        `reopened` are closed in the store, but count as open. `pending` are stored by later chunks. A dependant may
        come between two entries: it is resolved in that order, and stored with the other dependants.
        """
        keys = [entry.commitment.key for entry in entries]
        here = self._stored(keys) | dict(reopened or {})
        needs = {entry.commitment.key: references(parse(entry.commitment.deadline)) for entry in entries}
        by_key = {entry.commitment.key: entry for entry in entries}
        between = self._dependants(keys, skip=pending | set(keys)) if here and any(needs.values()) else {}
        following = self._stored(list(between))
        known = self.known({other for others in (*needs.values(), *between.values()) for other in others})
        fresh: list[tuple[Entry, Bounds]] = []
        moves: list[tuple[Tracked, Commitment, Bounds]] = []
        edits: list[tuple[Tracked, Commitment, Bounds]] = []
        for key in dependency_order({**needs, **between}):
            if key in following:
                if following[key].open:
                    with suppress(InputError):  # as in `_move_dependants`
                        known[key] = self._resolve_with_assumptions(following[key].commitment, known)
                continue
            entry, commitment = by_key[key], by_key[key].commitment
            old = here.get(key)
            bounds = self.bounds(commitment, known) if old is None or old.open else old.bounds
            known[key] = _with_assumptions(bounds, commitment.assumptions)
            if old is None:
                fresh.append((entry, bounds))
            elif old.bounds.fingerprint != bounds.fingerprint:
                moves.append((old, commitment, bounds))
            else:
                edits.append((old, commitment, bounds))
        report.new += [entry.commitment.key for entry, _ in fresh]
        edited = {old.commitment.key: _differs(old.commitment, new) for old, new, _ in edits}
        report.edited += [key for key, fields in edited.items() if fields]
        if not recomputed:
            report.unchanged += sum(stated(old.commitment) == stated(new) for old, new, _ in edits)
        report.moved += [Move(old.commitment.key, old.bounds, bounds) for old, _, bounds in moves]
        report.fields |= {key: fields for key, fields in edited.items() if fields}
        report.fields |= {old.commitment.key: _differs(old.commitment, new) for old, new, _ in moves}
        if dry_run:
            self._planned_bounds |= {key: known[key] for key in keys}
            report.planned_state |= {
                **{entry.commitment.key: _recorded(entry, bounds, change, -n) for n, (entry, bounds) in enumerate(
                    fresh, len(report.planned_state) + 1)},
                **{old.commitment.key: _moved(old, new, bounds, change) for old, new, bounds in moves},
                **{old.commitment.key: replace(old, commitment=new) for old, new, _ in edits},
            }  # fmt: skip
            for old, _, _ in moves:
                self._move_dependants(old.commitment.key, change, report, skip=pending, dry_run=True)
            return
        self._insert(fresh, change)
        self._update(moves, change, "moved")
        self._update(edits, change, "edited", quiet=recomputed)
        self._refresh(edits, change, self._shifted(edits) if recomputed else set())
        again = [(old, self._resolver(new)) for old, new, _ in (*moves, *edits)]
        occurrence_rows.resolve_again(self._connection, again, change.now)
        self._store_dependencies(keys, needs)
        self.note_loaded([entry for entry in entries if entry.loaded])
        for old, _, _ in moves:
            why = replace(change, cause=old.commitment.key)
            self._move_dependants(old.commitment.key, why, report, skip=pending)

    def note_loaded(self, entries: Sequence[Entry]) -> None:
        """Record what a file stated, and which file it was."""
        names = ("loaded", "loaded_from", "loaded_sequence")
        rows = [
            {"_key": entry.commitment.key, **dict(zip(names, (entry.loaded, entry.file, entry.sequence), strict=True))}
            for entry in entries
        ]
        if rows:
            statement = update(tables.commitments).where(_C.key == bindparam("_key"))
            self._connection.execute(statement.values({name: bindparam(name) for name in names}), rows)

    def _insert(self, fresh: Sequence[tuple[Entry, Bounds]], change: Change) -> None:
        if not fresh:
            return
        rows = [
            {
                "key": entry.commitment.key,
                "status": "open",
                **stated(entry.commitment),
                **bounds_columns(bounds),
                "bounds_version": 1,
                "revision": 1,
                "recorded_at": change.now,
                "loaded": entry.loaded,
                "loaded_from": entry.file,
                "loaded_sequence": entry.sequence,
                "changed_at": change.now,
            }
            for entry, bounds in fresh
        ]
        statement = insert(tables.commitments).returning(_C.id, sort_by_parameter_order=True)
        ids = self._connection.execute(statement, rows).scalars().all()
        recorded = [
            Revision(
                number=1, what="recorded", recorded_at=change.now, recorded_by=change.by,
                reason=change.reason, source=entry.commitment.source.key if entry.commitment.source else None,
                after=bounds, stated=stated(entry.commitment),
            )
            for entry, bounds in fresh
        ]  # fmt: skip
        append_revisions(self._connection, [revision_row(*pair) for pair in zip(ids, recorded, strict=True)])

    def _update(
        self,
        changed: Sequence[tuple[Tracked, Commitment, Bounds]],
        change: Change,
        what: Literal["moved", "edited"],
        *,
        quiet: bool = False,
    ) -> None:
        rows, history = [], []
        for old, new, bounds in changed:
            differs = _differs(old.commitment, new)
            if what == "edited" and (quiet or not differs):
                continue
            version = old.bounds_version + (what == "moved")
            revision = revision_after(old, change, what, detail=", ".join(differs) or None, version=version)
            if what == "moved":
                revision = replace(revision, before=old.bounds, after=bounds)
            if differs:
                revision = replace(revision, stated=stated(new))
            stated_at = change.now if what == "moved" else old.stated_at
            history.append(revision_row(old.id, revision))
            rows.append(
                {
                    "_id": old.id,
                    **stated(new),
                    **bounds_columns(bounds),
                    "bounds_version": version,
                    "revision": revision.number,
                    "_changed_at": change.now,
                    "stated_at": stated_at,
                }
            )
        if rows:
            names: dict[str, Any] = {name: bindparam(name) for name in rows[0] if not name.startswith("_")}
            names["changed_at"] = CHANGED_AT
            statement = update(tables.commitments).where(_C.id == bindparam("_id")).values(names)
            self._connection.execute(statement, rows)
        append_revisions(self._connection, history)
        if what == "moved" and changed:
            moved = [(old, bounds) for old, _, bounds in changed]
            occurrence_rows.end_acknowledgements(self._connection, moved, change.now)

    def _shifted(self, same: Sequence[tuple[Tracked, Commitment, Bounds]]) -> set[int]:
        """Return which of these begin or end at another instant with newer zone data, on the same days and zones."""
        ends = {old.id: (bounds.earliest, bounds.latest) for old, _, bounds in same}
        rows = self._connection.execute(select(_C.id, _C.earliest, _C.latest).where(_C.id.in_(ends)))
        return {row.id for row in rows if (row.earliest, row.latest) != ends[row.id]}

    def _refresh(
        self, same: Sequence[tuple[Tracked, Commitment, Bounds]], change: Change, shifted: Collection[int] = ()
    ) -> None:
        """Store bounds that have not moved, but have another explanation or other calendars, or are `shifted`.

        There is no revision: an alert that gave the day and its zone still holds.
        """
        rows = [
            {"_id": old.id, **bounds_columns(bounds), "_changed_at": change.now}
            for old, new, bounds in same
            if (old.bounds != bounds or old.id in shifted) and stated(old.commitment) == stated(new)
        ]
        if rows:
            statement = update(tables.commitments).where(_C.id == bindparam("_id"))
            names: dict[str, Any] = {name: bindparam(name) for name in rows[0] if not name.startswith("_")}
            statement = statement.values(names | {"changed_at": CHANGED_AT})
            self._connection.execute(statement, rows)

    def _store_dependencies(self, keys: Sequence[str], needs: Mapping[str, frozenset[str]]) -> None:
        named = {*keys, *(other for others in needs.values() for other in others)}
        ids: dict[str, int] = {}
        for some in chunks(sorted(named)):
            ids |= {row.key: row.id for row in self._connection.execute(select(_C.key, _C.id).where(_C.key.in_(some)))}
        self._dependencies = None
        mine = tables.references.c.commitment_id.in_([ids[key] for key in keys])
        self._connection.execute(delete(tables.references).where(mine))
        rows = [{"commitment_id": ids[key], "depends_on": ids[other]} for key in keys for other in needs[key]]
        if rows:
            self._connection.execute(insert(tables.references), rows)

    def _move_dependants(
        self, key: str, change: Change, report: Report, skip: set[str], *, dry_run: bool = False
    ) -> None:
        """Move all that depends on a commitment that has moved, and what depends on that, in order."""
        dependants = self._dependants([key], skip)
        known = self.known({*dependants, *(other for others in dependants.values() for other in others)})
        for one, old in self._stored(dependency_order(dependants)).items():
            if not old.open:
                continue
            try:
                now = self.bounds(old.commitment, known)
            except InputError:  # it also depends on something that moves in a later chunk: `check` saw it resolve
                continue
            known[one] = _with_assumptions(now, old.commitment.assumptions)
            if now.fingerprint == self._planned_bounds.get(one, old.bounds).fingerprint:
                continue
            if dry_run:
                self._planned_bounds[one] = known[one]
                report.planned_state[one] = _moved(old, old.commitment, now, change)
            else:
                self._update([(old, old.commitment, now)], change, "moved")
            report.moved_dependants.append(Move(one, old.bounds, now))


@lru_cache(maxsize=16384)
def _resolve_alone(deadline: Deadline, zone: ZoneChoice) -> Bounds:
    """Return the bounds of a deadline without dependencies. Many commitments share theirs."""
    return resolve(deadline, zone, {})


def forget_resolved() -> None:
    """Clear the cache of resolved deadlines: newer zone data may give other bounds."""
    _resolve_alone.cache_clear()


def _with_assumptions(bounds: Bounds, stated: Iterable[str]) -> Bounds:
    return replace(bounds, assumptions=(*stated, *bounds.assumptions))


def _differs(old: Commitment, new: Commitment) -> tuple[str, ...]:
    """Return the names of the fields that differ between two versions of a commitment."""
    before = stated(old)
    return tuple(sorted(name for name, value in stated(new).items() if before[name] != value))


def _recorded(entry: Entry, bounds: Bounds, change: Change, number: int) -> Tracked:
    """Return a commitment as it would be recorded, with an id that is not in use."""
    return Tracked(id=number, commitment=entry.commitment, bounds=bounds, bounds_version=1, recorded_at=change.now)


def _moved(old: Tracked, new: Commitment, bounds: Bounds, change: Change) -> Tracked:
    """Return a commitment as it would be after a move."""
    version = old.bounds_version + 1
    moved = replace(revision_after(old, change, "moved", version=version), before=old.bounds, after=bounds)
    return replace(
        old, commitment=new, bounds=bounds, bounds_version=version, revision=moved.number, acknowledged=None,
        changes=(*old.changes, moved),
    )  # fmt: skip
