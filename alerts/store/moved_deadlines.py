"""A commitment with its new deadline after a move: in the zone of the old one, with the source of the move."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from alerts.core.changes import Change, Report
from alerts.core.commitments import Citation, Commitment
from alerts.core.tracked import Tracked
from alerts.deadlines.expressions import Deadline
from alerts.deadlines.grammar import parse
from alerts.deadlines.stated_zones import keep_zone
from alerts.store import tables

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
    """Return the source that a change names, if any."""
    return cited or (Citation(key=change.source) if change.source else None)
