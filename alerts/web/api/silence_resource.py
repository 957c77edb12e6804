"""`/silences`: times in which alerts are held back on purpose."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from alerts.actions.silence import add_silence, end_silence
from alerts.core.silences import Silence, check_match
from alerts.core.tracked import Proof
from alerts.deadlines.errors import InputError
from alerts.strict_yaml.validation import Flag, Section
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Line, Utc, time_of
from alerts.web.api.problem_details import ProblemError

Match = Annotated[dict[Line, tuple[Line, ...]], AfterValidator(check_match)]


class NewSilence(Section):
    """What to silence (`match`, or `all`), until when, and why. Of several values of a field one is enough."""

    match: Match | None = Field(default=None, description="As in rules.")
    all: Flag = Field(default=False, description="Silence everything.")
    from_: Line | None = Field(default=None, alias="from", description="A day or a time; now where it is left out.")
    until: Line = Field(description="A day (inclusive) or a time, 90 days away at most.", examples=["2026-12-24"])
    reason: Line = Field(description="Why: alerts and lists show it.", examples=["closed for stocktaking"])


class SilenceRow(BaseModel):
    """A silence. `until`: as stated; `ended_at`: when somebody ended it before."""

    id: str
    match: dict[str, list[str]]
    from_: Utc = Field(serialization_alias="from")
    until: Utc
    ended_at: Utc | None
    reason: str
    by: str
    proof: Proof
    of_settings: bool
    lasts: bool


class SilenceList(BaseModel):
    """Silences that last, that are to come, and that ended in the last 30 days; the first to end first."""

    items: list[SilenceRow]


def list_silences(call: ApiCall) -> SilenceList:
    """List silences."""
    now = call.change.now
    return SilenceList(items=[_row(one, now) for one in call.store.silences.recent(now)])


def post_silence(call: ApiCall) -> SilenceRow:
    """Record a silence."""
    stated, change = call.read(NewSilence), call.change
    if bool(stated.match) == stated.all:
        raise InputError("name what to silence by `match`, or everything by `all`")
    silence = Silence(
        match=stated.match or {},
        since=time_of("from", stated.from_, call.zone, end=False) if stated.from_ else change.now,
        until=time_of("until", stated.until, call.zone, end=True),
        reason=stated.reason,
        by=change.by,
        proof=change.proof,
    )
    add_silence(call.store, silence, change)
    return _row(silence, change.now)


def delete_silence(call: ApiCall) -> SilenceRow:
    """End a silence now: what it held back goes out within a minute. One of the settings stays ended."""
    end_silence(call.store, call.path["id"], call.change)
    return find_silence(call, call.path["id"])


def find_silence(call: ApiCall, name: str) -> SilenceRow:
    """Return a silence, also one that has ended. Raises ProblemError where there is none."""
    found = call.store.silences.find(name)
    if found is None:
        raise ProblemError(404, f"no silence has the ID {name!r}")
    return _row(found, call.change.now)


def _row(one: Silence, now: datetime) -> SilenceRow:
    match = {what: list(values) for what, values in one.match.items()}
    return SilenceRow(
        id=one.id, match=match, from_=one.since, until=one.until, ended_at=one.ended_at, reason=one.reason, by=one.by,
        proof=one.proof, of_settings=one.of_settings, lasts=one.since <= now < one.ends,
    )  # fmt: skip


ROUTES = (
    ApiRoute(
        method="GET", path="/silences", scope="read", summary="List silences", call=list_silences, answer=SilenceList
    ),
    ApiRoute(
        method="POST", path="/silences", scope="write", summary="Record a silence", call=post_silence,
        answer=SilenceRow, body=NewSilence, status=201, again=find_silence,
    ),
    ApiRoute(
        method="DELETE", path="/silences/{id}", scope="write", summary="End a silence", call=delete_silence,
        answer=SilenceRow,
    ),
)  # fmt: skip
