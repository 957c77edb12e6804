"""`/absences`: who is away, and who gets their alerts meanwhile."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import BaseModel, Field

from alerts.actions.absence import AbsenceError, end_absence, record_absence
from alerts.core.absences import Absence
from alerts.strict_yaml.validation import Section
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Line, Utc, time_of
from alerts.web.api.problem_details import ProblemError


class NewAbsence(Section):
    """Who is away, until when, and who gets their alerts too. Days begin in the time zone of the person."""

    person: Line = Field(description="The key of a person.", examples=["ann"])
    from_: Line | None = Field(default=None, alias="from", description="First day away, or a time; else now.")
    until: Line = Field(description="First day back, or a time.", examples=["2027-01-04"])
    to: Line | None = Field(default=None, description="The key of the deputy; else that of the settings.")
    reason: Line | None = Field(default=None, description="Why: lists show it.")


class AbsenceRow(BaseModel):
    """An absence. `to`: who gets the alerts too; null for the deputy of the settings."""

    id: int
    person: str
    to: str | None
    timezone: str
    from_: Utc = Field(serialization_alias="from")
    until: Utc
    reason: str | None
    recorded_by: str
    lasts: bool


class AbsenceList(BaseModel):
    """Absences that last and that are to come, the first to begin first."""

    items: list[AbsenceRow]


def list_absences(call: ApiCall) -> AbsenceList:
    """List absences."""
    now = call.change.now
    return AbsenceList(items=[_row(one, now) for one in call.store.absences.all(now).recorded])


def post_absence(call: ApiCall) -> AbsenceRow:
    """Record an absence."""
    stated, change = call.read(NewAbsence), call.change
    people = call.store.linked_deliveries.people()
    zone = (people[stated.person].timezone if stated.person in people else None) or call.zone
    absence = Absence(
        person=stated.person,
        starts_at=time_of("from", stated.from_, zone, end=False) if stated.from_ else change.now,
        ends_at=time_of("until", stated.until, zone, end=False),
        zone=zone,
        deputy=stated.to,
        reason=stated.reason,
        recorded_by=change.by,
    )
    try:
        number = record_absence(call.store, absence, change)
    except AbsenceError as error:
        raise ProblemError(422, f"{error.field}: {error.problem}") from None
    return find_absence(call, str(number))


def delete_absence(call: ApiCall) -> AbsenceRow:
    """End an absence now."""
    end_absence(call.store, _number(call.path["id"]), call.change)
    return find_absence(call, call.path["id"])


def find_absence(call: ApiCall, number: str) -> AbsenceRow:
    """Return an absence, also one that is over. Raises ProblemError where there is none."""
    found = call.store.absences.find(_number(number))
    if found is None:
        raise ProblemError(404, f"no absence has the number {number}")
    return _row(found, call.change.now)


def _number(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text, re.ASCII):
        raise ProblemError(404, f"no absence has the number {text!r}")
    return int(text)


def _row(one: Absence, now: datetime) -> AbsenceRow:
    assert one.number is not None
    return AbsenceRow(
        id=one.number, person=one.person, to=one.deputy, timezone=one.zone, from_=one.starts_at, until=one.ends_at,
        reason=one.reason, recorded_by=one.recorded_by, lasts=one.includes(now),
    )  # fmt: skip


ROUTES = (
    ApiRoute(
        method="GET", path="/absences", scope="read", summary="List absences", call=list_absences, answer=AbsenceList
    ),
    ApiRoute(
        method="POST", path="/absences", scope="write", summary="Record an absence", call=post_absence,
        answer=AbsenceRow, body=NewAbsence, status=201, again=find_absence,
    ),
    ApiRoute(
        method="DELETE", path="/absences/{id}", scope="write", summary="End an absence", call=delete_absence,
        answer=AbsenceRow,
    ),
)  # fmt: skip
