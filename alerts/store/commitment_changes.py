"""The commitments of a database in one transaction: what an action reads and writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select, update

from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment, Party, Source
from alerts.core.tracked import Acknowledgement, OwnSnooze, Revision, Snooze, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.deadlines.moved_bounds import with_recurrence
from alerts.store import answer_rows, occurrence_rows, tables
from alerts.store.known_names import require_all_known, require_known
from alerts.store.rows import (
    CHANGED_AT,
    KEYS_COMPARED,
    TRACKED,
    add_missing,
    append_revisions,
    revision_row,
    source_row,
    tracked_of,
)

if TYPE_CHECKING:
    from alerts.core.change_set import ChangeSet
    from alerts.core.deadline_resolver import DeadlineResolver
    from alerts.store.followed_occurrences import FollowedOccurrence

_C, _O, _R = tables.commitments.c, tables.occurrences.c, tables.revisions.c


class CommitmentChanges:
    """Reads and changes commitments in one transaction. `zone` is the zone of the settings.

    What works deadlines out anew is imported where it is used: an answer needs none of it.
    """

    def __init__(self, connection: Connection, zone: str | None) -> None:
        self._connection = connection
        self._zone = zone

    @property
    def resolver(self) -> DeadlineResolver:
        """Return what deadlines are resolved with."""
        from alerts.store.snapshot import read_resolver

        return read_resolver(self._connection, self._zone)

    def find(self, key: str) -> Tracked:
        """Return a commitment with its occurrences. Raises InputError for an unknown key."""
        return find_tracked(self._connection, key)

    def require_owned(self, keys: Collection[str], owner: str) -> None:
        """Raise InputError unless each key names a commitment that the person owns."""
        query = select(_C.key).where(_C.key.in_(keys), _C.owner == owner)
        found = self._connection.execute(query).scalars().all() if keys else ()
        for key in sorted(set(keys) - set(found)):
            raise InputError(f"no commitment has the key {key!r}")

    def is_tracked(self, key: str) -> bool:
        """Return whether a commitment has a key."""
        return self._connection.execute(select(_C.id).where(_C.key == key)).first() is not None

    def was_recorded(self, now: Tracked, form: str) -> bool:
        """Return whether a revision of a commitment was recorded from a form."""
        mine = (_R.commitment_id == now.id, _R.form == form)
        return self._connection.execute(select(_R.number).where(*mine).limit(1)).first() is not None

    def require_source(self, key: str) -> None:
        """Raise InputError for an unknown source."""
        require_known(self._connection, tables.sources, key, "source")

    def require_all_known(self, commitment: Commitment, now: datetime, before: Commitment | None = None) -> None:
        """Raise InputError for a party, a source or a person that nobody declared, or an owner who has left by `now`.

        What it named `before` passes.
        """
        require_all_known(self._connection, commitment, now, self._zone or "UTC", before)

    def declare(self, parties: Iterable[Party], sources: Iterable[Source]) -> None:
        """Store parties and sources. What has one of their keys already stays as it is."""
        add_missing(self._connection, tables.parties, [asdict(party) for party in parties])
        add_missing(self._connection, tables.sources, [source_row(source) for source in sources])

    def compute(self, entry: StatedCommitment, change: Change) -> ChangeSet:
        """Return what storing an entry changes, with what follows. Raises InputError with a line for each problem."""
        from alerts.store.snapshot import compute_alone

        return compute_alone(self._connection, entry, change, self.resolver)

    def write(self, change_set: ChangeSet) -> None:
        """Store what a change set changes."""
        from alerts.store.change_writer import write

        write(self._connection, change_set)

    def follow_closed(self, now: Tracked, change: Change) -> None:
        """Let what depends on a series end with it: it has just been closed as a whole."""
        from alerts.store.followed_series import follow_closed

        follow_closed(self._connection, [now.id], change, self.resolver)

    def deadline_before(self, now: Tracked, because: str) -> str | None:
        """Return the deadline before the last move, if its reason begins so; None if it was stated anew since."""
        query = select(_R.reason, _R.stated).where(_R.commitment_id == now.id, _R.stated.is_not(None))
        stated = self._connection.execute(query.order_by(_R.number.desc()).limit(2)).all()
        if len(stated) < 2 or not (stated[0].reason or "").startswith(because):
            return None
        return str(stated[1].stated["deadline"])

    def find_followed(self, now: Tracked, bounds: Bounds) -> list[FollowedOccurrence]:
        """Return what follows an occurrence that is moved to other bounds."""
        from alerts.store.followed_occurrences import find_followed

        found = find_followed(self._connection, {now.id: {now.occurrence: bounds}})
        return [one for one in found if one.changed]

    def move_along(self, followed: Sequence[FollowedOccurrence], change: Change) -> None:
        """Store what follows an occurrence that was moved."""
        from alerts.store.followed_occurrences import move_along

        move_along(self._connection, followed, change)

    def append(self, now: Tracked, revision: Revision, **values: str | None) -> None:
        """Add a revision, with other values of the commitment, and mark its watches as outdated."""
        append_revision(self._connection, now, revision, **values)

    def acknowledge(self, now: Tracked, acknowledgement: Acknowledgement) -> None:
        """Store that an occurrence, or the commitment itself, is acknowledged."""
        occurrence_rows.note(self._connection, now, now.occurrence, **answer_rows.acknowledged(acknowledgement))

    def snooze(self, now: Tracked, snooze: Snooze, recipient: str | None) -> None:
        """Store a snooze for one recipient, or for everybody if none is given."""
        if recipient is None:
            occurrence_rows.note(self._connection, now, now.occurrence, **answer_rows.snoozed(snooze))
        else:
            answer_rows.snooze_own(self._connection, now, snooze, recipient)
        answer_rows.release(self._connection, [now.id], snooze.at)

    def own_snoozes(self, now: Tracked) -> Sequence[OwnSnooze]:
        """Return the snoozes for single recipients, of all its occurrences too."""
        return answer_rows.own_snoozes(self._connection, [now.id]).get(now.id, [])

    def end_answers(self, now: Tracked, at: datetime) -> None:
        """End the acknowledgement and the snoozes of an occurrence, or of the commitment itself."""
        answer_rows.withdraw_answers(self._connection, now, at)

    def end_snoozes(self, now: Tracked, at: datetime) -> None:
        """End the snoozes of an occurrence, or of a commitment with all its occurrences."""
        answer_rows.end_snoozes(self._connection, now.id, now.occurrence, at)

    def close_occurrence(self, now: Tracked, status: str, answer: str | None) -> None:
        """Store how one occurrence ended, and what was answered if it is a notice."""
        occurrence_rows.note(self._connection, now, now.occurrence, status=status, answer=answer)

    def count_from_closing(self, series: Tracked, at: datetime) -> None:
        """Store which occurrence follows the one that was closed, where it counts from that."""
        if isinstance(recurs := series.bounds.recurrence, DoneSeries):
            self.set_recurrence(series, recurs.done_at(at))

    def set_recurrence(self, series: Tracked, recurs: DoneSeries) -> None:
        """Store another open occurrence of what counts from when it was last done."""
        bounds = with_recurrence(series.bounds, recurs).to_json()
        self._connection.execute(update(tables.commitments).where(_C.id == series.id).values(bounds=bounds))

    def withdraw_occurrence(self, series: Tracked, occurrence: str, at: datetime) -> None:
        """Forget what has happened to an occurrence that is there no more: another one may get its name."""
        answer_rows.end_snoozes(self._connection, series.id, occurrence, at)
        self._connection.execute(delete(tables.occurrences).where(occurrence_rows.one(series, occurrence)))

    def reopen_occurrence(self, now: Tracked, at: datetime, **values: int) -> None:
        """Store that one occurrence is open again, and end its acknowledgement; `values` count its version."""
        occurrence_rows.note(self._connection, now, now.occurrence, status=None, answer=None, **values)
        occurrence_rows.end_acknowledgement(self._connection, occurrence_rows.one(now, now.occurrence), at)

    def occurrence_deadline(self, now: Tracked) -> str | None:
        """Return the deadline that an occurrence was moved to by itself, if it was."""
        query = select(_O.deadline).where(_O.commitment_id == now.id, _O.occurrence == now.occurrence)
        return self._connection.execute(query).scalar()

    def move_occurrence(self, now: Tracked, deadline: str, bounds: Bounds, version: int, at: datetime) -> None:
        """Store that one occurrence was moved by itself, and end what was answered about it."""
        values = {"deadline": deadline, "bounds": bounds.to_json(), "version": version, "stated_at": at}
        occurrence_rows.note(self._connection, now, now.occurrence, **values)
        occurrence_rows.end_acknowledgement(self._connection, occurrence_rows.one(now, now.occurrence), at)
        answer_rows.end_moved(self._connection, [(now.id, now.occurrence)], at)


def find_tracked(connection: Connection, key: str) -> Tracked:
    """Return a commitment with its occurrences. Raises InputError for an unknown key."""
    row = connection.execute(TRACKED.where(_C.key == key)).mappings().first()
    if row is None:
        near = did_you_mean(key, connection.execute(select(_C.key).limit(KEYS_COMPARED)).scalars())
        raise InputError(f"no commitment has the key {key!r}{near}")
    return occurrence_rows.with_occurrences(connection, [tracked_of(row)])[0]


def append_revision(connection: Connection, now: Tracked, revision: Revision, **values: str | None) -> None:
    """Add a revision, with other values of the commitment, and mark its watches as outdated."""
    append_revisions(connection, [revision_row(now.id, revision)])
    values_now: dict[str, Any] = {"revision": revision.number, "changed_at": CHANGED_AT, **values}
    changed = update(tables.commitments).where(_C.id == now.id).values(values_now)
    connection.execute(changed, {"_changed_at": revision.recorded_at})
