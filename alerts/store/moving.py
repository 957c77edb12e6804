"""A commitment as a move states it: the new deadline, in the zone that the old one stated, and where that was read."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from alerts.core.commitments import Citation, Commitment, Tracked
from alerts.core.deadlines import Deadline, parse
from alerts.core.zones_stated import keep_zone
from alerts.store import tables
from alerts.store.changes import Change, Report

_O = tables.occurrences.c


def with_deadline(commitment: Commitment, deadline: str, cited: Citation | None, report: Report) -> Commitment:
    """Return the commitment with another deadline, and perhaps a source before those that it has."""
    found, report.kept_zone = keep_zone(parse(commitment.deadline), parse(deadline))
    moved = replace(commitment, deadline=str(found))
    return moved.citing_first(cited) if cited else moved


def with_occurrence_deadline(connection: Connection, now: Tracked, deadline: str, report: Report) -> Deadline:
    """Return what one occurrence is moved to: it keeps the zone of its own date, if it was moved, else of the whole."""
    query = select(_O.deadline).where(_O.commitment_id == now.id, _O.occurrence == now.occurrence)
    own = connection.execute(query).scalar()
    found, report.kept_zone = keep_zone(parse(own or now.commitment.deadline), parse(deadline))
    return found


def source_named_by(change: Change, cited: Citation | None) -> Citation | None:
    """The source that a change names."""
    return cited or (Citation(key=change.source) if change.source else None)
