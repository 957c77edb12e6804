"""`GET /rules`, `/people` and `/feeds`: who gets which alerts, and which calendars are read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from pydantic import BaseModel, Field

from alerts.core.absences import Absences
from alerts.core.rules import Rule
from alerts.store.feeds import Feed
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Utc

FeedState = Literal["in use", "revoked", "without its person"]


class RuleRow(BaseModel):
    """A rule, as the settings state it. `registered_at`: since when the daemon has it in this form."""

    name: str
    cron: str
    timezone: str
    match: dict[str, list[str]]
    remind: dict[str, Any] = Field(description="The moments at which it sends alerts.")
    notify: list[str]
    digest: bool | None
    fallback: str | None
    summary: str | None
    acknowledged_for: str | None
    registered_at: Utc | None


class RuleList(BaseModel):
    """The rules, in the order of the settings."""

    items: list[RuleRow]


class PersonRow(BaseModel):
    """A person. `away_until`: where they are away now; `deputy`: the key of who gets their alerts meanwhile."""

    key: str
    name: str
    email: str
    timezone: str | None
    deputy: str | None
    left_at: Utc | None
    away_until: Utc | None


class PersonList(BaseModel):
    """The people of the settings and of files, by key."""

    items: list[PersonRow]


class FeedRow(BaseModel):
    """A calendar that somebody subscribes to, without its address."""

    name: str
    person: str
    filter: dict[str, list[str]]
    alarms: bool
    created_at: Utc
    created_by: str
    last_used_at: Utc | None
    revoked_at: Utc | None
    state: FeedState


class FeedList(BaseModel):
    """The calendars, by name; those that were revoked too."""

    items: list[FeedRow]


def list_rules(call: ApiCall) -> RuleList:
    """List the rules."""
    since = call.store.ledger.registered_at()
    return RuleList(items=[_rule(one, since.get(one.name)) for one in call.services.settings.rules])


def _rule(one: Rule, since: Any) -> RuleRow:
    stated = asdict(one)
    match = {name: list(values) for name, values in one.match.items()}
    return RuleRow(**stated | {"match": match, "notify": list(one.notify), "registered_at": since})


def list_people(call: ApiCall) -> PersonList:
    """List the people, and who is away."""
    now = call.change.now
    with call.store.database.snapshot():
        people, absences = call.reading().people, call.store.absences.recorded(now)
    away = Absences(people=people, recorded=absences)
    rows = []
    for one in sorted(people.values(), key=lambda one: one.key):
        absentee = away.absentee(one, now)
        rows.append(PersonRow(**asdict(one), away_until=absentee.back_at if absentee else None))
    return PersonList(items=rows)


def list_feeds(call: ApiCall) -> FeedList:
    """List the calendars that people subscribe to."""
    rows = []
    for one in call.store.feeds.all(call.change.now):
        names = ("name", "person", "alarms", "created_at", "created_by", "last_used_at", "revoked_at")
        shown = {name: list(values) for name, values in asdict(one.filter).items()}
        rows.append(FeedRow(**{name: getattr(one, name) for name in names}, filter=shown, state=_state(one)))
    return FeedList(items=rows)


def _state(one: Feed) -> FeedState:
    if one.revoked_at is not None:
        return "revoked"
    return "without its person" if one.is_orphaned else "in use"


ROUTES = (
    ApiRoute(method="GET", path="/rules", scope="read", summary="List rules", call=list_rules, answer=RuleList),
    ApiRoute(method="GET", path="/people", scope="read", summary="List people", call=list_people, answer=PersonList),
    ApiRoute(method="GET", path="/feeds", scope="read", summary="List calendars", call=list_feeds, answer=FeedList),
)
