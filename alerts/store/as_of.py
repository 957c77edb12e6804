"""What was known of a commitment at an earlier time, from its revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from alerts.core.commitments import Commitment, Status
from alerts.core.known_spans import counted_from
from alerts.core.notice_answers import answer_in
from alerts.core.schedule.answers import parse_acknowledgement, parse_snooze
from alerts.core.stated_values import commitment_of
from alerts.core.tracked import Acknowledgement, Occurrence, Revision, Snooze, Tracked
from alerts.deadlines.done_series import DoneSeries
from alerts.deadlines.errors import InputError
from alerts.deadlines.moved_bounds import with_recurrence


def as_of(now: Tracked, history: Iterable[Revision], at: datetime) -> Tracked:
    """The commitment as it stood at `at`. Raises InputError where it was not recorded by then.

    What a revision did not keep is taken as it is now: revisions keep what is stated since version 0005 of the tables.
    """
    known = [revision for revision in history if revision.recorded_at <= at]
    if not known:
        raise InputError(
            f"{now.commitment.key} was not known at {at:%Y-%m-%dT%H:%MZ}: it was recorded at "
            f"{now.recorded_at:%Y-%m-%dT%H:%MZ}"
        )
    *_, was = stood(now, known)
    return was


def stood(now: Tracked, history: Iterable[Revision]) -> Iterator[Tracked]:
    """Yield the state of a commitment after each of its revisions, oldest first."""
    was = replace(
        now,
        commitment=replace(now.commitment, status="open"),
        answer=None,
        acknowledged=None,
        snoozed=None,
        occurrences={},
    )
    if isinstance(recurs := was.bounds.recurrence, DoneSeries):
        was = replace(was, bounds=with_recurrence(was.bounds, recurs.from_start()))
    for revision in history:
        was = _after(was, revision)
        yield was


def _after(was: Tracked, revision: Revision) -> Tracked:
    version = was.bounds_version if revision.occurrence else revision.bounds_version
    was = replace(was, revision=revision.number, bounds_version=version)
    if revision.stated is not None:
        was = replace(was, commitment=_stated(was.commitment, revision))
    if revision.occurrence:
        here = was.occurrences.get(revision.occurrence, Occurrence())
        here = _occurrence(here, revision, was.commitment.kind)
        was = replace(was, occurrences={**was.occurrences, revision.occurrence: here})
        return replace(was, bounds=counted_from(was.bounds, revision))
    if revision.after is not None:
        recurs = revision.after.recurrence
        kept = {name: here for name, here in was.occurrences.items() if recurs and recurs.has(name)}
        was = replace(
            was, bounds=revision.after, acknowledged=None, snoozed=None, occurrences=kept,
            stated_at=revision.recorded_at,
        )  # fmt: skip
    was = replace(was, acknowledged=_seen(was.acknowledged, revision), snoozed=_snoozed(was.snoozed, revision))
    if revision.what == "closed":
        answer, _ = answer_in(was.commitment.kind, revision)
        was = replace(was, commitment=replace(was.commitment, status=_end(revision)), answer=answer)
    if revision.what == "reopened":
        was = replace(was, commitment=replace(was.commitment, status="open"), answer=None, acknowledged=None)
    return was


def _stated(commitment: Commitment, revision: Revision) -> Commitment:
    return commitment_of(commitment.key, commitment.status, revision.stated or {})


def _occurrence(occurrence: Occurrence, revision: Revision, kind: str) -> Occurrence:
    match revision.what:
        case "moved":
            return replace(occurrence, bounds=revision.after, acknowledged=None, snoozed=None)
        case "acknowledged" | "unacknowledged" | "snoozed":
            acknowledgement, snoozed = _seen(occurrence.acknowledged, revision), _snoozed(occurrence.snoozed, revision)
            return replace(occurrence, acknowledged=acknowledgement, snoozed=snoozed)
        case "closed":
            return replace(occurrence, status=_end(revision), answer=answer_in(kind, revision)[0])
        case "reopened":
            return replace(
                occurrence, status="open", answer=None, acknowledged=None,
                reopened=occurrence.reopened + (occurrence.bounds is None),
            )  # fmt: skip
        case _:
            return occurrence


def _end(revision: Revision) -> Status:
    return revision.detail or "withdrawn"  # type: ignore[return-value]  # `close` wrote it


def _seen(before: Acknowledgement | None, revision: Revision) -> Acknowledgement | None:
    """The acknowledgement after a revision."""
    if revision.what == "acknowledged":
        return parse_acknowledgement(revision)
    return None if revision.what == "unacknowledged" else before


def _snoozed(before: Snooze | None, revision: Revision) -> Snooze | None:
    """The snooze for everybody after a revision."""
    if revision.what == "snoozed":
        return parse_snooze(revision) or before
    return None if revision.what in ("unacknowledged", "closed") else before
