"""Record that somebody is away and who gets their alerts meanwhile, or that they are back."""

from __future__ import annotations

from typing import Literal

from alerts.core.absences import Absence
from alerts.core.changes import Change
from alerts.deadlines.errors import InputError
from alerts.store import Store


class AbsenceError(InputError):
    """An absence that cannot be recorded: `field` is what to state otherwise, `problem` says why."""

    def __init__(self, field: Literal["until", "to"], problem: str) -> None:
        super().__init__(f"--{field}: {problem}")
        self.field, self.problem = field, problem


def record_absence(store: Store, absence: Absence, change: Change) -> int:
    """Record an absence and return its number.

    Raises InputError where it has no time to come, its deputy has left, or deputies would wait for each other.
    """
    change.require_allowed("away")
    if absence.ends_at <= max(absence.starts_at, change.now):
        raise AbsenceError("until", "the absence is over by then: name the first day back, or a later time")
    if absence.deputy == absence.person:
        raise AbsenceError("to", f"{absence.person} is away: name somebody else")
    deputy = store.absences.all(change.now).people.get(absence.deputy or "")
    if deputy and deputy.has_left(change.now):
        raise AbsenceError("to", f"{deputy.name} left on {deputy.left_on(absence.zone)}: name somebody else")
    return store.absences.record(absence, change.now, change.proof, change.request)


def end_absences(store: Store, person: str, change: Change) -> list[Absence]:
    """End the present and the coming absences of a person, and return them. Raises InputError where there is none."""
    change.require_allowed("away")
    ended = store.absences.end(person, change.now, change.by, change.proof)
    if not ended:
        raise InputError(f"{person} is not away: `alerts away` lists who is")
    return ended


def end_absence(store: Store, number: int, change: Change) -> Absence:
    """End one absence, and return it as it was. Raises InputError where it is over, or was never recorded."""
    change.require_allowed("away")
    return store.absences.end_one(number, change.now, change.by, change.proof, change.request)
