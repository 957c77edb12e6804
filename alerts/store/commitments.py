"""What is tracked: loading, moving, closing and acknowledging, each change a revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from alerts.core.commitments import Party, Revision, Source, Status, Tracked, in_order
from alerts.core.deadlines import Every, parse, references
from alerts.core.errors import InputError, did_you_mean
from alerts.store import occurrences, tables
from alerts.store.book import Book, Change, Entry, Move, Report, edges_of, revision_after
from alerts.store.engine import Database
from alerts.store.past import as_of
from alerts.store.rows import (
    CHANGED_AT,
    STATED,
    TRACKED,
    append_revisions,
    chunks,
    commitment_of,
    revision_of,
    revision_row,
    source_row,
    stated,
    tracked_of,
    upsert,
)

_C = tables.commitments.c


class Commitments:
    """The commitments of a database. `zone` is the settings' for deadlines for which nobody states one."""

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
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Report:
        """Bring what is tracked up to what a file states; what the file left unchanged is left alone.

        Raises InputError, one line for each thing that is wrong, before anything is stored. Stored in chunks: a load
        that was interrupted is finished by repeating it.
        """
        parties, sources = list(parties), list(sources)
        report = Report()
        stated_by = {entry.commitment.key: entry for entry in entries}
        with self._database.read() as connection:
            book = Book(connection, self._zone, parties)
            rezoned = book.rezoned
            wanted = self._wanted(connection, entries, report)
            order = book.check(wanted)
        if dry_run:
            with self._database.read() as connection:
                book = Book(connection, self._zone, parties)
                pending = set(order)
                for some in chunks(order):
                    pending -= set(some)
                    book.write([wanted[key] for key in some], change, report, pending, dry_run=True)
                if rezoned:
                    self._recompute(connection, book, change, report, skip=set(order))
            return report
        with self._database.write() as connection:
            same = [asdict(party) for party in parties if party not in rezoned]
            upsert(connection, tables.parties, ["key"], same)
            upsert(connection, tables.sources, ["key"], [source_row(source) for source in sources])
        done = 0
        pending = set(order)
        for some in chunks(order):
            pending -= set(some)
            with self._database.change() as connection:
                # Looked at again: somebody may have moved or closed one meanwhile.
                now = self._wanted(connection, [stated_by[key] for key in some], Report())
                book = Book(connection, self._zone, parties)
                book.write([now[key] for key in some if key in now], change, report, pending)
            done += len(some)
            progress(done)
        if rezoned:
            self.recompute(replace(change, reason="the zone of a party changed"), report, parties)
            with self._database.write() as connection:  # last: until then a repeated load sees that it is not finished
                upsert(connection, tables.parties, ["key"], [asdict(party) for party in rezoned])
        return report

    def _wanted(self, connection: Connection, entries: Sequence[Entry], report: Report) -> dict[str, Entry]:
        """The entries that are new, or that a file states otherwise than before: as they are to become."""
        wanted: dict[str, Entry] = {}
        for some in chunks(entries):
            by_key = {entry.commitment.key: entry for entry in some}
            columns = [_C[name] for name in ("key", "status", "loaded", *STATED)]
            rows = connection.execute(select(*columns).where(_C.key.in_(by_key))).mappings()
            here = {row["key"]: row for row in rows}
            for key, entry in by_key.items():
                row, said = here.get(key), stated(entry.commitment)
                if row is not None and row["loaded"] == said:
                    report.unchanged += 1
                    continue
                if row is not None:
                    last = row["loaded"] or {}
                    fresh = {name: value for name, value in said.items() if name not in last or last[name] != value}
                    merged = {name: row[name] for name in STATED} | fresh
                    entry = Entry(commitment_of(key, row["status"], merged), entry.place)  # noqa: PLW2901
                wanted[key] = replace(entry, loaded=said)
        return wanted

    def move(self, key: str, deadline: str, change: Change, occurrence: str = "") -> Report:
        """Give a commitment another deadline; whatever hangs on it moves in the same transaction.

        Of what recurs, one occurrence may be moved by itself.
        """
        report = Report()
        with self._database.change() as connection:
            now = self._one(connection, key)
            _must_be_open(now, "moved")
            if change.source is not None:
                _must_know(connection, tables.sources, change.source, "source")
            if occurrence:
                self._move_one(connection, now.at(occurrence), deadline, change, report)
                return report
            entry = Entry(replace(now.commitment, deadline=str(parse(deadline))), key)
            book = Book(connection, self._zone)
            book.check({key: entry})
            book.write([entry], change, report, set())
        return report

    def _move_one(self, connection: Connection, now: Tracked, deadline: str, change: Change, report: Report) -> None:
        """Move one occurrence: it keeps its name."""
        _must_be_open(now, "moved")
        stated = parse(deadline)
        if references(stated) or isinstance(stated, Every):
            raise InputError(f"`{stated}`: one occurrence is moved to a date of its own")
        bounds = Book(connection, self._zone).bounds(replace(now.commitment, deadline=str(stated)), {})
        if bounds.mark == now.bounds.mark:
            return
        values = {"deadline": str(stated), "bounds": bounds.to_json(), "stated_at": change.now}
        occurrences.note(connection, now, now.occurrence, **values)
        occurrences.end_acknowledgement(connection, occurrences.one(now, now.occurrence), change.now)
        version = now.bounds_version + 1
        revision = revision_after(now, change, "moved", version=version)
        self._append(connection, now, replace(revision, before=now.bounds, after=bounds), bounds_version=version)
        report.moved.append(Move(f"{now.commitment.key} {now.occurrence}", now.bounds, bounds))

    def close(self, key: str, status: Status, change: Change, occurrence: str = "") -> None:
        """End a commitment, or one occurrence of it. Raises InputError for one that has ended."""
        with self._database.change() as connection:
            now = self._one(connection, key).at(occurrence)
            _must_be_open(now, "closed")
            revision = revision_after(now, change, "closed", detail=status)
            if occurrence:
                occurrences.note(connection, now, occurrence, status=status)
                self._append(connection, now, revision)
            else:
                self._append(connection, now, revision, status=status)

    def acknowledge(self, key: str, until: datetime | None, change: Change, occurrence: str = "") -> None:
        """Silence the overdue and review repeats of a commitment; of what recurs, those of one occurrence."""
        with self._database.change() as connection:
            now = self._one(connection, key).at(occurrence)
            _must_be_open(now, "acknowledged")
            occurrences.must_name_one(now, "acknowledged")
            occurrences.note(connection, now, occurrence, **occurrences.acknowledged(change.by, change.now, until))
            detail = f"until {until:%Y-%m-%dT%H:%MZ}" if until else None
            self._append(connection, now, revision_after(now, change, "acknowledged", detail=detail))

    def recompute(self, change: Change, report: Report | None = None, parties: Iterable[Party] = ()) -> Report:
        """Work out all open bounds anew: zone data or a party's zone has changed."""
        report = report or Report()
        parties = list(parties)
        with self._database.read() as connection:
            order = _open(connection)
        for some in chunks(order):
            with self._database.change() as connection:
                entries = _as_they_stand(connection, some)
                Book(connection, self._zone, parties).write(entries, change, report, set(), recomputed=True)
        return report

    def _recompute(self, connection: Connection, book: Book, change: Change, report: Report, skip: set[str]) -> None:
        """Foretell what recomputing would move."""
        for some in chunks(key for key in _open(connection) if key not in skip):
            book.write(_as_they_stand(connection, some), change, report, set(), recomputed=True, dry_run=True)

    def find(self, key: str) -> Tracked:
        """One commitment as it stands. Raises InputError for a key that there is not."""
        with self._database.read() as connection:
            return self._one(connection, key)

    def as_of(self, key: str, at: datetime) -> Tracked:
        """One commitment as it stood. Raises InputError for a key that there is not, or was not then."""
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
        return occurrences.with_occurrences(connection, [tracked_of(row)])[0]

    def _append(self, connection: Connection, now: Tracked, revision: Revision, **values: str | int) -> None:
        """Add a revision, and let the watches know."""
        append_revisions(connection, [revision_row(now.id, revision)])
        values_now: dict[str, Any] = {"revision": revision.number, "changed_at": CHANGED_AT, **values}
        changed = update(tables.commitments).where(_C.id == now.id).values(values_now)
        connection.execute(changed, {"_changed_at": revision.recorded_at})


def _open(connection: Connection) -> list[str]:
    """The keys of all that is open, each after those that it hangs on."""
    keys = connection.execute(select(_C.key).where(_C.status == "open").order_by(_C.id)).scalars()
    hangs_on = edges_of(connection)
    return in_order({key: hangs_on.get(key, ()) for key in keys})


def _as_they_stand(connection: Connection, keys: Sequence[str]) -> list[Entry]:
    rows = connection.execute(TRACKED.where(_C.key.in_(keys), _C.status == "open")).mappings()
    here = {row["key"]: tracked_of(row) for row in rows}
    return [Entry(here[key].commitment, key) for key in keys if key in here]


def _must_be_open(now: Tracked, done: str) -> None:
    if not now.open:
        name = f"{now.commitment.key} {now.occurrence}".rstrip()
        raise InputError(f"{name} is closed ({now.commitment.status}): it cannot be {done} any more")


def _must_know(connection: Connection, table: Any, key: str, what: str) -> None:
    keys = list(connection.execute(select(table.c.key)).scalars())
    if key not in keys:
        raise InputError(f"no {what} has the key {key!r}{did_you_mean(key, keys)}")
