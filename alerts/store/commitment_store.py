"""The commitments of a database: loaded, resolved anew, found again, and changed one transaction at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from alerts.core.changes import Change, EntryProblem, Report, RestatedEntry, StatedCommitment, refuse, revision_after
from alerts.core.commitments import Party, Person, Source, Status
from alerts.core.tracked import Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.errors import InputError
from alerts.store import answer_rows, restated_closed, tables
from alerts.store.commitment_changes import CommitmentChanges, append_revision, find_tracked
from alerts.store.database import Database
from alerts.store.recorded_requests import put_request, require_first
from alerts.store.rows import TRACKED, chunks, revision_of, tracked_of

if TYPE_CHECKING:
    from alerts.core.actors import Request
    from alerts.core.load_decisions import Closed

_C = tables.commitments.c


class Commitments:
    """The commitments of a database. `zone` is the zone of the settings, for deadlines that state none.

    What loads files and works deadlines out anew is imported where it is used: few commands do either.
    """

    def __init__(self, database: Database, zone: str | None = None) -> None:
        self._database = database
        self._zone = zone

    @contextmanager
    def change(self, request: Request | None = None, result: str = "") -> Iterator[CommitmentChanges]:
        """Open a transaction that changes commitments, one at a time: each builds on what the last one left.

        A request is recorded with its result. Raises what `require_first` raises where a request was recorded before.
        """
        with self._database.change() as connection:
            require_first(connection, request)
            yield CommitmentChanges(connection, self._zone)
            put_request(connection, request, result)

    @contextmanager
    def preview(self) -> Iterator[CommitmentChanges]:
        """Open a transaction that reads what a change would find. It must not write."""
        with self._database.read() as connection:
            yield CommitmentChanges(connection, self._zone)

    def load(
        self,
        entries: Iterable[StatedCommitment],
        parties: Iterable[Party],
        sources: Iterable[Source],
        change: Change,
        *,
        people: Iterable[Person] = (),
        closed: Closed = "name",
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Report:
        """Store what a file states, and return a report; entries that the file left unchanged stay as they are.

        Raises InputError with a line for each problem before anything is stored; a dry run reports conflicts instead.
        Entries are stored in chunks: to finish an interrupted load, repeat it. A commitment that somebody changes
        during the load, and that conflicts, is reported and left as it is. `closed` decides about closed commitments
        that the file states anew: `name` reports them, `keep` keeps them closed, `reopen` opens them again.
        """
        from alerts.store.file_load import FileLoad, zone_change_reason

        job = FileLoad(self._database, self._zone, entries, parties, change, closed=closed)
        conflicts = [] if dry_run else job.decisions.conflicts
        refuse([one.message for one in (*job.problems, *conflicts)])
        report = job.report()
        if dry_run:
            job.foresee(report)
            return report
        job.store_named(sources, people)
        job.store(report, progress)
        if job.changed_parties:
            for party, before in job.changed_parties.items():
                because = replace(change, reason=zone_change_reason(before, party))
                self.recompute(because, report, job.parties, of=party)
            job.store_changed_parties()
        return report

    def find_problems(
        self,
        entries: Iterable[StatedCommitment],
        parties: Iterable[Party],
        change: Change,
        unread: Collection[str],
        closed: Closed = "name",
    ) -> list[EntryProblem]:
        """Return what is wrong with entries; `unread` are the keys of others that could not be read."""
        from alerts.store.file_load import FileLoad

        job = FileLoad(self._database, self._zone, entries, parties, change, closed=closed, unread=unread)
        return [*job.problems, *job.decisions.conflicts]

    def no_longer_stated(self, file: str, present: Collection[str]) -> list[str]:
        """Return the keys of open commitments that were last loaded from a file and are no longer in it."""
        query = select(_C.key).where(_C.loaded_from == file, _C.status == "open").order_by(_C.key)
        with self._database.read() as connection:
            return [key for key in connection.execute(query).scalars() if key not in present]

    def note_left(self, file: str, present: Collection[str]) -> None:
        """Record which closed commitments left a file: one that comes back there is stated anew."""
        with self._database.change() as connection:
            restated_closed.note_left(connection, file, present)

    def restated(self) -> list[RestatedEntry]:
        """Return closed commitments that a file states anew and that nobody has decided about."""
        with self._database.read() as connection:
            return restated_closed.undecided(connection)

    def statuses(self, keys: Iterable[str]) -> dict[str, Status]:
        """Return the status of those commitments that are tracked, by key."""
        found: dict[str, Status] = {}
        with self._database.read() as connection:
            for some in chunks(keys):
                found |= dict(connection.execute(select(_C.key, _C.status).where(_C.key.in_(some))).tuples().all())
        return found

    def sequences(self) -> dict[str, int]:
        """Return the SEQUENCE of commitments in the calendars that they were loaded from, by key."""
        query = select(_C.key, _C.loaded_sequence).where(_C.loaded_sequence.is_not(None))
        with self._database.read() as connection:
            return {key: number for key, number in connection.execute(query).tuples() if number is not None}

    def withdraw(self, keys: Iterable[str], change: Change) -> None:
        """Close commitments as withdrawn; those that have ended stay as they are."""
        from alerts.store.file_load import in_turn
        from alerts.store.followed_series import follow_closed
        from alerts.store.snapshot import read_resolver

        for some in in_turn(self._database, chunks(keys)):
            with self._database.change() as connection:
                rows = connection.execute(TRACKED.where(_C.key.in_(some), _C.status == "open")).mappings().all()
                answer_rows.end_all_snoozes(connection, [row["id"] for row in rows], change.now)
                for row in rows:
                    now = tracked_of(row)
                    ended = revision_after(now, change, "closed", detail="withdrawn")
                    append_revision(connection, now, ended, status="withdrawn", loaded_from=restated_closed.LEFT)
                series = [row["id"] for row in rows if "recurrence" in row["bounds"]]
                follow_closed(connection, series, change, read_resolver(connection, self._zone))

    def graced_keys(self) -> set[tuple[str, str]]:
        """Return the commitments and occurrences of these acknowledgements."""
        with self._database.read() as connection:
            return answer_rows.graced_keys(connection)

    def graced(self) -> tuple[int, datetime] | None:
        """Return how many older acknowledgements end after the upgrade, and when; None if there are none."""
        with self._database.read() as connection:
            return answer_rows.graced(connection)

    def recompute(
        self, change: Change, report: Report | None = None, parties: Iterable[Party] = (), of: Party | None = None
    ) -> Report:
        """Resolve all open deadlines anew, or those that one party owes."""
        from alerts.store.change_writer import write
        from alerts.store.file_load import in_turn, open_keys, recompute
        from alerts.store.snapshot import read_resolver

        report = report or Report()
        parties = list(parties)
        with self._database.read() as connection:
            order = open_keys(connection, of)
        for some in in_turn(self._database, chunks(order)):
            with self._database.change() as connection:
                change_set = recompute(connection, some, change, read_resolver(connection, self._zone, parties))
                write(connection, change_set)
            change_set.add_to(report, recomputed=True)
        return report

    def find(self, key: str) -> Tracked:
        """Return a commitment. Raises InputError for an unknown key."""
        with self._database.read() as connection:
            return find_tracked(connection, key)

    def bounds_of(self, keys: Collection[str], only_owner: str | None = None) -> dict[str, Bounds]:
        """Return the bounds of commitments, by key. Raises InputError for unknown keys.

        What others have than `only_owner` is not known.
        """
        found: dict[str, Bounds] = {}
        with self._database.read() as connection:
            for some in chunks(keys):
                query = TRACKED.where(_C.key.in_(some))
                query = query if only_owner is None else query.where(_C.owner == only_owner)
                found |= {row["key"]: tracked_of(row).bounds for row in connection.execute(query).mappings()}
            if missing := next((key for key in keys if key not in found), None):
                if only_owner is None:
                    find_tracked(connection, missing)  # it says which keys are near
                raise InputError(f"no commitment has the key {missing!r}")
        return found

    def as_of(self, key: str, at: datetime) -> Tracked:
        """Return a commitment as it was at a time. Raises InputError for a key that was unknown then."""
        from alerts.store.as_of import as_of

        with self._database.read() as connection:
            now = find_tracked(connection, key)
            table = tables.revisions
            query = select(table).where(table.c.commitment_id == now.id).order_by(table.c.number)
            history = [revision_of(row) for row in connection.execute(query).mappings()]
        return as_of(now, history, at)
