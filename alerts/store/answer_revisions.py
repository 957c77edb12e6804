"""Acknowledge and snooze one commitment, one occurrence or a whole series, each as a revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts.core.changes import Change, revision_after
from alerts.core.schedule import answers as core
from alerts.core.stages import stage_of
from alerts.core.tracked import Acknowledgement, Occurrence, Revision, Snooze, Tracked
from alerts.deadlines.errors import InputError
from alerts.store import answer_rows, occurrence_rows

Until = datetime | None | Mapping[str, datetime | None]  # the same for all, or by key
AnsweredOccurrence = tuple[Tracked, Revision]


def until_of(until: Until, key: str) -> datetime | None:
    """Return until when an answer holds for one of several commitments."""
    return until.get(key) if isinstance(until, Mapping) else until


def acknowledge(
    connection: Connection, series: Tracked, until: datetime | None, change: Change, occurrence: str, *, every: bool
) -> list[AnsweredOccurrence]:
    """Acknowledge one; with `every`, each open occurrence of a series that has come."""
    occurrence_rows.require_occurrence(series.at(occurrence), "acknowledged", all_occurrences=every)
    found = _occurrences_to_acknowledge(series, change.now) if every and series.recurs else [series.at(occurrence)]
    answered = []
    for number, one in enumerate(found):
        stage = stage_of(one.bounds, change.now)
        acknowledgement = Acknowledgement(by=change.by, at=change.now, until=until, stage=stage)
        occurrence_rows.note(connection, one, one.occurrence, **answer_rows.acknowledged(acknowledgement))
        now = replace(one, revision=series.revision + number)
        answered.append(
            (now, revision_after(now, change, "acknowledged", detail=core.format_acknowledgement(stage, until)))
        )
    return answered


def _occurrences_to_acknowledge(series: Tracked, now: datetime) -> list[Tracked]:
    """Return the open occurrences that have come. Raises InputError where there are none."""
    names = list(series.relevant_occurrences(now))
    found = [one for name in names if (one := series.at(name)).open and stage_of(one.bounds, now) != "ahead"]
    if not found:
        ahead = next((name for name in names if series.at(name).open), "NAME")
        key = series.commitment.key
        raise InputError(f"{key}: no open occurrence has come yet; name one that is ahead: --occurrence {ahead}")
    return found


def snooze(
    connection: Connection, now: Tracked, until: datetime, change: Change, recipient: str | None, *, past_due: bool
) -> AnsweredOccurrence:
    """Snooze the alerts of one commitment; of a series, those of all its occurrences."""
    core.check_snooze(now, until, change.now, past_due=past_due)
    answered = Snooze(by=change.by, at=change.now, until=until)
    if recipient is None:
        occurrence_rows.note(connection, now, now.occurrence, **answer_rows.snoozed(answered))
    else:
        answer_rows.snooze_own(connection, now, answered, recipient)
    answer_rows.release(connection, [now.id], change.now)
    return now, revision_after(now, change, "snoozed", detail=core.format_snooze(until, recipient))


def withdraw_answers(
    connection: Connection, series: Tracked, change: Change, occurrence: str, *, every: bool
) -> list[tuple[AnsweredOccurrence, list[str]]]:
    """End acknowledgements and snoozes and return them; with `every`, those of all occurrences too.

    Raises InputError where there is none.
    """
    occurrence_rows.require_occurrence(series.at(occurrence), "taken back", all_occurrences=every)
    own = answer_rows.own_snoozes(connection, [series.id]).get(series.id, [])
    held = [snoozed for snoozed in own if snoozed.until > change.now]
    names = ["", *series.occurrences] if every else [occurrence]
    answered: list[tuple[AnsweredOccurrence, list[str]]] = []
    for name in names:
        try:
            one = series.at(name)
        except InputError:  # a move removed this occurrence
            continue
        here = (
            series.occurrences.get(name, Occurrence()).snoozed if name else one.snoozed
        )  # not the snooze of the whole series
        ended = core.active_answers(replace(one, snoozed=here), change.now)
        ended += [f"the snooze for {snoozed.recipient}" for snoozed in held if snoozed.occurrence == name]
        if not ended:
            continue
        answer_rows.withdraw_answers(connection, one, change.now)
        now = replace(one, revision=series.revision + len(answered))
        answered.append(((now, revision_after(now, change, "unacknowledged", detail=", ".join(ended))), ended))
    if not answered:
        name = f"{series.commitment.key} {occurrence}".rstrip()
        all_of_it = core.snoozed_now(series, change.now)
        more = (
            f"; the whole of it is snoozed by {all_of_it.by}: --all takes that back" if occurrence and all_of_it else ""
        )
        raise InputError(f"{name} is neither acknowledged nor snoozed: there is nothing to take back{more}")
    return answered
