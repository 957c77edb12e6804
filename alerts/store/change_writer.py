"""Change sets as rows: commitments, their revisions, and what they depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from alerts.core.change_set import Changed, ChangeSet, New
from alerts.core.changes import Change, StatedCommitment
from alerts.core.commitments import Commitment
from alerts.core.deadline_resolver import DeadlineResolver
from alerts.core.stated_values import stated
from alerts.core.tracked import Revision, Tracked
from alerts.deadlines.bounds import Bounds
from alerts.deadlines.dependent_series import DependentSeries
from alerts.store import occurrence_rows, tables
from alerts.store.followed_occurrences import renew_followed
from alerts.store.rows import CHANGED_AT, append_revisions, bounds_columns, chunks, revision_row
from alerts.store.stored_message import JsonText, as_json

_C, _O = tables.commitments.c, tables.occurrences.c


def write(connection: Connection, change_set: ChangeSet) -> None:
    """Store what a change set changes."""
    now = change_set.change.now
    moved = (*change_set.moved, *change_set.following)
    _reopen(connection, change_set.reopened, now)
    new = _insert(connection, change_set.new, change_set.change)
    _update(connection, [one for one in (*change_set.moved, *change_set.edited) if one.revision], now)
    _update(connection, change_set.following, now)
    _refresh(connection, [one for one in change_set.edited if one.refresh], now)
    occurrence_rows.end_acknowledgements(connection, [(_before(one), one.after.bounds) for one in moved], now)
    stored = (*change_set.moved, *change_set.edited)
    again = [(_before(one), _resolver_of(one.after.commitment, change_set.resolver)) for one in stored]
    occurrence_rows.resolve_again(connection, again, now)
    _store_dependencies(connection, change_set.needs)
    ids = [one.after.id for one in (*stored, *change_set.following) if one.after.recurs or one.bounds_before.recurs]
    renew_followed(connection, [*ids, *new], now)
    inserted = {one.entry.commitment.key for one in change_set.new}
    known = [entry for entry in change_set.entries if entry.commitment.key not in inserted]
    note_loaded(connection, [entry for entry in known if entry.loaded])


def _before(changed: Changed) -> Tracked:
    """Return a commitment with the bounds that its occurrences had before; unchanged if it never recurred."""
    after, before = changed.after, changed.bounds_before
    return replace(after, bounds=before) if after.recurs or before.recurs else after


def _resolver_of(commitment: Commitment, resolver: DeadlineResolver) -> Callable[[str], Bounds]:
    """Return a function that resolves what an occurrence of a commitment was moved to."""
    return lambda deadline: resolver.bounds(replace(commitment, deadline=deadline), {})


def note_loaded(connection: Connection, entries: Sequence[StatedCommitment]) -> None:
    """Record what a file stated, and which file it was."""
    names = ("loaded", "loaded_from", "loaded_sequence")
    rows = [
        {
            "_key": entry.commitment.key,
            **dict(zip(names, (entry.stated_in_file, entry.file, entry.sequence), strict=True)),
        }
        for entry in entries
    ]
    if rows:
        statement = update(tables.commitments).where(_C.key == bindparam("_key"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), rows)


def _reopen(connection: Connection, changed: Sequence[Changed], now: datetime) -> None:
    """Store that commitments are open again, and end what was acknowledged of them; their bounds stay as they are."""
    history = [revision_row(one.after.id, one.revision) for one in changed if one.revision]
    rows = [
        {
            "_id": one.after.id, "_changed_at": now, "bounds_version": one.after.bounds_version,
            "revision": one.after.revision,
        }
        for one in changed
    ]  # fmt: skip
    if rows:
        ids = [row["_id"] for row in rows]
        occurrence_rows.end_acknowledgement(connection, _O.commitment_id.in_(ids), now)
        names: dict[str, Any] = {name: bindparam(name) for name in ("bounds_version", "revision")}
        names |= {"status": "open", "answer": None, "changed_at": CHANGED_AT}
        connection.execute(update(tables.commitments).where(_C.id == bindparam("_id")).values(names), rows)
    append_revisions(connection, history)


def _insert(connection: Connection, new: Sequence[New], change: Change) -> list[int]:
    """Store what is new; return the ids of series that count from others."""
    if not new:
        return []
    statement = insert(tables.commitments).returning(_C.id, sort_by_parameter_order=True)
    rows = [_new_row(one, change) for one in new]
    ids = connection.execute(statement, [row for row, _ in rows]).scalars().all()
    recorded = [
        Revision(
            number=1, what="recorded", recorded_at=change.now, recorded_by=change.by, reason=change.reason,
            source=one.entry.commitment.source.key if one.entry.commitment.source else None, proof=change.proof,
        )
        for one in new
    ]  # fmt: skip
    history = [
        revision_row(*pair) | {"after": row["bounds"], "stated": states}
        for *pair, (row, states) in zip(ids, recorded, rows, strict=True)
    ]
    append_revisions(connection, history)
    return [one for one, stored in zip(ids, new, strict=True) if isinstance(stored.bounds.recurrence, DependentSeries)]


def _new_row(new: New, change: Change) -> tuple[dict[str, Any], JsonText]:
    """Return the row of a new commitment, and its stated fields; what two tables store is turned into JSON once."""
    entry, values = new.entry, stated(new.entry.commitment)
    states, bounds = JsonText(as_json(values)), bounds_columns(new.bounds)
    return {
        "key": entry.commitment.key,
        "status": "open",
        **values,
        **bounds,
        "bounds": JsonText(as_json(bounds["bounds"])),
        "bounds_version": 1,
        "revision": 1,
        "recorded_at": change.now,
        "loaded": states if entry.is_of_file and entry.loaded is None else entry.loaded,
        "loaded_from": entry.file,
        "loaded_sequence": entry.sequence,
        "changed_at": change.now,
    }, states


def _update(connection: Connection, changed: Sequence[Changed], now: datetime) -> None:
    """Store what differs, each with its revision."""
    history: list[dict[str, Any]] = []
    rows: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)  # by what differs: mostly the deadline
    for one in changed:
        after, revision = one.after, one.revision
        assert revision is not None
        states, bounds = stated(after.commitment) if one.fields else {}, bounds_columns(after.bounds)
        bounds["bounds"] = JsonText(as_json(bounds["bounds"]))  # its revision stores the same JSON
        row = revision_row(after.id, revision)
        history.append(row | {"stated": states or None, "after": bounds["bounds"] if revision.after else None})
        rows[one.fields].append({
            "_id": after.id, **{name: states[name] for name in one.fields}, **bounds, "_changed_at": now,
            "bounds_version": after.bounds_version, "revision": revision.number, "stated_at": after.stated_at,
        })  # fmt: skip
    for alike in rows.values():
        _store_rows(connection, alike)
    append_revisions(connection, history)


def _refresh(connection: Connection, same: Sequence[Changed], now: datetime) -> None:
    """Store bounds that have not moved, but are worked out in another way.

    There is no revision: an alert that gave the day and its zone still holds.
    """
    rows = [{"_id": one.after.id, **bounds_columns(one.after.bounds), "_changed_at": now} for one in same]
    _store_rows(connection, rows)


def _store_rows(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        names: dict[str, Any] = {name: bindparam(name) for name in rows[0] if not name.startswith("_")}
        statement = update(tables.commitments).where(_C.id == bindparam("_id"))
        connection.execute(statement.values(names | {"changed_at": CHANGED_AT}), list(rows))


def _store_dependencies(connection: Connection, needs: Mapping[str, frozenset[str]]) -> None:
    named = {*needs, *(other for others in needs.values() for other in others)}
    ids: dict[str, int] = {}
    for some in chunks(sorted(named)):
        ids |= {row.key: row.id for row in connection.execute(select(_C.key, _C.id).where(_C.key.in_(some)))}
    mine = tables.references.c.commitment_id.in_([ids[key] for key in needs])
    connection.execute(delete(tables.references).where(mine))
    rows = [{"commitment_id": ids[key], "depends_on": ids[other]} for key, others in needs.items() for other in others]
    if rows:
        connection.execute(insert(tables.references), rows)
