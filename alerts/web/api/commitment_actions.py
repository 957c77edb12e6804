"""`POST /commitments/{key}/…`: what people do with a commitment, through the same functions as the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from alerts.actions.acknowledge import acknowledge
from alerts.actions.close import close
from alerts.actions.edit import assign, note
from alerts.actions.move import move
from alerts.actions.reopen import reopen
from alerts.actions.snooze import snooze
from alerts.actions.withdraw_answers import withdraw_answers
from alerts.core.commitments import Citation, End
from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError, did_you_mean
from alerts.interchange.commitment_entry import stated_deadline
from alerts.strict_yaml.text_fields import Paragraphs
from alerts.strict_yaml.validation import Flag, Section
from alerts.views.channel_readers import channel_readers
from alerts.web.api.api_call import ApiCall, ApiRoute, IfMatch
from alerts.web.api.api_values import Line, time_of
from alerts.web.api.commitment_reading import commitment_row, find_commitment
from alerts.web.api.commitment_values import CommitmentRow

LAST_DAY = date(9999, 12, 29)  # the day after it lies on every clock on earth within the year 9999


class Action(Section):
    """What all actions take."""

    reason: Line | None = Field(default=None, description="Why: the history shows it.")


class DateAction(Action):
    """An action on the whole, or on one date of what recurs."""

    occurrence: Line | None = Field(default=None, description="The name of one date of what recurs.")
    all_occurrences: Flag = Field(default=False, description="All dates of what recurs.")


class Acknowledge(DateAction):
    """Somebody has seen it: its repeated reminders pause."""

    until: Line | None = Field(default=None, description="A day (inclusive) or a time; else 7 days, or 30 in review.")


class TakeBack(DateAction):
    """Acknowledgements and snoozes end."""


class PutOff(DateAction):
    """Alerts pause. Moves and closings still go out."""

    until: Line = Field(description="A day (inclusive) or a time.", examples=["2027-01-04"])
    for_: Line | None = Field(default=None, alias="for", description="A person's key, or an address; else everybody.")
    past_due: Flag = Field(default=False, description="Allow an end after the deadline.")


class AddNote(Section):
    """A line is added to the note."""

    text: Paragraphs


class MoveTo(DateAction):
    """Another deadline. What depends on it moves too."""

    deadline: Annotated[Line, AfterValidator(stated_deadline)] = Field(
        description="As in a file.", examples=["2027-01-15", "2 weeks after offer"]
    )
    reason: Line = Field(description="Why: the alert about it shows it.")
    source: Line | None = Field(default=None, description="The key of a source that alerts cite from now on.")
    source_locator: Line | None = None
    source_quote: Line | None = None


class CloseAs(DateAction):
    """It has ended."""

    end: End = Field(alias="as", description="How it ended; a notice: cancelled or renewed.", examples=["fulfilled"])


class Reopen(Section):
    """It is open again, and its date is worked out anew."""

    reason: Line = Field(description="Why: the alert about it shows it.")
    occurrence: Line | None = Field(default=None, description="The name of one date of what recurs.")


class AssignTo(Action):
    """Another owner."""

    owner: Line | None = Field(description="The key of a person; null for nobody.")


def post_acknowledge(call: ApiCall) -> CommitmentRow:
    """Acknowledge a commitment."""
    stated, found = call.read(Acknowledge), find_commitment(call)
    until = _until(call, found, stated.until, _occurrence(stated)) if stated.until else None
    acknowledge(
        call.store, found.commitment.key, until, call.change_because(stated.reason), _occurrence(stated),
        all_occurrences=stated.all_occurrences,
    )  # fmt: skip
    return commitment_row(call)


def post_unacknowledge(call: ApiCall) -> CommitmentRow:
    """Take acknowledgements and snoozes back."""
    stated, found = call.read(TakeBack), find_commitment(call)
    withdraw_answers(
        call.store, found.commitment.key, call.change_because(stated.reason), _occurrence(stated),
        all_occurrences=stated.all_occurrences,
    )  # fmt: skip
    return commitment_row(call)


def post_snooze(call: ApiCall) -> CommitmentRow:
    """Snooze a commitment, for everybody or for one recipient."""
    stated, found = call.read(PutOff), find_commitment(call)
    snooze(
        call.store, found.commitment.key, _until(call, found, stated.until, _occurrence(stated)),
        call.change_because(stated.reason), _occurrence(stated),
        recipient=_recipient(call, stated.for_) if stated.for_ else None,
        past_due=stated.past_due, all_occurrences=stated.all_occurrences,
    )  # fmt: skip
    return commitment_row(call)


def post_note(call: ApiCall) -> CommitmentRow:
    """Add a line to the note, which alerts show."""
    stated, found = call.read(AddNote), find_commitment(call)
    note(call.store, found.commitment.key, stated.text, call.change_because(None))
    return commitment_row(call)


def post_move(call: ApiCall) -> CommitmentRow:
    """Move a commitment to another date. Dependants move too."""
    stated, found = call.read(MoveTo), find_commitment(call)
    if not stated.source and (stated.source_locator or stated.source_quote):
        raise InputError("source: name the source too")
    cited = (
        Citation(key=stated.source, locator=stated.source_locator, quote=stated.source_quote) if stated.source else None
    )
    change = call.change_because(stated.reason, stated.source)
    move(
        call.store, found.commitment.key, stated.deadline, change, _occurrence(stated),
        all_occurrences=stated.all_occurrences, cited=cited,
    )  # fmt: skip
    return commitment_row(call)


def post_close(call: ApiCall) -> CommitmentRow:
    """Close a commitment: it was fulfilled, breached or withdrawn; a notice was cancelled or renewed."""
    stated, found = call.read(CloseAs), find_commitment(call)
    close(
        call.store, found.commitment.key, stated.end, call.change_because(stated.reason), _occurrence(stated),
        all_occurrences=stated.all_occurrences,
    )  # fmt: skip
    return commitment_row(call)


def post_reopen(call: ApiCall) -> CommitmentRow:
    """Reopen a closed commitment."""
    stated, found = call.read(Reopen), find_commitment(call)
    reopen(call.store, found.commitment.key, call.change_because(stated.reason), stated.occurrence or "")
    return commitment_row(call)


def post_assign(call: ApiCall) -> CommitmentRow:
    """Make a person the owner of a commitment."""
    stated, found = call.read(AssignTo), find_commitment(call)
    assign(call.store, found.commitment.key, stated.owner or "", call.change_because(stated.reason))
    return commitment_row(call)


def _occurrence(stated: DateAction) -> str:
    if stated.occurrence and stated.all_occurrences:
        raise InputError("occurrence: name one date, or state `all_occurrences`, not both")
    return stated.occurrence or ""


def _until(call: ApiCall, found: Tracked, text: str, occurrence: str) -> datetime:
    """Read until when an answer holds: days are those of the commitment. Raises InputError where it has passed."""
    end = time_of("until", text, found.at(occurrence).bounds.zone or call.zone, end=True)
    if end <= call.change.now:
        raise InputError(f"until: {text} has passed already")
    if end.date() > LAST_DAY:
        raise InputError(f"until: {text} is too far ahead: name a day up to {LAST_DAY}")
    return end


def _recipient(call: ApiCall, name: str) -> str:
    """Return the address that a name stands for. Raises InputError where nobody has it."""
    reading = call.reading()
    if name in reading.people:
        return reading.people[name].email
    addresses = {one.email for one in reading.people.values()}
    for reader in channel_readers(reading.settings).values():
        addresses |= {one for one in reader.recipients if one}
    found = next((one for one in sorted(addresses) if one.lower() == name.lower()), None)
    if found is None:
        # A token for what one person owns may not list people, so it gets nobody's address proposed.
        near = "" if call.token.owner else did_you_mean(name, [*reading.people, *addresses])
        raise InputError(f"for: {name!r} is neither a declared person nor a recipient{near}")
    return found


def _route(
    name: str, summary: str, call: Callable[[ApiCall], CommitmentRow], body: type[BaseModel], if_match: IfMatch
) -> ApiRoute:
    return ApiRoute(
        method="POST", path=f"/commitments/{{key}}/{name}", scope="write", summary=summary, call=call,
        answer=CommitmentRow, body=body, again=commitment_row, for_owner=True, if_match=if_match,
    )  # fmt: skip


ROUTES = (
    _route("acknowledge", "Acknowledge", post_acknowledge, Acknowledge, "optional"),
    _route("unacknowledge", "Take answers back", post_unacknowledge, TakeBack, "optional"),
    _route("snooze", "Snooze", post_snooze, PutOff, "optional"),
    _route("note", "Add to the note", post_note, AddNote, "optional"),
    _route("move", "Move to another date", post_move, MoveTo, "required"),
    _route("close", "Close", post_close, CloseAs, "optional"),
    _route("reopen", "Reopen", post_reopen, Reopen, "optional"),
    _route("assign", "Give it to somebody", post_assign, AssignTo, "required"),
)
