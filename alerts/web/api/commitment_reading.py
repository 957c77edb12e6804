"""What the API reads of one commitment: what a token may see, how it stands, and what has changed since it was read."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.core.tracked import Tracked
from alerts.deadlines.errors import InputError
from alerts.deadlines.keys import KEY
from alerts.interchange.cells import values_of
from alerts.store.store_error import StoreError
from alerts.views.alert_explanations import ExplainedAlert, Recordings, by_outcome, explain_alerts, line_ahead
from alerts.views.history_lines import history_lines
from alerts.views.listing import Entry, Listing
from alerts.views.occurrences_shown import latest_occurrences
from alerts.web.api.api_call import ApiCall
from alerts.web.api.commitment_values import (
    AlertAhead,
    CommitmentDetails,
    CommitmentRow,
    cited_sources,
    commitment_rows,
    occurrence_row,
    revision_rows,
    row_values,
)
from alerts.web.api.problem_details import ProblemError
from alerts.web.web_reading import WebReading

MOST_CHANGES = 100  # of a history: the latest
MOST_AHEAD = 20  # alerts


def find_commitment(call: ApiCall) -> Tracked:
    """Return the commitment that an address names. Raises ProblemError where the token sees none of that key."""
    key = call.path["key"]
    problem = ProblemError(404, f"no commitment has the key {key!r}")
    if not KEY.fullmatch(key):
        raise problem
    try:
        found = call.store.commitments.find(key)
    except StoreError:
        raise
    except InputError as error:
        raise (problem if call.token.owner else ProblemError(404, str(error))) from None
    if call.token.owner not in (None, found.commitment.owner):
        raise problem
    return found


def commitment_row(call: ApiCall, _: str = "") -> CommitmentRow:
    """Return the commitment that an address names."""
    with call.store.database.snapshot():
        found = find_commitment(call)
        (row,) = commitment_rows(listing_of(call.reading(), [found]))
    return row


def get_commitment(call: ApiCall) -> CommitmentDetails:
    """Return a commitment with how its date was worked out, its next alerts and its history."""
    with call.store.database.snapshot():
        reading, found = call.reading(), find_commitment(call)
        listing, recorded = listing_of(reading, [found]), Recordings.read(reading, found)
        names = ["", *latest_occurrences(found, reading.now)]
        outcomes = by_outcome(explain_alerts(reading, found, recorded, names, reading.now))
    ahead = [*outcomes.get("due", ()), *outcomes.get("scheduled", ())]
    one = found.commitment
    return CommitmentDetails(
        **row_values(listing, listing.entries[0]),
        explanation=list(found.bounds.explanation),
        assumptions=[*one.assumptions, *found.bounds.assumptions],
        note=one.note,
        sources=cited_sources(found),
        stated=values_of(one),
        occurrences=[occurrence_row(found.at(name)) for name in names[1:]],
        next_alerts=_ahead(reading, listing, found, ahead[:MOST_AHEAD]) if found.open else [],
        history=revision_rows(recorded.history, one.kind, MOST_CHANGES),
    )


def listing_of(reading: WebReading, found: Sequence[Tracked]) -> Listing:
    """Return how commitments stand."""
    return Listing.of(reading, [Entry(one, one.current) for one in found], reading.now)


def _ahead(reading: WebReading, listing: Listing, found: Tracked, ahead: Sequence[ExplainedAlert]) -> list[AlertAhead]:
    lines = [(one, line_ahead(reading, found, listing.known, reading.now, one)) for one in ahead]
    return [
        AlertAhead(
            at=max(one.explanation.send_at, reading.now),
            occurrence=one.occurrence or None,
            kind=one.explanation.kind,
            rule=line.rule,
            text=line.text,
            to=line.outcome,
        )
        for one, line in lines
    ]


def has_changed(call: ApiCall) -> ProblemError:
    """Return the problem of a change that is of another revision than the latest: with what has changed since."""
    found, known = find_commitment(call), call.change.revisions
    if not known:
        text = '`If-Match` names no revision: state the `ETag` as it was, with its quotes, such as `"3"`'
        return ProblemError(412, text, {"ETag": f'"{found.revision}"'})
    since = max((one for one in known if one <= found.revision), default=0)
    history = call.store.ledger.history(found.id)
    rows = [one for one in revision_rows(history, found.commitment.kind, MOST_CHANGES) if one.number > since]
    lines = list(history_lines(history, call.zone, found.commitment.kind))[-len(rows) :] if rows else []
    text = "; ".join(" ".join(filter(None, (line.at, line.what, line.change, "by", line.by))) for line in lines[-3:])
    key = found.commitment.key
    return ProblemError(
        412,
        f"{key} has changed since you read it: {text or 'it is at another revision'}. Read it again, then state what "
        "is to be changed",
        {"ETag": f'"{found.revision}"'},
        changes=tuple(rows),
    )
