"""Record that somebody is away and who gets their alerts meanwhile, or that they are back."""

from __future__ import annotations

from alerts.core.absences import Absence
from alerts.core.changes import Change
from alerts.deadlines.errors import InputError
from alerts.store import Store


def record_absence(store: Store, absence: Absence, change: Change) -> None:
    """Record an absence. Raises InputError where it has no time to come, or where no deputy would be left."""
    change.require_allowed("away")
    if absence.ends_at <= max(absence.starts_at, change.now):
        raise InputError("--until: the absence is over by then: name the first day back, or a later time")
    if absence.deputy == absence.person:
        raise InputError(f"--to: {absence.person} is away: name somebody else")
    store.absences.record(absence, change.now, change.proof)


def end_absences(store: Store, person: str, change: Change) -> list[Absence]:
    """End the present and the coming absences of a person, and return them. Raises InputError where there is none."""
    change.require_allowed("away")
    ended = store.absences.end(person, change.now, change.by, change.proof)
    if not ended:
        raise InputError(f"{person} is not away: `alerts away` lists who is")
    return ended
