"""Compute change sets: every entry resolved in the order of its dependencies, with all that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from alerts.core.change_set import Changed, ChangeSet, New, Snapshot, Stamp, edit_to, move_to, reopen_to
from alerts.core.changes import MAX_ERRORS, Change, EntryProblem, StatedCommitment
from alerts.core.commitments import Commitment
from alerts.core.deadline_resolver import needs_of, with_assumptions
from alerts.core.dependency_order import DependencyCycleError, dependency_order
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.expressions import NO_KEYS


class ChangeComputation:
    """Computes the change sets of some entries from one snapshot; each builds on those before it.

    `order` has the keys of the entries as they can be stored, each after its dependencies. `unread` are keys of entries
    that could not be read: what depends on them is not tried.
    """

    def __init__(
        self,
        wanted: Mapping[str, StatedCommitment],
        snapshot: Snapshot,
        change: Change,
        unread: Collection[str] = (),
        needs: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        self._wanted, self._change, self._resolver, self._snapshot = wanted, change, snapshot.resolver, snapshot
        self._needs = needs_by_key(wanted) if needs is None else needs
        before = {key: () if key in wanted else others for key, others in snapshot.dependencies.items()}
        self._dependencies: dict[str, Collection[str]] = {**before, **self._needs}
        self._dependants = dependants_by_key(self._dependencies)
        stored = {key: others for key, others in snapshot.dependencies.items() if key in wanted}
        self._dependants_before = dependants_by_key(stored)
        self._found: list[EntryProblem] = []
        self._failed: dict[str, EntryProblem] = {}  # entries and dependants that cannot be resolved
        self._broken: set[str] = set()  # what depends on a problem is not tried
        self._find_missing(snapshot, unread)
        self._ordered = self._find_order()
        self.order = [key for key in self._ordered if key in wanted]
        self._rank = {key: place for place, key in enumerate(self._ordered)} if snapshot.dependants else {}
        self.begin()

    def begin(self) -> None:
        """Forget what was computed, so that all entries can be computed once more, from the first."""
        self._following, self._bounds = dict(self._snapshot.dependants), dict(self._snapshot.bounds)
        self._stamps: dict[str, Stamp] = dict(self._snapshot.stamps)

    @property
    def problems(self) -> list[EntryProblem]:
        """Return what is wrong with the entries, and with what would follow from those computed so far."""
        place = {key: number for number, key in enumerate(self._ordered)} if self._failed else {}
        failed = sorted(self._failed.values(), key=lambda one: place[one.key])
        return [*self._found, *(one for one in failed if not self._is_broken(one.key))]

    def _find_missing(self, snapshot: Snapshot, unread: Collection[str]) -> None:
        needed = {other for others in self._needs.values() for other in others}
        missing = {key for key in needed if key not in self._wanted} - set(snapshot.bounds) - set(unread)
        knows_all = self._change.only_owner is None  # who may see what one person owns gets no key of others proposed
        similar = [*self._wanted, *snapshot.keys] if missing and knows_all else []
        for key, others in self._needs.items():
            for other in sorted(others & missing):
                near = did_you_mean(other, similar) if len(self._found) < MAX_ERRORS else ""  # finding it is slow
                text = f"{self._wanted[key].place}: deadline depends on {other!r}, which is not tracked{near}"
                self._found.append(EntryProblem(key, text))
        self._broken = needed & set(unread) - set(snapshot.bounds) | {one.key for one in self._found}

    def _find_order(self) -> list[str]:
        """Return all keys, each after its dependencies; each circle is taken out and is a problem."""
        dependencies: dict[str, Collection[str]] = dict(self._dependencies)
        stored = self._snapshot.dependencies
        keys: Collection[str] = dict.fromkeys((*stored, *self._wanted)) if stored else self._wanted
        for _ in range(MAX_ERRORS):  # each search for a circle goes through all dependencies
            try:
                return dependency_order(dependencies, keys)
            except DependencyCycleError as error:
                key = next((key for key in error.keys if key in self._wanted), error.keys[0])
                place = f"{self._wanted[key].place}: " if key in self._wanted else ""
                self._found.append(EntryProblem(key, f"{place}{error}"))
                self._broken.add(key)
                dependencies[key] = ()
        return []

    def compute(
        self, keys: Iterable[str], stored: Mapping[str, tuple[Tracked, Stamp]], pending: Collection[str] = ()
    ) -> ChangeSet:
        """Return what storing some entries changes; `stored` is what is tracked of them.

        Entries that are `pending` are stored later, and follow nothing.
        """
        keys = list(keys)
        step = _Step()
        between = self._all_dependants(keys, pending)
        for key in sorted((*keys, *between), key=self._rank.__getitem__) if between else keys:
            if key in self._wanted:
                self._store(key, stored.get(key), step)
            else:
                self._follow(key, step)
        moved = [one.key for one in (*step.moved, *step.following, *step.reopened)]
        return ChangeSet(
            change=self._change,
            entries=tuple(step.entries[key] for key in keys),
            needs={key: self._needs.get(key, NO_KEYS) for key in keys},
            reopened=tuple(step.reopened),
            new=tuple(step.new),
            moved=tuple(step.moved),
            edited=tuple(step.edited),
            following=tuple(step.following),
            read=step.read,
            followers=frozenset(one for key in moved for one in self._direct_dependants(key)),
            resolver=self._resolver,
        )

    def _direct_dependants(self, key: str) -> Iterator[str]:
        """Yield what depends on a key: by the entries, or as it is stored until its own entry is."""
        yield from self._dependants.get(key, ())
        yield from self._dependants_before.get(key, ())

    def _all_dependants(self, keys: Collection[str], pending: Collection[str]) -> set[str]:
        """Return all other keys that depend on these, directly or not, but not by way of a `pending` one."""
        found: set[str] = set()
        todo, mine = (list(keys), set(keys)) if self._rank else ([], set())
        while todo:
            for one in self._dependants.get(todo.pop(), ()):
                if one not in found and one not in mine and one not in pending:
                    found.add(one)
                    todo.append(one)
        return found

    def _store(self, key: str, stored: tuple[Tracked, Stamp] | None, step: _Step) -> None:
        entry = step.entries[key] = self._wanted[key]
        before, stamp = stored or (None, None)
        self._note_read(key, stamp, step)
        bounds = self._try_to_resolve(key, entry.commitment, entry.place, before)
        if bounds is None:
            return
        if before is None:
            step.new.append(New(entry, bounds))
            self._note(key, entry.commitment, bounds, revision=1)
            step.note_lead(key, self._needs.get(key, NO_KEYS))
            return
        if not before.open and entry.commitment.status == "open":
            step.reopened.append(reopen_to(before, self._change))
            before = step.reopened[-1].after
        if not before.open:
            bounds = before.bounds
        moves = before.bounds.fingerprint != bounds.fingerprint
        if moves:
            changed = move_to(before, entry.commitment, bounds, self._change)
        else:
            changed = edit_to(before, entry.commitment, bounds, self._change, stamp)
        (step.moved if moves else step.edited).append(changed)
        reopens = bounds.recurs and bool(step.reopened) and step.reopened[-1].key == key
        step.note_lead(key, self._needs.get(key, NO_KEYS), leads=moves or reopens)
        self._note(key, entry.commitment, bounds, revision=changed.after.revision)

    def _follow(self, key: str, step: _Step) -> None:
        """Move a dependant along. Where it also depends on what is stored later, that may have to come first."""
        cause, before = step.note_lead(key, self._dependencies[key]), self._following[key]
        if cause is None or not before.open:
            return
        self._note_read(key, self._stamps.get(key), step)
        bounds = self._try_to_resolve(key, before.commitment, f"{key} follows from this file", before)
        if bounds is None or bounds.fingerprint == before.bounds.fingerprint:
            return
        changed = move_to(before, before.commitment, bounds, replace(self._change, cause=cause))
        step.following.append(changed)
        self._following[key] = changed.after
        self._note(key, before.commitment, bounds, revision=changed.after.revision)

    def _try_to_resolve(self, key: str, commitment: Commitment, place: str, before: Tracked | None) -> Bounds | None:
        """Return the bounds of a commitment, or None and note why there are none.

        A party that is not declared is reported where its file is read; what that may cause is not reported again.
        """
        undeclared = not self._resolver.parties.keys() >= set(commitment.by)
        quiet = key in self._broken or undeclared or self._is_broken(key)
        if quiet and key in self._wanted:
            self._broken.add(key)
        try:
            bounds = self._resolver.bounds(commitment, self._bounds, before.bounds if before else None)
        except InputError as error:
            if not quiet:
                self._failed[key] = EntryProblem(key, f"{place}: deadline `{commitment.deadline}`: {error}")
            return None
        self._failed.pop(key, None)
        return bounds

    def _is_broken(self, key: str) -> bool:
        """Return whether a key depends on one that has a problem."""
        return any(other in self._broken or other in self._failed for other in self._dependencies.get(key, ()))

    def _note(self, key: str, commitment: Commitment, bounds: Bounds, revision: int) -> None:
        """Record where a commitment stands from now on, if anything depends on it."""
        if key in self._dependants or key in self._following:
            if commitment.status == "open" or not bounds.recurs:  # a closed series has ended for what depends on it
                self._bounds[key] = with_assumptions(bounds, commitment.assumptions)
            self._stamps[key] = (revision, bounds.fingerprint, bounds.earliest, bounds.latest)

    def _note_read(self, key: str, stamp: Stamp | None, step: _Step) -> None:
        step.read.setdefault(key, stamp)
        for one in self._dependencies.get(key, ()):
            step.read.setdefault(one, self._stamps.get(one))


@dataclass(slots=True)
class _Step:
    """What one change set is made of.

    `causes` are the keys of what moves, and of series that are reopened; `leads` has the place of the first of them
    that led to each key.
    """

    reopened: list[Changed] = field(default_factory=list)
    entries: dict[str, StatedCommitment] = field(default_factory=dict)
    new: list[New] = field(default_factory=list)
    moved: list[Changed] = field(default_factory=list)
    edited: list[Changed] = field(default_factory=list)
    following: list[Changed] = field(default_factory=list)
    read: dict[str, Stamp | None] = field(default_factory=dict)
    causes: list[str] = field(default_factory=list)
    leads: dict[str, int] = field(default_factory=dict)

    def note_lead(self, key: str, dependencies: Iterable[str], *, leads: bool = False) -> str | None:
        """Return the key of the first move that a commitment follows from, if there is one."""
        self.causes += [key] if leads else []
        own = [len(self.causes) - 1] if leads else []
        lead = min((*own, *(self.leads[other] for other in dependencies if other in self.leads)), default=None)
        if lead is None:
            return None
        self.leads[key] = lead
        return self.causes[lead]


def needs_by_key(entries: Mapping[str, StatedCommitment]) -> dict[str, frozenset[str]]:
    """Return the keys that each entry depends on; entries that depend on nothing are left out."""
    return {key: needs for key, entry in entries.items() if (needs := needs_of(entry.commitment))}


def dependants_by_key(dependencies: Mapping[str, Iterable[str]]) -> dict[str, Sequence[str]]:
    """Return which keys depend on each key."""
    found: dict[str, list[str]] = defaultdict(list)
    for key, others in dependencies.items():
        for other in others:
            found[other].append(key)
    return dict(found)
