"""The commitments of a database: loaded, moved, closed and acknowledged, each change with a revision."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select, update

from alerts.core.changes import Change, Entry, EntryProblem, Move, Report, RestatedEntry, refuse, revision_after
from alerts.core.commitments import Citation, Commitment, Party, Person, Source, Status
from alerts.core.load_decisions import Closed
from alerts.core.stated_values import stated
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.expressions import Every, references
from alerts.store import (
    answer_revisions,
    answer_rows,
    occurrence_rows,
    reopened_rows,
    restated_closed,
    stated_edits,
    tables,
)
from alerts.store.all_or_none import collect_errors, unique_keys
from alerts.store.answer_revisions import AnsweredOccurrence, Until, until_of
from alerts.store.as_of import as_of
from alerts.store.change_writer import write
from alerts.store.database import Database
from alerts.store.file_load import FileLoad, in_turn, open_keys, recompute, zone_change_reason
from alerts.store.moved_deadlines import source_named_by, with_deadline, with_occurrence_deadline
from alerts.store.rows import (
    CHANGED_AT,
    TRACKED,
    append_revisions,
    chunks,
    revision_of,
    revision_row,
    tracked_of,
)
from alerts.store.snapshot import compute_alone, read_resolver

_C = tables.commitments.c
T = TypeVar("T")


class Commitments:
    """The commitments of a database. `zone` is the zone of the settings, for deadlines that state none."""

    def __init__(self, database: Database, zone: str | None = None) -> None:
        self._database = database
        self._zone = zone

    def load(
        self,
        entries: Sequence[Entry],
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
        job = FileLoad(self._database, self._zone, entries, parties, change, closed=closed)
        conflicts = [] if dry_run else job.decisions.conflicts
        refuse([one.message for one in (*job.problems, *conflicts)])
        report = job.report()
        if dry_run:
            job.plan(report)
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
        entries: Sequence[Entry],
        parties: Iterable[Party],
        change: Change,
        unread: Collection[str],
        closed: Closed = "name",
    ) -> list[EntryProblem]:
        """Return what is wrong with entries; `unread` are the keys of others that could not be read."""
        job = FileLoad(self._database, self._zone, entries, parties, change, closed=closed, unread=unread)
        return [*job.problems, *job.decisions.conflicts]

    def add(self, commitment: Commitment, change: Change) -> None:
        """Track one commitment. Raises InputError where its key is taken, or what it names is not known."""
        with self._database.change() as connection:
            key = commitment.key
            if connection.execute(select(_C.id).where(_C.key == key)).first():
                raise InputError(f"{key} is tracked already: `alerts move` gives it another deadline")
            stated_edits.require_all_known(connection, commitment)
            self._store(connection, Entry(commitment, key, loaded=stated(commitment)), change)

    def no_longer_stated(self, file: str, present: Collection[str]) -> list[str]:
        """Return the keys of open commitments that were last loaded from a file and are no longer in it."""
        query = select(_C.key).where(_C.loaded_from == file, _C.status == "open").order_by(_C.key)
        with self._database.read() as connection:
            return [key for key in connection.execute(query).scalars() if key not in present]

    def note_left(self, file: str, present: Collection[str]) -> None:
        """Record which closed commitments left a file: one that comes back there is stated anew."""
        with self._database.write() as connection:
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
        for some in in_turn(self._database, chunks(keys)):
            with self._database.change() as connection:
                rows = connection.execute(TRACKED.where(_C.key.in_(some), _C.status == "open")).mappings().all()
                answer_rows.end_all_snoozes(connection, [row["id"] for row in rows], change.now)
                for row in rows:
                    now = tracked_of(row)
                    ended = revision_after(now, change, "closed", detail="withdrawn")
                    self._append(connection, now, ended, status="withdrawn", loaded_from=restated_closed.LEFT)

    def move(
        self,
        key: str,
        deadline: str,
        change: Change,
        occurrence: str = "",
        *,
        all_occurrences: bool = False,
        cited: Citation | None = None,
    ) -> Report:
        """Give a commitment another deadline; what depends on it moves in the same transaction.

        What recurs is moved one occurrence at a time, unless `all_occurrences` is True. The new deadline keeps the zone
        that the old one stated. A source that is `cited`, or that the change names, comes before those that it had; for
        one occurrence only the history names it.
        """
        report = Report()
        with self._database.change() as connection:
            now = self._one(connection, key)
            _require_open(now, "moved")
            occurrence_rows.require_occurrence(now.at(occurrence), "moved", all_occurrences=all_occurrences)
            if change.source is not None:
                stated_edits.require_known(connection, tables.sources, change.source, "source")
            if occurrence:
                self._move_one(connection, now.at(occurrence), deadline, change, report)
                return report
            entry = Entry(with_deadline(now.commitment, deadline, source_named_by(change, cited), report), key)
            self._store(connection, entry, change, report)
        return report

    def _move_one(self, connection: Connection, now: Tracked, deadline: str, change: Change, report: Report) -> None:
        """Move one occurrence: it keeps its name."""
        _require_open(now, "moved")
        stated = with_occurrence_deadline(connection, now, deadline, report)
        if references(stated) or isinstance(stated, Every):
            raise InputError(f"`{stated}`: one occurrence is moved to a date of its own")
        resolver = read_resolver(connection, self._zone)
        bounds = resolver.bounds(replace(now.commitment, deadline=str(stated)), {})
        if bounds.fingerprint == now.bounds.fingerprint:
            return
        version = now.bounds_version + 1  # of this occurrence only: the others have not moved
        values = {
            "deadline": str(stated), "bounds": bounds.to_json(), "version": version, "stated_at": change.now
        }  # fmt: skip
        occurrence_rows.note(connection, now, now.occurrence, **values)
        occurrence_rows.end_acknowledgement(connection, occurrence_rows.one(now, now.occurrence), change.now)
        answer_rows.end_moved(connection, [(now.id, now.occurrence)], change.now)
        revision = revision_after(now, change, "moved", version=version)
        self._append(connection, now, replace(revision, before=now.bounds, after=bounds))
        report.moved.append(Move(f"{now.commitment.key} {now.occurrence}", now.bounds, bounds))

    def edit(self, key: str, how: Callable[[Commitment], Commitment], change: Change) -> Report:
        """Change what is stated of a commitment except its deadline (`alerts.store.stated_edits`)."""
        with self._database.change() as connection:
            return stated_edits.edit(
                connection, read_resolver(connection, self._zone), self._one(connection, key), how, change
            )

    def _store(self, connection: Connection, entry: Entry, change: Change, report: Report | None = None) -> None:
        change_set = compute_alone(connection, entry, change, read_resolver(connection, self._zone))
        write(connection, change_set)
        change_set.add_to(report or Report())

    def close(
        self,
        keys: str | Sequence[str],
        status: Status,
        change: Change,
        occurrence: str = "",
        *,
        all_occurrences: bool = False,
    ) -> None:
        """Close commitments, or one occurrence of each: all of them, or none.

        Raises InputError with a line for each that is missing or closed. A series needs an occurrence or
        `all_occurrences`.
        """
        with self._database.change() as connection, collect_errors() as attempt:
            for key in unique_keys(keys):
                with attempt():
                    now = self._one(connection, key).at(occurrence)
                    _require_open(now, "closed")
                    occurrence_rows.require_occurrence(now, "closed", all_occurrences=all_occurrences)
                    revision = revision_after(now, change, "closed", detail=status)
                    answer_rows.end_snoozes(connection, now.id, occurrence, change.now)
                    if occurrence:
                        occurrence_rows.note(connection, now, occurrence, status=status)
                    self._append(connection, now, revision, **({} if occurrence else {"status": status}))

    def reopen(self, key: str, change: Change, occurrence: str = "") -> Report:
        """Reopen a closed commitment or occurrence, resolve its deadline anew, and move its dependants.

        Raises InputError where it is open, and for an occurrence of a closed series.
        """
        report = Report()
        with self._database.change() as connection:
            now = self._one(connection, key)
            if occurrence:
                reopened_rows.reopen_one(connection, now, occurrence, change)
                return report
            reopened_rows.require_closed(now)
            entry = Entry(replace(now.commitment, status="open"), key)
            self._store(connection, entry, change, report)
        return report

    def acknowledge(
        self,
        keys: str | Sequence[str],
        until: Until,
        change: Change,
        occurrence: str = "",
        *,
        all_occurrences: bool = False,
    ) -> list[tuple[str, str]]:
        """Acknowledge commitments, or one occurrence of each: all of them, or none; `alerts.store.answer_revisions`.

        Returns the key and the occurrence of each that was acknowledged.
        """
        answered: list[AnsweredOccurrence] = []
        with self._database.change() as connection, collect_errors() as attempt:
            for key in unique_keys(keys):
                with attempt():
                    now = self._to_answer(connection, key, occurrence, "acknowledged")
                    end = until_of(until, key)
                    answered += answer_revisions.acknowledge(
                        connection, now, end, change, occurrence, every=all_occurrences
                    )
            self._append_all(connection, answered)
        return [(one.commitment.key, one.occurrence) for one, _ in answered]

    def snooze(
        self,
        keys: str | Sequence[str],
        until: Until,
        change: Change,
        occurrence: str = "",
        *,
        recipient: str | None,
        past_due: bool = False,
        all_occurrences: bool = False,
    ) -> None:
        """Snooze all alerts except moves and closings, for one recipient, or for everybody if none is given.

        All of them, or none. Raises InputError where that would end too late (`core.answers.check_snooze`).
        """
        answered: list[AnsweredOccurrence] = []
        with self._database.change() as connection, collect_errors() as attempt:
            for key in unique_keys(keys):
                with attempt():
                    now = self._to_answer(connection, key, occurrence, "snoozed").at(occurrence)
                    occurrence_rows.require_occurrence(now, "snoozed", all_occurrences=all_occurrences)
                    end = until_of(until, key)
                    if end is not None:
                        answered.append(
                            answer_revisions.snooze(connection, now, end, change, recipient, past_due=past_due)
                        )
            self._append_all(connection, answered)

    def graced_keys(self) -> set[tuple[str, str]]:
        """Return the commitments and occurrences of these acknowledgements."""
        with self._database.read() as connection:
            return answer_rows.graced_keys(connection)

    def graced(self) -> tuple[int, datetime] | None:
        """Return how many older acknowledgements end after the upgrade, and when; None if there are none."""
        with self._database.read() as connection:
            return answer_rows.graced(connection)

    def withdraw_answers(
        self, keys: str | Sequence[str], change: Change, occurrence: str = "", *, all_occurrences: bool = False
    ) -> list[tuple[str, str, list[str]]]:
        """End what was acknowledged and snoozed: all of it, or none.

        Returns key, occurrence and what was ended. Raises InputError with a line for each where there is nothing.
        """
        found: list[tuple[AnsweredOccurrence, list[str]]] = []
        with self._database.change() as connection, collect_errors() as attempt:
            for key in unique_keys(keys):
                with attempt():
                    now = self._to_answer(connection, key, occurrence, "taken back")
                    found += answer_revisions.withdraw_answers(
                        connection, now, change, occurrence, every=all_occurrences
                    )
            self._append_all(connection, [answered for answered, _ in found])
        return [(one.commitment.key, one.occurrence, ended) for (one, _), ended in found]

    def _to_answer(self, connection: Connection, key: str, occurrence: str, done: str) -> Tracked:
        now = self._one(connection, key)
        _require_open(now.at(occurrence), done)
        return now

    def _append_all(self, connection: Connection, answered: Sequence[AnsweredOccurrence]) -> None:
        for one, revision in answered:
            self._append(connection, one, revision)

    def recompute(
        self, change: Change, report: Report | None = None, parties: Iterable[Party] = (), of: Party | None = None
    ) -> Report:
        """Resolve all open deadlines anew, or those that one party owes."""
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
            return self._one(connection, key)

    def as_of(self, key: str, at: datetime) -> Tracked:
        """Return a commitment as it was at a time. Raises InputError for a key that was unknown then."""
        with self._database.read() as connection:
            now = self._one(connection, key)
            table = tables.revisions
            query = select(table).where(table.c.commitment_id == now.id).order_by(table.c.number)
            history = [revision_of(row) for row in connection.execute(query).mappings()]
        return as_of(now, history, at)

    def _one(self, connection: Connection, key: str) -> Tracked:
        row = connection.execute(TRACKED.where(_C.key == key)).mappings().first()
        if row is None:
            near = did_you_mean(key, connection.execute(select(_C.key).limit(10_000)).scalars())
            raise InputError(f"no commitment has the key {key!r}{near}")
        return occurrence_rows.with_occurrences(connection, [tracked_of(row)])[0]

    def _append(self, connection: Connection, now: Tracked, revision: Revision, **values: str | int) -> None:
        """Add a revision, and mark the watches as outdated."""
        append_revisions(connection, [revision_row(now.id, revision)])
        values_now: dict[str, Any] = {"revision": revision.number, "changed_at": CHANGED_AT, **values}
        changed = update(tables.commitments).where(_C.id == now.id).values(values_now)
        connection.execute(changed, {"_changed_at": revision.recorded_at})


def _require_open(now: Tracked, done: str) -> None:
    if not now.open:
        name = f"{now.commitment.key} {now.occurrence}".rstrip()
        raise InputError(f"{name} is closed ({now.commitment.status}): it cannot be {done} any more")
