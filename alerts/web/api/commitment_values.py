"""Commitments in the JSON of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from alerts.core.commitments import Kind, NoticeAnswer, Priority, Status
from alerts.core.field_changes import FieldChange, field_changes
from alerts.core.notice_answers import answer_in
from alerts.core.rules import matching
from alerts.core.schedule.answers import acknowledged_now, snoozed_now
from alerts.core.stage_wording import stage_now
from alerts.core.stages import Stage
from alerts.core.tracked import OwnSnooze, Proof, Revision, Tracked
from alerts.deadlines.bounds import describe_bounds
from alerts.views.answers_shown import own_now
from alerts.views.listing import Entry, Listing, when_text
from alerts.web.api.api_values import Utc


class Acknowledged(BaseModel):
    """Who has acknowledged it, when, until when if they stated that, and how it stood then."""

    by: str
    at: Utc
    until: Utc | None
    stage: Stage | None


class Snoozed(BaseModel):
    """Who has snoozed it for everybody, and until when."""

    by: str
    until: Utc


class SnoozedFor(BaseModel):
    """Who has snoozed it, or one date of it, for one recipient, and until when."""

    recipient: str
    occurrence: str | None
    by: str
    until: Utc


class OneDate(BaseModel):
    """One date of what recurs."""

    name: str
    earliest: Utc | None
    latest: Utc | None


class CommitmentRow(BaseModel):
    """A commitment. Of what recurs, `stage`, `when` and the answers are of the open date that ends first.

    `revision` is the number in its `ETag`. It is due from `earliest` on, and overdue from `latest` on.
    """

    key: str
    title: str
    kind: Kind
    priority: Priority
    status: Status
    answer: NoticeAnswer | None = Field(description="What was answered, if it is a notice that is closed.")
    by: list[str] = Field(description="The keys of the parties that owe it.")
    to: list[str] = Field(description="The keys of the parties to which it is owed.")
    owner: str | None = Field(description="The key of the person who has it.")
    tags: list[str]
    deadline: str = Field(description="As stated.")
    when: str = Field(description="Its date, as people read it.")
    earliest: Utc | None
    latest: Utc | None
    timezone: str | None
    stage: Stage | None
    current_occurrence: OneDate | None
    acknowledged: Acknowledged | None
    snoozed: Snoozed | None
    own_snoozes: list[SnoozedFor]
    rules: list[str] = Field(description="The rules that send alerts about it.")
    next_alert_at: Utc | None = Field(description="Null as well where the next tick works it out.")
    revision: int


class Cited(BaseModel):
    """A source, the place in it, and perhaps a quotation."""

    key: str
    locator: str | None
    quote: str | None


class OccurrenceRow(BaseModel):
    """One date of what recurs, and what has happened to it."""

    occurrence: str
    earliest: Utc | None
    latest: Utc | None
    status: Status
    answer: NoticeAnswer | None
    acknowledged_by: str | None


class ChangedValue(BaseModel):
    """A value that a change has replaced."""

    before: Any
    after: Any


class RevisionRow(BaseModel):
    """A change: what was done, by whom, and how it is known who did it. `cause`: the key of what moved it along."""

    number: int
    what: str
    occurrence: str | None
    recorded_at: Utc
    recorded_by: str
    proof: Proof
    reason: str | None
    source: str | None
    cause: str | None
    old: str | None = Field(description="Its date before, as people read it.")
    new: str | None
    detail: str | None
    answer: str | None
    changes: dict[str, ChangedValue]


class AlertAhead(BaseModel):
    """An alert to come: when it goes out, what it says, and to whom it goes."""

    at: Utc
    occurrence: str | None
    kind: str
    rule: str
    text: str
    to: str


class CommitmentDetails(CommitmentRow):
    """A commitment with what is stated of it, how its date was worked out, its next alerts and its history."""

    explanation: list[str] = Field(description="How its date was worked out.")
    assumptions: list[str]
    note: str | None
    sources: list[Cited] = Field(description="The newest first.")
    stated: dict[str, Any] = Field(description="As a file would state it.")
    occurrences: list[OccurrenceRow] = Field(description="The latest dates of what recurs, and the next one.")
    next_alerts: list[AlertAhead] = Field(description="The next 20, if nothing changes.")
    history: list[RevisionRow] = Field(description="The latest 100 changes, the oldest of them first.")


def commitment_rows(listing: Listing) -> list[CommitmentRow]:
    """Return the entries of a listing, in its order."""
    return [CommitmentRow(**row_values(listing, entry)) for entry in listing.entries]


def row_values(listing: Listing, entry: Entry) -> dict[str, Any]:
    """Return what a row has of a commitment."""
    item, current = entry
    one, bounds, snooze = item.commitment, item.bounds, snoozed_now(current, listing.now)
    return {
        **{name: getattr(one, name) for name in ("key", "title", "kind", "priority", "status", "owner", "deadline")},
        **{name: list(getattr(one, name)) for name in ("by", "to", "tags")},
        "answer": item.answer,
        "when": when_text(item, current),
        "earliest": bounds.earliest,
        "latest": bounds.latest,
        "timezone": bounds.zone,
        "stage": stage_now(current, listing.now),
        "current_occurrence": _one_date(current) if current.occurrence else None,
        "acknowledged": _acknowledged(listing, current),
        "snoozed": Snoozed(by=snooze.by, until=snooze.until) if snooze else None,
        "own_snoozes": _own(item, listing.own.get(item.id, ()), listing.now),
        "rules": [rule.name for rule in matching(listing.reading.settings.rules, one)],
        "next_alert_at": listing.next_alert_at(item),
        "revision": item.revision,
    }


def _one_date(one: Tracked) -> OneDate:
    return OneDate(name=one.occurrence, earliest=one.bounds.earliest, latest=one.bounds.latest)


def _acknowledged(listing: Listing, current: Tracked) -> Acknowledged | None:
    rules = matching(listing.reading.settings.rules, current.commitment)
    found = acknowledged_now(rules, current, listing.now)
    return Acknowledged(by=found.by, at=found.at, until=found.until, stage=found.stage) if found else None


def _own(item: Tracked, own: Iterable[OwnSnooze], now: datetime) -> list[SnoozedFor]:
    return [
        SnoozedFor(recipient=one.recipient, occurrence=one.occurrence or None, by=one.by, until=one.until)
        for one in own_now(item, own, now)
    ]


def cited_sources(item: Tracked) -> list[Cited]:
    """Return the sources of a commitment, the newest first."""
    return [Cited(**asdict(one)) for one in item.commitment.sources]


def occurrence_row(one: Tracked) -> OccurrenceRow:
    """Return one date of what recurs."""
    acknowledgement = one.current_acknowledgement
    return OccurrenceRow(
        occurrence=one.occurrence,
        earliest=one.bounds.earliest,
        latest=one.bounds.latest,
        status=one.commitment.status,
        answer=one.answer,
        acknowledged_by=acknowledgement.by if acknowledgement else None,
    )


def revision_rows(history: Sequence[Revision], kind: str, latest: int) -> list[RevisionRow]:
    """Return the latest changes of a commitment, the oldest of them first. `kind`: that of the commitment."""
    edits: Mapping[int, Sequence[FieldChange]] = field_changes(history)
    return [_revision_row(one, edits.get(one.number, ()), kind) for one in history[-latest:]]


def _revision_row(one: Revision, edits: Sequence[FieldChange], kind: str) -> RevisionRow:
    return RevisionRow(
        number=one.number,
        what=one.what,
        occurrence=one.occurrence or None,
        recorded_at=one.recorded_at,
        recorded_by=one.recorded_by,
        proof=one.proof,
        reason=one.reason,
        source=one.source,
        cause=one.cause,
        old=describe_bounds(one.before) if one.before else None,
        new=describe_bounds(one.after) if one.after else None,
        detail=one.detail,
        answer=answer_in(kind, one)[0],
        changes={edit.name: ChangedValue(before=edit.before, after=edit.after) for edit in edits},
    )
