"""`GET /plan` and `GET /commitments/{key}/why`: which alerts go out, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from alerts.core.alert_wording import describe_alert
from alerts.core.rules import DEFAULT_RULE, matching
from alerts.core.tracked import Tracked
from alerts.strict_yaml.validation import Section
from alerts.views.alert_explanations import ExplainedAlert, Recordings, explain_alerts, rules_not_matching
from alerts.views.occurrences_shown import latest_occurrences
from alerts.views.planned_alerts import PlannedAlert
from alerts.web.alerts_ahead import AHEAD, alerts_ahead
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Number, Utc, Word
from alerts.web.api.commitment_reading import find_commitment
from alerts.web.web_reading import WebReading

MOST_EXPLAINED = 200  # alerts: what is ahead, then the latest


class PlanQuery(Section):
    """How far ahead."""

    days: Annotated[Number, Field(ge=1, le=AHEAD.days)] = Field(default=AHEAD.days, description="How far ahead.")


class AlertToCome(BaseModel):
    """An alert to come, or a summary: that has no commitment. `at`: when it is due; it may have to wait."""

    at: Utc
    commitment: str | None
    occurrence: str | None
    kind: str
    rule: str
    text: str
    channels: list[str]
    to: list[str]
    silenced_until: Utc | None
    hours_begin: Utc | None


class Plan(BaseModel):
    """What goes out next. It is complete up to `until`: a plan has about 150 alerts at most."""

    items: list[AlertToCome]
    until: Utc
    is_whole: bool = Field(description="Whether `until` is as far ahead as was asked for.")


class WhyQuery(Section):
    """Which date of what recurs."""

    occurrence: Word | None = Field(default=None, description="Only this date of what recurs.")


class DeliveryOfAlert(BaseModel):
    """To whom an alert was sent, and what became of it."""

    id: str
    channel: str
    recipient: str
    state: str
    ended_at: Utc | None
    last_error: str | None


class ExplainedRow(BaseModel):
    """What became of an alert, or will. `reason`: why it was skipped, or sent at another time."""

    rule: str
    occurrence: str | None
    kind: str
    text: str
    moment: Utc
    send_at: Utc
    outcome: Literal["sent", "skipped", "scheduled", "due"]
    reason: str | None
    deliveries: list[DeliveryOfAlert]


class Why(BaseModel):
    """What became of each alert about a commitment, the soonest first: the latest 200."""

    items: list[ExplainedRow]
    left_out: int = Field(description="How many earlier ones there are.")
    rules_without: dict[str, str] = Field(description="The rules that send no alert about it, and why.")
    without_rule: bool = Field(description="Whether no rule matches, so that no alert goes out.")


def get_plan(call: ApiCall) -> Plan:
    """Show which alerts will go out, when, and to whom."""
    stated = call.read_query(PlanQuery)
    found = alerts_ahead(call.reading(), timedelta(days=stated.days))
    return Plan(items=[_planned(one) for one in found.alerts], until=found.until, is_whole=found.is_whole)


def _planned(one: PlannedAlert) -> AlertToCome:
    reminder = one.reminder
    return AlertToCome(
        at=one.at,
        commitment=reminder.commitment if reminder else None,
        occurrence=(reminder.occurrence or None) if reminder else None,
        kind=reminder.kind if reminder else "summary",
        rule=one.rule,
        text=one.text,
        channels=list(one.channels),
        to=list(one.to),
        silenced_until=one.silenced_until,
        hours_begin=one.hours_begin,
    )


def get_why(call: ApiCall) -> Why:
    """Explain why alerts about a commitment went out, or why not."""
    stated = call.read_query(WhyQuery)
    with call.store.database.snapshot():
        reading, item = call.reading(), find_commitment(call)
        names = [stated.occurrence] if stated.occurrence else ["", *latest_occurrences(item, reading.now)]
        explained = explain_alerts(reading, item, Recordings.read(reading, item), names, reading.now)
    explained.sort(key=lambda one: (one.explanation.send_at, one.explanation.moment))
    here = explained[-MOST_EXPLAINED:]
    return Why(
        items=[_explained(reading, item, one) for one in here],
        left_out=len(explained) - len(here),
        rules_without=rules_not_matching(reading, item),
        without_rule=not matching(reading.settings.rules, item.commitment) and DEFAULT_RULE not in reading.rules,
    )


def _explained(reading: WebReading, item: Tracked, one: ExplainedAlert) -> ExplainedRow:
    found = one.explanation
    text = describe_alert(item.commitment, found.kind, found.offset, found.bounds, at=found.send_at, zone=reading.zone)
    return ExplainedRow(
        rule=one.rule,
        occurrence=one.occurrence or None,
        kind=found.kind,
        text=text,
        moment=found.moment,
        send_at=found.send_at,
        outcome=one.outcome,  # type: ignore[arg-type]
        reason=found.reason,
        deliveries=[_delivery(row) for row in one.deliveries],
    )


def _delivery(row: Mapping[str, Any]) -> DeliveryOfAlert:
    names = ("channel", "recipient", "state", "ended_at", "last_error")
    return DeliveryOfAlert(id=str(row["id"]), **{name: row[name] for name in names})


ROUTES = (
    ApiRoute(
        method="GET", path="/plan", scope="read", summary="Show what goes out next", call=get_plan, answer=Plan,
        query=PlanQuery,
    ),
    ApiRoute(
        method="GET", path="/commitments/{key}/why", scope="read", summary="Explain alerts", call=get_why, answer=Why,
        query=WhyQuery, for_owner=True,
    ),
)  # fmt: skip
