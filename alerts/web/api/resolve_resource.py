"""`GET /resolve`: which dates a deadline gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from alerts.deadlines.bounds import describe_bounds
from alerts.deadlines.business_days import Roll, check_calendar
from alerts.deadlines.expressions import kind_of
from alerts.deadlines.skipped_months import skipped_periods
from alerts.strict_yaml.text_fields import Zone
from alerts.strict_yaml.validation import Section
from alerts.views.resolved_deadlines import resolve_stated
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Line, Utc, Word

MOST_REFERENCES = 50  # commitments that a deadline counts from


class ResolveQuery(Section):
    """A deadline, and what it is resolved with."""

    expression: Line = Field(
        max_length=1000, description="A deadline, as in a file.", examples=["10 business days after 2027-01-04"]
    )
    timezone: Zone | None = Field(default=None, description="The zone, if it names none.")
    calendars: tuple[Annotated[Word, AfterValidator(check_calendar)], ...] = Field(
        default=(), max_length=10, description="Calendars of business days, such as US."
    )
    roll: Roll = Field(default="none", description="What to do if it ends on no business day.")
    by: Word | None = Field(default=None, description="The key of the party that owes it.")


class ResolvedDeadline(BaseModel):
    """The dates. It is due from `earliest` on, and overdue from `latest` on; what recurs has `next` instead."""

    expression: str = Field(description="As it was understood.")
    kind: str
    dates: str = Field(description="As people read them.")
    earliest: Utc | None
    latest: Utc | None
    timezone: str | None
    explanation: list[str] = Field(description="How they were worked out.")
    assumptions: list[str]
    next: list[str] = Field(description="The next three dates of what recurs.")
    warning: str | None


def get_resolve(call: ApiCall) -> ResolvedDeadline:
    """Show which dates a deadline gives. It may count from commitments, by their keys."""
    stated, zone = call.read_query(ResolveQuery), call.services.settings.timezone
    with call.store.database.snapshot():
        found = resolve_stated(
            call.store, stated.expression, zone, timezone=stated.timezone, calendars=stated.calendars,
            roll=stated.roll, by=stated.by, only_owner=call.token.owner, most_references=MOST_REFERENCES,
        )  # fmt: skip
    bounds, skipped = found.bounds, skipped_periods(found.deadline)
    return ResolvedDeadline(
        expression=str(found.deadline),
        kind=kind_of(found.deadline),
        dates=describe_bounds(bounds),
        earliest=bounds.earliest,
        latest=bounds.latest,
        timezone=bounds.zone,
        explanation=list(bounds.explanation),
        assumptions=list(bounds.assumptions),
        next=found.coming(call.change.now),
        warning=f"`{found.deadline}` {skipped}" if skipped else None,
    )


ROUTES = (
    ApiRoute(
        method="GET", path="/resolve", scope="read", summary="Resolve a deadline", call=get_resolve,
        answer=ResolvedDeadline, query=ResolveQuery, for_owner=True,
    ),
)  # fmt: skip
