"""`/commitments/{key}`: a commitment is read, recorded and edited."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from alerts.actions.add import add
from alerts.actions.edit import edit, with_values
from alerts.core.commitments import Commitment, Kind, Priority
from alerts.deadlines.business_days import Roll
from alerts.deadlines.errors import InputError
from alerts.interchange.commitment_entry import CitationEntry, CommitmentEntry
from alerts.strict_yaml.text_fields import Paragraphs
from alerts.strict_yaml.validation import Section
from alerts.web.api.api_call import ApiCall, ApiRoute
from alerts.web.api.api_values import Line
from alerts.web.api.commitment_reading import commitment_row, find_commitment, get_commitment
from alerts.web.api.commitment_values import CommitmentDetails, CommitmentRow

EMPTY = "An empty list, or null, clears it."
TEXT_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
Some = tuple[Line, ...] | None


def _texts_in_json(schema: dict[str, Any]) -> None:
    """State that these are texts: in YAML a number without quotes is one as well."""
    for name in ("deadline", "review_every"):
        schema["properties"][name] |= {"type": "string"} if name == "deadline" else TEXT_OR_NULL


class NewCommitment(CommitmentEntry):
    """A commitment as a file states it. Its parties, sources and owner must be known already."""

    model_config = ConfigDict(json_schema_extra=_texts_in_json)


class EditedCommitment(Section):
    """What is to be changed: what is left out stays as it is. `move` gives it another deadline."""

    title: Line | None = None
    kind: Kind | None = None
    by: Some = Field(default=None, description=EMPTY)
    to: Some = Field(default=None, description=EMPTY)
    owner: Line | None = Field(default=None, description="Null leaves it without one.")
    priority: Priority | None = None
    tags: Some = Field(default=None, description=EMPTY)
    timezone: Line | None = Field(default=None, description="Null clears it.")
    calendars: Some = Field(default=None, description=EMPTY)
    roll: Roll | None = None
    review_every: Line | None = Field(default=None, description="Null clears it.")
    sources: tuple[CitationEntry, ...] | None = Field(default=None, description=f"All of them, newest first. {EMPTY}")
    assumptions: Some = Field(default=None, description=EMPTY)
    note: Paragraphs | None = Field(default=None, description="Null clears it.")
    reason: Line | None = Field(default=None, description="Why it is changed.")


def post_commitment(call: ApiCall) -> CommitmentRow:
    """Track one more commitment."""
    commitment = call.read(NewCommitment).commitment({})
    add(call.store, commitment, call.change_because("added by a program"))
    return commitment_row(call.about(commitment.key))


def posted_commitment(call: ApiCall, _: str) -> CommitmentRow:
    """Return the commitment that the same request has recorded before."""
    return commitment_row(call.about(call.read(NewCommitment).key))


def patch_commitment(call: ApiCall) -> CommitmentRow:
    """Edit a commitment, except for its deadline. What moves with the edit moves along."""
    stated, found = call.read(EditedCommitment), find_commitment(call)
    values = _values(stated)
    if not values:
        raise InputError("nothing to change: state a field")
    edit(call.store, found.commitment.key, lambda now: _edited(now, values), call.change_because(stated.reason))
    return commitment_row(call)


def _values(stated: EditedCommitment) -> dict[str, Any]:
    """Return the values that were stated; those that are to be cleared are empty."""
    found = stated.model_dump(exclude_unset=True, exclude={"reason"}, exclude_none=False)
    values = {name: list(value) if isinstance(value, tuple) else value or "" for name, value in found.items()}
    if "sources" in values:
        cited = [one.model_dump(exclude_none=True) for one in stated.sources or ()]
        values |= {"source": "", "sources": cited}
    return values


def _edited(now: Commitment, values: dict[str, Any]) -> Commitment:
    return with_values(now, values)


ROUTES = (
    ApiRoute(
        method="POST", path="/commitments", scope="write", summary="Track a commitment", call=post_commitment,
        answer=CommitmentRow, body=NewCommitment, status=201, again=posted_commitment, for_owner=True,
    ),
    ApiRoute(
        method="GET", path="/commitments/{key}", scope="read", summary="Show a commitment", call=get_commitment,
        answer=CommitmentDetails, for_owner=True,
    ),
    ApiRoute(
        method="PATCH", path="/commitments/{key}", scope="write", summary="Edit a commitment", call=patch_commitment,
        answer=CommitmentRow, body=EditedCommitment, again=commitment_row, for_owner=True, if_match="required",
    ),
)  # fmt: skip
