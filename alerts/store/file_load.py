"""A load of files: computed once, and stored in several transactions, each only if nobody changed what it builds on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy import Connection, select

from alerts.core.change_computation import ChangeComputation
from alerts.core.change_set import ChangeSet, Stamp
from alerts.core.changes import Change, EntryProblem, Report, StatedCommitment, refuse
from alerts.core.commitments import Party, Person, Source
from alerts.core.deadline_resolver import DeadlineResolver
from alerts.core.dependency_order import dependency_order
from alerts.core.load_decisions import Closed
from alerts.core.tracked import Tracked
from alerts.entry_spool import KEPT, Entries
from alerts.store import restated_closed, tables
from alerts.store.change_writer import note_loaded, write
from alerts.store.changed_addresses import end_access
from alerts.store.database import Database
from alerts.store.later_keys import LaterKeys
from alerts.store.load_decided import decide
from alerts.store.people import put
from alerts.store.rows import chunks, source_row, upsert
from alerts.store.snapshot import (
    fetch_stored,
    is_current,
    read_resolver,
    stored_dependencies,
    stored_parties,
    take_snapshot,
)

_C = tables.commitments.c
T = TypeVar("T")


class FileLoad:
    """What a load of some entries changes, computed when it is made; `closed` decides about closed commitments.

    `unread` are keys of entries that could not be read.
    """

    def __init__(
        self,
        database: Database,
        zone: str | None,
        entries: Iterable[StatedCommitment],
        parties: Iterable[Party],
        change: Change,
        *,
        closed: Closed = "name",
        unread: Collection[str] = (),
    ) -> None:
        self._database, self._zone, self._change, self._closed = database, zone, change, closed
        self.parties = list(parties)
        entries = Entries.of(entries)
        with database.look() as connection:
            stored = stored_parties(connection)
            self._resolver = read_resolver(connection, zone, self.parties)
            self._decided = decide(connection, entries, closed)
            self.decisions, wanted = self._decided.decisions, self._decided.wanted
            needs = wanted.needs
            snapshot = take_snapshot(connection, wanted, self._resolver, needs)
            self._computation = ChangeComputation(wanted, snapshot, change, unread, needs)
        self._pending = LaterKeys(self._computation.order)
        self._kept: list[ChangeSet] = []
        for change_set in self._compute():
            if len(wanted) <= KEPT:
                self._kept.append(change_set)
        self.problems: list[EntryProblem] = self._computation.problems
        self.changed_parties = {  # parties whose change may move deadlines, and what they were
            party: stored[party.key]
            for party in self.parties
            if party.key in stored and _resolves_as(party) != _resolves_as(stored[party.key])
        }

    def _change_sets(self) -> Iterable[ChangeSet]:
        """Return what each transaction changes: as kept, or computed again if it was too much to keep in memory."""
        return self._kept or self._compute()

    def _compute(self) -> Iterator[ChangeSet]:
        """Yield what each transaction changes. No connection is open while the caller uses it."""
        self._computation.begin()
        self._pending.passed = 0
        for some in chunks(self._computation.order):
            self._pending.passed += len(some)
            yield self._computation.compute(some, self._as_decided(some), self._pending)

    def _as_decided(self, keys: Sequence[str]) -> dict[str, tuple[Tracked, Stamp]]:
        """Return what is tracked, with stamps from when it was decided what to do.

        What was changed between the two reads no longer matches its stamp when it is stored, and is computed again.
        """
        read = self.decisions.read
        if not any(key in read for key in keys):
            return {}
        with self._database.look() as connection:
            stored = fetch_stored(connection, [key for key in keys if key in read])
        return {key: (tracked, read[key]) for key, (tracked, _) in stored.items()}

    def report(self) -> Report:
        """Return what was decided about the entries."""
        found = self.decisions
        return Report(
            unchanged=found.unchanged, conflicts=list(found.conflicts), older=found.older, restated=found.restated,
            kept=found.kept, reopened=found.reopened,
        )  # fmt: skip

    def foresee(self, report: Report) -> None:
        """Report what storing the entries would change, and what the changed parties would move."""
        for change_set in self._change_sets():
            change_set.add_to(report)
            change_set.plan_in(report)
        with self._database.look() as connection:
            for party in self.changed_parties:
                others = [key for key in open_keys(connection, party) if key not in self._decided.wanted]
                for some in chunks(others):
                    change_set = recompute(connection, some, self._change, self._resolver, report)
                    change_set.add_to(report, recomputed=True)
                    change_set.plan_in(report)

    def store_named(self, sources: Iterable[Source], people: Iterable[Person]) -> None:
        """Store sources, people and parties, but no party whose change moves deadlines."""
        people = list(people)
        same = [asdict(party) for party in self.parties if party not in self.changed_parties]
        with self._database.change() as connection:  # two loads that name the same in another order would meet
            upsert(connection, tables.parties, ["key"], same)
            upsert(connection, tables.sources, ["key"], [source_row(source) for source in sources])
            end_access(connection, people, self._change.now)
            put(connection, people, of_settings=False)

    def store(self, report: Report, progress: Callable[[int], None]) -> None:
        """Store the entries in several transactions, and report what each changes."""
        done = 0
        for change_set in in_turn(self._database, self._change_sets()):
            done += len(change_set.entries)
            self._pending.passed = done
            with self._database.change() as connection:
                current = self._current(connection, change_set, report)
                write(connection, current)
            current.add_to(report)
            progress(done)
        for others in in_turn(self._database, chunks(self._decided.renamed)):
            with self._database.change() as connection:
                note_loaded(connection, others)
        with self._database.look() as connection:
            named_before = restated_closed.noted(connection)
        with self._database.change() as connection:
            restated_closed.note(connection, self._decided.as_stated, report, named_before)
        report.unchanged -= restated_closed.count_unchanged(report)

    def store_changed_parties(self) -> None:
        """Store parties whose change has moved deadlines: until then a repeated load sees that it is not finished."""
        with self._database.change() as connection:
            upsert(connection, tables.parties, ["key"], [asdict(party) for party in self.changed_parties])

    def _current(self, connection: Connection, change_set: ChangeSet, report: Report) -> ChangeSet:
        """Return a change set that builds on what is stored now: somebody may have moved or closed something meanwhile.

        What conflicts by now is reported and left as it is.
        """
        resolver = read_resolver(connection, self._zone, self.parties)
        if is_current(connection, change_set, resolver):
            return change_set
        keys = [entry.commitment.key for entry in change_set.entries]
        decided = decide(connection, Entries.of(self._decided.as_stated[key] for key in keys), self._closed)
        report.conflicts += decided.decisions.conflicts
        wanted = {key: decided.wanted[key] for key in keys if key in decided.wanted}
        computation = ChangeComputation(wanted, take_snapshot(connection, wanted, resolver), self._change)
        again = computation.compute(computation.order, fetch_stored(connection, wanted), self._pending)
        # A dependant may also depend on what is stored later: then it follows from that.
        refuse([one.message for one in computation.problems if one.key in wanted])
        return again


def recompute(
    connection: Connection,
    keys: Sequence[str],
    change: Change,
    resolver: DeadlineResolver,
    planned: Report | None = None,
) -> ChangeSet:
    """Return what resolving some open commitments anew changes, once others are as `planned`."""
    stored = {key: one for key, one in fetch_stored(connection, keys).items() if one[0].open}
    entries = {key: StatedCommitment(stored[key][0].commitment, key) for key in keys if key in stored}
    snapshot = take_snapshot(connection, entries, resolver)
    computation = ChangeComputation(entries, snapshot.after(planned.planned_state) if planned else snapshot, change)
    if planned:
        stored = {key: (planned.planned_state.get(key, one), stamp) for key, (one, stamp) in stored.items()}
    change_set = computation.compute(computation.order, stored)
    refuse([one.message for one in computation.problems if one.key in entries])  # of the others, when it is their turn
    return change_set


def open_keys(connection: Connection, of: Party | None = None) -> list[str]:
    """Return the keys of all open commitments, or of those that one party owes, each after its dependencies."""
    query = select(_C.key, _C.by).where(_C.status == "open").order_by(_C.id)
    keys = [key for key, by in connection.execute(query).tuples() if of is None or of.key in by]
    depends_on = stored_dependencies(connection)
    return dependency_order({key: depends_on.get(key, ()) for key in keys})


def in_turn(database: Database, pieces: Iterable[T]) -> Iterator[T]:
    """Yield pieces, one for each transaction, and let others write in between."""
    for number, some in enumerate(pieces):
        if number:
            database.give_way()
        yield some


def zone_change_reason(before: Party, party: Party) -> str:
    """Return which change of a party moves deadlines."""
    names = ("time zone", "calendar", "office hours", "fiscal year")
    differs = [
        f"{name} of {party.name} changed from {old or 'none'} to {new or 'none'}"
        for name, old, new in zip(names, _resolves_as(before), _resolves_as(party), strict=True)
        if old != new
    ]
    return ", ".join(differs)


def _resolves_as(party: Party) -> tuple[str | None, ...]:
    return party.timezone, party.calendar, party.hours, party.fiscal_year
